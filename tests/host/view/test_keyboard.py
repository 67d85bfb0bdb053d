from __future__ import annotations

import pytest

from broker.host.view.keyboard import PASTE_PAUSE_SECONDS, PREFIX, Keyboard, Press, key_name


def told(*pieces: bytes, prefix: bytes = PREFIX) -> tuple[bytes, list[str]]:
    """The keys that are passed on, and the commands, of what is read in these pieces."""
    keyboard = Keyboard(prefix)
    presses = [press for piece in pieces for press in keyboard.feed(piece, 0.0)]
    commands = [f"show {one.number}" if one.number else one.command for one in presses]
    return b"".join(one.keys for one in presses), [one for one in commands if one]


@pytest.mark.parametrize(
    ("key", "command"),
    [
        (b" ", "take-back"), (b"s", "status"), (b"?", "status"), (b"a", "answer"), (b"w", "watch"),
        (b"p", "approve"), (b"c", "control"), (b"d", "detach"), (b"r", "revoke"), (b"n", "note"),
        (b"1", "show 1"), (b"9", "show 9"), (b"0", "unknown"), (b"\x1b[A", "unknown"),
        ("é".encode(), "unknown"),
    ],
)  # fmt: skip
def test_a_key_after_the_prefix_is_a_command_and_nothing_of_it_is_passed_on(
    key: bytes, command: str
) -> None:
    assert told(b"ls" + PREFIX + key + b"x") == (b"lsx", [command])
    assert told(PREFIX, key, b"") == (b"", [command])


def test_keys_and_commands_keep_their_order() -> None:
    assert Keyboard().feed(b"a\x1d b\x1dsc", 0.0) == [
        Press(b"a"), Press(command="take-back"), Press(b"b"), Press(command="status"), Press(b"c"),
    ]  # fmt: skip


def test_the_prefix_twice_is_the_key_itself() -> None:
    assert told(b"a\x1d\x1db") == (b"a\x1db", [])
    assert told(b"\x1d", b"\x1d") == (b"\x1d", [])


def test_another_prefix() -> None:
    assert told(b"\x01 \x1d ", prefix=b"\x01") == (b"\x1d ", ["take-back"])
    assert (key_name(b"\x01"), key_name(PREFIX)) == ("Ctrl-a", "Ctrl-]")


@pytest.mark.parametrize("prefix", [b"", b"a", b"\r", b"\x1b", b"\x1d\x1d", b"\x00"])
def test_what_is_no_control_key_is_no_prefix(prefix: bytes) -> None:
    with pytest.raises(ValueError, match="control key"):
        Keyboard(prefix)


PASTE = b"\x1b[200~one\x1d two\x1b[201~"


@pytest.mark.parametrize("cut", range(len(PASTE) + 1))
def test_a_prefix_in_a_paste_is_text_wherever_reads_cut_it(cut: int) -> None:
    assert told(PASTE[:cut], PASTE[cut:], b"\x1d x") == (PASTE + b"x", ["take-back"])


def test_a_paste_read_byte_by_byte() -> None:
    bytes_ = [bytes([one]) for one in PASTE + b"\x1ds"]
    assert told(*bytes_) == (PASTE, ["status"])


def test_a_paste_that_never_ends_does_not_disarm_the_key() -> None:
    keyboard = Keyboard()
    assert keyboard.feed(b"\x1b[200~x\x1d ", 1.0) == [Press(b"\x1b[200~x\x1d ")]
    after = keyboard.feed(b"\x1d ", 1.1 + PASTE_PAUSE_SECONDS)
    assert after == [Press(command="take-back")]


@pytest.mark.parametrize(
    "prefix",
    [
        b"\x1b[93;5u", b"\x1b[93;69u", b"\x1b[93;5:1u", b"\x1b[93:125;5u", b"\x1b[93;133:1;u",
        b"\x1b[27;5;93~",
    ],
)  # fmt: skip
@pytest.mark.parametrize("space", [b" ", b"\x1b[32u", b"\x1b[32;1:1u", b"\x1b[27;1;32~"])
def test_the_newer_keyboard_protocols(prefix: bytes, space: bytes) -> None:
    assert told(b"a" + prefix + space + b"b") == (b"ab", ["take-back"])


def test_releases_and_modifiers_between_are_no_keys() -> None:
    released = b"\x1b[93;5:3u"
    assert told(b"\x1b[93;5u" + released + b"\x1b[57442;1:3u" + b"\x1b[32u") == (b"", ["take-back"])
    assert told(released + b"x") == (b"x", [])


def test_other_keys_of_those_protocols_are_passed_on() -> None:
    keys = b"\x1b[93u\x1b[99;5u\x1b[27;5;97~\x1b[93;6u\x1b[93;7u"
    assert told(keys) == (keys, [])
    assert told(b"\x1b[93;5u\x1b[93;5u") == (b"\x1b[93;5u", [])
