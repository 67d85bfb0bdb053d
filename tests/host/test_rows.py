from __future__ import annotations

import pytest

from broker.host.rows import Rows, Unknown


def shown(output: str, cols: int = 8) -> list[str]:
    rows = Rows(cols)
    data = output.encode()
    for at in range(len(data)):  # wherever reads cut it
        rows.printed(data[at : at + 1])
    assert not rows.cut
    return ["".join(" " if cell is None else cell for cell in rows.at(at)) for at in rows.shown]


@pytest.mark.parametrize(
    ("output", "rows"),
    [
        ("abc\rX\x1b[2CY", ["XbcY    "]),
        ("abcdefghij", ["abcdefgh", "ij      "]),
        ("abcdefgh\rX", ["Xbcdefgh"]),
        ("abcdefgh\x1b[K\r\nX", ["abcdefgh", "X       "]),
        ("漢字漢字漢", ["漢字漢字", "漢      "]),
        ("abcdefg漢", ["abcdefg ", "漢      "]),
        ("a漢b\x1b[3D\x1b[1PX", ["aXb     "]),
        ("e\u0301x", ["e\u0301x      "]),
        ("abcdef\x1b[4D\x1b[2Pg", ["abgf    "]),
        ("abcdef\x1b[4D\x1b[2@xy", ["abxycdef"]),
        ("abcdef\x1b[3D\x1b[K", ["abc     "]),
        ("abcdef\x1b[3D\x1b[1K", ["    ef  "]),
        ("abcdef\x1b[3D\x1b[2X", ["abc  f  "]),
        ("a\r\nb\r\nc\x1b[2A\x1b[J", ["a       "]),
        ("a\r\nb\r\nc\x1b[A\x1b[L\rX", ["a       ", "X       ", "b       ", "c       "]),
        ("a\r\nb\r\nc\x1b[A\x1b[M", ["a       ", "c       "]),
        ("a\r\nb\x1b[H\x1b[2Jc", ["c       "]),
        ("\x1b]0;title\x07\x1b[1;31ma\x1b(B\x1b[m\x1b[?25h\x1b[6n\x1b=b", ["ab      "]),
        ("ab\x1b7\r\nc\x1b8d", ["abd     ", "c       "]),
        ("abc\r\x1b[4hX\x1b[4lY", ["XYbc    "]),
        ("a\tb", ["a      b"]),
        ("a\x9bb", ["a\ufffdb     "]),
    ],
)
def test_what_is_shown(output: str, rows: list[str]) -> None:
    assert shown(output) == rows


@pytest.mark.parametrize(
    "output", ["\b", "a\x1b[5;5H", "\x1b[?1049h", "\x1b[2;9r", "\x1bc", "\x1b[?7l", "a\r\n" * 300]
)
def test_what_can_t_be_followed_is_unknown(output: str) -> None:
    with pytest.raises(Unknown):
        shown(output)


def test_rows_that_the_terminal_broke_are_known() -> None:
    rows = Rows(4)
    rows.printed(b"abcdef\r\ngh")
    assert rows.wrapped == {0}
    assert [rows.full(at) for at in range(3)] == [True, False, False]
