from __future__ import annotations

import pytest

from broker.host.view.printed import LINE_BYTES, Printed, rows_down


def after(*pieces: bytes) -> Printed:
    printed = Printed()
    for number, piece in enumerate(pieces):
        printed.feed(piece, float(number))
    return printed


PIECES = b"a\x1b[1;32mb\x1b]0;title\x07c\x1bP1$r\x1b\\d\x1b(Be\x1b[?2004hf"


@pytest.mark.parametrize("cut", range(len(PIECES) + 1))
def test_what_is_printed_is_never_amid_a_sequence(cut: int) -> None:
    printed, whole = Printed(), Printed()
    first = printed.feed(PIECES[:cut], 0.0)
    assert first + printed.feed(PIECES[cut:], 0.0) == PIECES == whole.feed(PIECES, 0.0)
    for cut_sequence in (b"\x1b[1;", b"\x1b]0;ti", b"\x1bP1", b"\x1b("):
        assert not first.endswith(cut_sequence)
    assert printed.line() == whole.line()
    assert printed.at_prompt


def test_modes_and_screens() -> None:
    printed = after(b"\x1b[?2004h$ ", b"\x1b[?2004l\r\n")
    assert (printed.at_prompt, printed.tells_prompts, printed.full_screen) == (False, True, False)
    printed.feed(b"\x1b[?1049;25h\x1b[?25l", 3.0)
    assert (printed.full_screen, printed.cursor_shown, printed.last) == (True, False, 3.0)
    printed.feed(b"\x1b[?1049l\x1b[?25h", 4.0)
    assert (printed.full_screen, printed.cursor_shown) == (False, True)


def test_the_line_is_what_came_since_the_last_newline() -> None:
    assert after(b"one\r\ntwo\r\n", b"$ l", b"s").line() == b"$ ls"
    assert after(b"one\r\n").line() == b""
    assert after(b"\x1b[32mgreen\r\n$ ").line() == b"\x1b[32m$ "
    assert after(b"\x1b[32mgreen\x1b[0m\r\n\x1b[1m$ ").line() == b"\x1b[1m$ "
    assert after(b"x\r\n$ \x1b[c\x1b[6n").line() == b"$ "


def test_what_a_full_screen_program_shows_is_not_in_the_line() -> None:
    vim = b"\x1b[?1049h\x1b[H\x1b[2Jtext\r\nmore\x1b[?1049l"
    assert after(b"\r\n$ vi", vim, b"m").line() == b"$ vim"


@pytest.mark.parametrize(
    "clear",
    [b"\x1b[H\x1b[2J\x1b[3J", b"\x1b[H\x1b[J", b"\x1b[2J\x1b[H", b"\x1b[1;1H\x1b[2J", b"\x1bc"],
)
def test_a_cleared_screen_begins_a_line(clear: bytes) -> None:
    assert after(b"one\r\n$ " + clear + b"$ ls").line() == b"$ ls"


@pytest.mark.parametrize(
    "move", [b"\x1b[2A", b"\x1b[5;1H", b"\x1bM", b"\x1b8", b"\x1b[u", b"\x1b[B"]
)
def test_a_cursor_that_moved_between_rows_is_not_known(move: bytes) -> None:
    assert after(b"\r\n$ " + move + b"x").line() is None
    assert after(b"\r\n$ " + move + b"x\r\n$ ").line() == b"$ "


def test_a_line_without_end_is_remembered_from_its_last_carriage_return() -> None:
    printed = after(b"\r\n", *[b"\r%05d of 99999" % number for number in range(LINE_BYTES // 10)])
    line = printed.line()
    assert line is not None
    assert len(line) <= LINE_BYTES
    assert line.startswith(b"\r")
    assert after(b"\r\n", b"x" * (LINE_BYTES + 1)).line() is None


def test_a_long_string_is_passed_on_and_waited_out() -> None:
    printed = Printed()
    picture = b"\x1bPq" + b"~" * 10000
    assert printed.feed(picture, 0.0) == picture
    assert printed.in_string
    printed.feed(b"~~~", 0.0)
    assert printed.in_string
    printed.feed(b"~\x1b\\$ ", 0.0)
    assert not printed.in_string


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        (b"$ ls", 0), (b"x" * 10, 0), (b"x" * 11, 1), (b"x" * 31, 3), ("漢".encode() * 5, 0),
        ("漢".encode() * 6, 1), (b"\x1b[1;31mxxxxx\x1b[0m" * 2, 0),
        (b"x" * 10 + b"\r" + b"y" * 5, 0),
        (b"\x1b]0;a title that is long\x07$ ", 0), (b"x" * 9 + b"\b\b\byyyy", 0),
        (b"12345\x1b[5Cx", 0), (b"\t\tx", 0), (b"\t\txy", 1),
    ],
)  # fmt: skip
def test_the_rows_of_a_line_that_wraps(line: bytes, rows: int) -> None:
    assert rows_down(line, 10) == rows
