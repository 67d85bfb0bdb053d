from __future__ import annotations

from broker.host.view.keys import Key, KeyReader
from broker.host.view.line_editor import LineEditor


def edited(text: str, typed: bytes, *, lines: bool = False) -> str:
    """The text after these keys; the cursor is told as ``|``."""
    editor = LineEditor(text, lines=lines)
    for key in KeyReader().feed(typed):
        editor.press(key)
    return editor.text[: editor.at] + "|" + editor.text[editor.at :]


LEFT, RIGHT, UP, DOWN, DELETE = b"\x1b[D", b"\x1b[C", b"\x1b[A", b"\x1b[B", b"\x1b[3~"


def test_inserting_and_deleting() -> None:
    assert edited("zpool", b" list") == "zpool list|"
    assert edited("abc", LEFT + LEFT + b"x" + DELETE) == "ax|c"
    assert edited("añ", b"\x7f\x7f\x7fb") == "b|"
    assert edited("abc", RIGHT + DELETE) == "abc|"


def test_to_the_ends_and_cutting() -> None:
    assert edited("one two", b"\x01x") == "x|one two"
    assert edited("one two", b"\x01\x05x") == "one twox|"
    assert edited("one two ", b"\x17") == "one |"
    assert edited("one two", LEFT + b"\x15") == "|o"
    assert edited("one two", b"\x01" + RIGHT + b"\x0b") == "o|"


def test_several_lines() -> None:
    assert edited("one\ntwo", b"\x01", lines=True) == "one\n|two"
    assert edited("one\ntwo", UP + b"x", lines=True) == "onex|\ntwo"
    assert edited("one\nt", UP + DOWN + DOWN, lines=True) == "one\nt|"
    assert edited("one", b"\ntwo", lines=True) == "one\ntwo|"
    assert edited("a\n\nb", UP + UP + b"x", lines=True) == "x|a\n\nb"
    assert edited("one\ntwo", b"\x01\x0b", lines=True) == "one\n|"


def test_what_can_not_be_sent_does_not_get_in() -> None:
    assert edited("", b"\x1b[200~a\x00b\x1b]0;c\td\r\ne\x1b[201~") == "ab]0;c d e|"
    assert edited("", b"\x1b[200~a\r\nb\x1b[201~", lines=True) == "a\nb|"
    assert edited("", b"a\nb") == "a b|"
    full = LineEditor("x" * 10, most_bytes=11)
    assert not full.press(Key("", "é"))
    assert full.press(Key("", "e"))


def test_rows_and_cursor() -> None:
    editor = LineEditor("abcdefgh\n漢字x", lines=True)
    assert editor.laid_out(5) == (["abcd", "efgh", "漢字", "x"], (3, 1))
    editor.press(Key("left"))
    editor.press(Key("left"))
    assert editor.laid_out(5)[1] == (2, 2)
    editor.press(Key("home"))
    editor.press(Key("left"))
    assert editor.laid_out(5)[1] == (1, 4)
    assert LineEditor("").laid_out(5) == ([""], (0, 0))
