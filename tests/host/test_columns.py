from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from broker.host.columns import COLUMNS, cells, framed, plain, plain_lines, wrapped


def test_text_is_broken_between_words_and_what_follows_is_indented() -> None:
    assert wrapped("one two three", "> ", "  ", columns=9) == ["> one two", "  three"]
    assert wrapped("", "> ", "  ") == ["> "]
    assert wrapped("a  b\n\tc") == ["a b c"]


def test_a_word_that_is_longer_than_a_line_is_broken_too() -> None:
    assert wrapped("abcdefgh", "> ", "  ", columns=5) == ["> abc", "  def", "  gh"]


def test_wide_characters_take_two_columns_and_marks_take_none() -> None:
    assert cells("漢字") == 4
    assert cells("e\u0301") == 1
    assert wrapped("漢字漢字", columns=5) == ["漢字", "漢字"]


@given(st.text(max_size=400), st.integers(8, 100))
def test_no_line_is_wider_and_no_character_is_lost(text: str, columns: int) -> None:
    lines = wrapped(plain(text, len(text)), "* ", "  ", columns)
    assert all(cells(line) <= columns for line in lines)
    assert "".join("".join(line[2:] for line in lines).split()) == "".join(
        plain(text, len(text)).split()
    )


@given(st.text(max_size=400))
def test_every_line_of_a_frame_is_marked_and_plain(text: str) -> None:
    for line in framed(text):
        assert line.startswith("  |")
        assert line.isprintable()
        assert cells(line) <= COLUMNS


def test_a_frame_keeps_what_stands_in_columns() -> None:
    assert framed("a\tb\n\n  c   d") == ["  | a       b", "  |", "  |   c   d"]
    long = framed("    " + "word " * 30)
    assert len(long) == 3
    assert long[0].startswith("  |     word")


def test_nothing_that_a_terminal_acts_on_is_left() -> None:
    assert plain("a\x1b[2J\x9b\r\n\u202e") == "a?[2J????"
    assert plain("x" * 300) == "x" * 200
    assert plain_lines("a\x1b\nb\r\x0cc") == "a?\nb\n\nc"
