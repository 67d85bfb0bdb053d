from __future__ import annotations

from broker.host.cleared_row import ClearedRow


def row(*printed: bytes) -> bytes:
    cleared = ClearedRow()
    for one in printed:
        cleared.printed(one)
    return cleared.left


def test_the_end_of_an_output_without_a_new_line_stood_left_of_the_prompt() -> None:
    assert row(b"one\r\n\x1b[31mtwo\x1b[m", b" three\x1b[?2004h$ ls") == b"\x1b[31mtwo\x1b[m three"
    assert row(b"$ ls\r\n\x1b[?2004l\rtwo", b"\x1b[?2004h$ ") == b"two"
    assert row(b"10 %\r100 %", b"\x1b[?2004h$ ") == b"10 %\r100 %"
    assert row(b"one\r\n\x1b[?2004h$ ") == b""


def test_where_the_prompt_was_drawn_elsewhere_nothing_stood() -> None:
    assert row(b"two\x1b[?2004h$ l", b"\r\nlisted\r\n$ l") == b""
    assert row(b"two\x1b[?2004h$ l", b"\x1b[H\x1b[2J$ l") == b""
    assert row(b"two\x1b[?2004hhost\n$ ") == b""


def test_what_moves_the_cursor_or_is_long_is_not_printed_again() -> None:
    assert row(b"two\x1b[3C\x1b[?2004h$ ") == b""
    assert row(b"x" * 2000, b"\x1b[?2004h$ ") == b""


def test_a_prompt_that_no_line_editor_announces_is_told() -> None:
    cleared = ClearedRow()
    cleared.printed(b"two")
    cleared.prompts()
    cleared.printed(b"$ ls")
    assert cleared.left == b"two"
