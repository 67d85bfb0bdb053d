from __future__ import annotations

import pytest

from broker.host.columns import cells
from broker.host.view.keys import Key
from broker.host.view.line_editor import LineEditor
from broker.host.view.panel import RED, Line, Sheet, line_on, painted
from tests.host.view.talk import Talk
from tests.journeys.screen import Screen


def sheet(lines: int, **changes: object) -> Sheet:
    body = [Line(f"line {number}") for number in range(1, lines + 1)]
    one = Sheet("title", body, "Esc: back")
    for name, value in changes.items():
        setattr(one, name, value)
    return one


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (20, 5), (2, 2), (200, 60)])
def test_a_drawing_is_as_large_as_the_screen(size: tuple[int, int]) -> None:
    cols, rows = size
    for lines in (0, 3, 100):
        for editor in (None, LineEditor("some text that is long enough to be cut " * 5)):
            drawing = sheet(lines, editor=editor, question="what?").drawn(cols, rows)
            assert len(drawing.rows) == rows
            assert all(cells(text) <= max(cols, 2) for text, _ in drawing.rows) or cols < 10
            if drawing.cursor is not None:
                assert drawing.cursor[0] < rows


def test_what_was_painted_is_on_the_screen_whatever_was_there() -> None:
    screen = Screen(30, 6).show(b"\x1b[31m\x1b(0" + b"x" * 180 + b"\x1b[3;4r")
    drawing = sheet(2, editor=LineEditor("typed"), question="what?").drawn(30, 6)
    screen.show(painted(drawing))
    assert screen.lines == [" title", "line 1", "line 2", "what?", "> typed", "Esc: back"]
    assert drawing.cursor == (4, 7)


def was_seen(one: Sheet) -> bool:
    return one.seen


def test_a_long_body_scrolls_and_is_seen_at_its_end() -> None:
    one = sheet(30)
    assert one.drawn(40, 12).rows[1][0] == "line 1"
    assert not was_seen(one)
    for _ in range(2):
        assert one.scroll(Key("page-down"))
        assert "rows, PgUp PgDn" in one.drawn(40, 12).rows[0][0]
    assert one.drawn(40, 12).rows[10][0] == "line 30"
    assert was_seen(one)
    assert one.scroll(Key("up"))
    assert one.drawn(40, 12).rows[10][0] == "line 29"
    assert was_seen(one)


def test_what_fits_is_seen_and_does_not_scroll() -> None:
    one = sheet(3)
    one.drawn(40, 12)
    assert was_seen(one)
    assert not one.scroll(Key("down"))


def test_an_exact_line_is_whole_and_its_rows_are_marked() -> None:
    text = "dd if=/dev/zero   of=/tank/x" + " bs=1M" * 10
    one = Sheet("t", [Line(text, RED, "1 | ", "  | ", exact=True)], "")
    rows = [row for row, _ in one.drawn(30, 12).rows[1:] if row]
    assert rows[0].startswith("1 | ")
    assert all(row.startswith("  | ") for row in rows[1:])
    assert "".join(row[4:] for row in rows) == text


def test_a_question_is_answered_only_when_all_was_shown() -> None:
    def asked() -> Talk[str | None]:
        return Talk(line_on(sheet(30, editor=LineEditor(), question="what?")), size=(40, 12))

    talk = asked().types(b"yes", b"\r")
    assert not talk.over
    for _ in range(10):
        if not talk.over:
            talk.types(b"\r")
    assert talk.result == "yes"
    assert asked().types(b"\r").result == ""
    assert asked().types(b"yes\x1b").result is None
