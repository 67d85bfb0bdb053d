from __future__ import annotations

import pytest

from broker.host.view.keys import Key, KeyReader


def keys(*pieces: bytes) -> list[Key]:
    reader = KeyReader()
    return [key for piece in pieces for key in reader.feed(piece)] + reader.flush()


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b"\r", "enter"), (b"\n", "newline"), (b"\x7f", "backspace"), (b"\x1b[A", "up"),
        (b"\x1bOB", "down"), (b"\x1b[3~", "delete"), (b"\x1b[1;5C", "right"), (b"\x1b[H", "home"),
        (b"\x1b[4~", "end"), (b"\x15", "kill-start"), (b"\x17", "kill-word"), (b"\x0b", "kill-end"),
        (b"\x1b", "esc"), (b"\x03", "esc"), (b"\x1b[27u", "esc"), (b"\x1b[106;5u", "newline"),
        (b"\x1b[27;5;117~", "kill-start"), (b"\x1b[15~", "other"), (b"\x1bx", "other"),
    ],
)  # fmt: skip
def test_a_key_has_a_name(sent: bytes, name: str) -> None:
    assert keys(sent) == [Key(name)]


def test_characters_are_told_one_by_one_wherever_they_are_cut() -> None:
    raw = "añ漢🙂".encode()
    for cut in range(len(raw) + 1):
        assert keys(raw[:cut], raw[cut:]) == [Key("", one) for one in "añ漢🙂"]
    assert keys(b"\x1b[97u") == [Key("", "a")]


def test_sequences_are_whole_wherever_they_are_cut() -> None:
    for cut in (1, 2, 3):
        assert keys(b"\x1b[5~"[:cut], b"\x1b[5~"[cut:]) == [Key("page-up")]


def test_esc_waits_for_what_may_follow() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b") == []
    assert reader.pending
    assert reader.flush() == [Key("esc")]
    assert not reader.pending


def test_a_paste_is_one_key() -> None:
    assert keys(b"a\x1b[200~r\r\nn\x1b[201~b") == [
        Key("", "a"), Key("paste", "r\r\nn"), Key("", "b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sent",
    [
        b"\x1b[M !!", b"\x1b[<35;10;10M", b"\x1b[<0;1;1m", b"\x1b[?62;22c", b"\x1b[12;40R",
        b"\x1b[I", b"\x1b]11;rgb:0/0/0\x07", b"\x1bP1+r\x1b\\", b"\x1b[97;1:3u",
    ],
)  # fmt: skip
def test_mice_and_replies_are_no_keys(sent: bytes) -> None:
    assert keys(sent) == []
