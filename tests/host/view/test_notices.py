from __future__ import annotations

import pytest

from broker.host.view.notices import (
    ASK_PATIENCE_SECONDS,
    ASK_QUIET_SECONDS,
    MOST,
    QUIET_SECONDS,
    SETTLED_SECONDS,
    Notices,
)
from broker.host.view.printed import Printed
from tests.journeys.screen import Screen

PROMPT = b"\x1b[?2004h\x1b[32mhost\x1b[0m:~$ "
LONG = 1000.0


class Desk:
    """A terminal, what was printed to it, and the notices for it."""

    def __init__(self, *output: bytes, cols: int = 80) -> None:
        self.notices = Notices("Ctrl-]")
        self.printed = Printed()
        self.screen = Screen(cols, 10)
        self.cols = cols
        for piece in output:
            self.prints(piece)

    def prints(self, data: bytes, now: float = 0.0) -> None:
        self.screen.show(self.printed.feed(data, now))

    def due(self, now: float) -> bytes:
        data = self.notices.due(self.printed, self.cols, now)
        self.screen.show(data)
        return data


def test_a_notice_stands_above_the_prompt_which_is_as_it_was() -> None:
    desk = Desk(b"one\r\n", PROMPT, b"ls -l\x1b[3D")
    desk.notices.add("info", "alice joined", 0.0)
    assert desk.due(SETTLED_SECONDS - 0.01) == b""
    assert desk.due(SETTLED_SECONDS)
    desk.prints(b"X")
    assert desk.screen.lines[:3] == ["one", " jumpseat  alice joined", "host:~$ lsX-l"]
    assert desk.due(LONG) == b""


def test_what_happened_meanwhile_comes_with_the_key_for_a_note() -> None:
    desk = Desk(PROMPT)
    desk.notices.add("away", "You were away for 12 min.\nThe engineers see the report.", 0.0)
    assert desk.due(SETTLED_SECONDS)
    assert desk.screen.lines[:4] == [
        " jumpseat  You were away for 12 min.", "           The engineers see the report.",
        "           Ctrl-] n adds a note", "host:~$",
    ]  # fmt: skip


def test_the_moment_is_told_ahead() -> None:
    desk = Desk(PROMPT)
    assert desk.notices.wake_at(desk.printed) is None
    desk.notices.add("info", "x", 0.0)
    assert desk.notices.wake_at(desk.printed) == SETTLED_SECONDS
    desk.prints(b"l", 5.0)
    assert desk.notices.wake_at(desk.printed) == 5.0 + SETTLED_SECONDS
    desk.prints(b"\x1b[?2004l\r\n", 6.0)
    assert desk.notices.wake_at(desk.printed) is None


def test_a_prompt_of_several_lines_with_colours_that_go_on() -> None:
    desk = Desk(b"\x1b[?2004h\x1b[1;34m~/code\r\n> ", b"ls")
    desk.notices.add("info", "bob left", 0.0)
    assert b"\x1b[1;34m> ls" in desk.due(LONG)
    assert desk.screen.lines[:3] == ["~/code", " jumpseat  bob left", "> ls"]


def test_a_line_that_wraps_is_drawn_again_whole() -> None:
    desk = Desk(b"one\r\n", PROMPT + b"x" * 30, cols=20)
    desk.notices.add("info", "hi", 0.0)
    desk.due(LONG)
    assert desk.screen.lines[:5] == [
        "one", " jumpseat  hi", "host:~$ xxxxxxxxxxxx", "x" * 18, "",
    ]  # fmt: skip


def test_a_line_that_was_edited_and_drawn_again() -> None:
    zsh = b"\x1b[1m\x1b[7m%\x1b[0m" + b" " * 79 + b"\r \r\r\x1b[0m\x1b[J$ \x1b[K\x1b[?2004h"
    desk = Desk(b"out\r\n", zsh, b"l\bls\b\b\x1b[1mls\x1b[0m", b"\r\x1b[K$ cd")
    desk.notices.add("ask", "alice proposes: zpool list", 0.0)
    desk.due(LONG)
    assert desk.screen.lines[:4] == [
        "out", " jumpseat  alice proposes: zpool list", "           Ctrl-] a answers", "$ cd",
    ]  # fmt: skip


def test_after_the_screen_was_cleared() -> None:
    desk = Desk(b"one\r\n$ ", b"\x1b[H\x1b[2J", PROMPT, b"l")
    desk.notices.add("info", "hi", 0.0)
    desk.due(LONG)
    assert desk.screen.lines[:2] == [" jumpseat  hi", "host:~$ l"]


@pytest.mark.parametrize("kind", ["info", "ask", "urgent"])
def test_nothing_is_printed_over_a_full_screen(kind: str) -> None:
    desk = Desk(PROMPT, b"\x1b[?1049h\x1b[2Jvim")
    desk.notices.add(kind, "hi", 0.0)
    assert desk.due(LONG) == b""
    assert desk.notices.wake_at(desk.printed) is None
    desk.prints(b"\x1b[?1049l\x1b[?2004h$ ", LONG)
    assert desk.due(LONG + 1)


def test_nothing_is_printed_amid_a_string() -> None:
    desk = Desk(b"\x1bPq" + b"~" * 5000)
    desk.notices.add("urgent", "hi", 0.0)
    assert desk.due(LONG) == b""
    desk.prints(b"\x1b\\")
    assert desk.due(LONG)


def test_urgent_does_not_wait_and_takes_no_other_along() -> None:
    desk = Desk(PROMPT, b"\x1b[?2004l\r\n", b"1\r\n2\r\n3")
    desk.notices.add("info", "calm", 0.0)
    desk.notices.add("urgent", "expired", 0.0)
    assert b"calm" not in desk.due(0.0)
    assert desk.screen.lines[1:5] == ["1", "2", " jumpseat  expired", "3"]


def test_a_running_program_is_interrupted_only_by_who_waits_for_an_answer() -> None:
    desk = Desk(PROMPT, b"\x1b[?2004l\r\ntail: ")
    desk.notices.add("info", "calm", 0.0)
    assert desk.due(LONG) == b""
    desk.notices.add("ask", "may I?", LONG)
    desk.prints(b"more", LONG)
    assert desk.due(LONG + ASK_QUIET_SECONDS - 0.01) == b""
    assert b"may I?" in desk.due(LONG + ASK_QUIET_SECONDS)
    assert desk.screen.lines[3].endswith("tail: more")


def test_a_shell_that_does_not_tell_its_prompts_is_quiet_at_one() -> None:
    desk = Desk(b"$ ")
    desk.notices.add("info", "hi", 0.0)
    assert desk.due(QUIET_SECONDS - 0.01) == b""
    assert desk.due(QUIET_SECONDS)
    assert desk.screen.lines[:2] == [" jumpseat  hi", "$"]


def test_where_the_line_is_not_known_only_what_can_not_wait_is_printed() -> None:
    desk = Desk(PROMPT, b"\r\nlist of words\x1b[A\x1b[3C")
    desk.notices.add("info", "calm", 0.0)
    desk.notices.add("ask", "may I?", 0.0)
    assert desk.due(ASK_PATIENCE_SECONDS - 0.01) == b""
    assert b"may I?" in desk.due(ASK_PATIENCE_SECONDS)
    desk.notices.add("urgent", "expired", LONG)
    told = desk.due(LONG)
    assert b"expired" in told
    assert b"calm" not in told
    desk.prints(b"\r\n" + PROMPT, LONG)
    assert b"calm" in desk.due(2 * LONG)


def test_many_are_told_together_and_the_oldest_given_up() -> None:
    desk = Desk(PROMPT)
    desk.notices.add("urgent", "kept", 0.0)
    for number in range(MOST + 2):
        desk.notices.add("info", f"number {number}.", 0.0)
    told = desk.due(LONG)
    assert b"3 earlier notices were left out" in told
    assert told.count(b"number") == MOST - 1
    assert b"kept" in told
    assert b"number 2." not in told
    assert b"number 3." in told


def test_what_is_being_answered_is_not_told() -> None:
    desk = Desk(PROMPT)
    desk.notices.add("ask", "may I?", 0.0)
    desk.notices.answering()
    assert desk.due(LONG) == b""


def test_what_others_wrote_can_not_paint() -> None:
    desk = Desk(PROMPT)
    desk.notices.add("ask", "alice proposes: a\x1b[2J\u202eb\nline\ttwo\x07", 0.0)
    told = desk.due(LONG)
    assert b"\x1b[2J" not in told
    assert desk.screen.lines[0] == " jumpseat  alice proposes: a?[2J?b"
    assert desk.screen.lines[1].strip() == "line?two?"


def test_a_long_notice_is_wrapped_behind_its_mark() -> None:
    desk = Desk(PROMPT, cols=40)
    desk.notices.add("info", "the mode is watch now " * 3, 0.0)
    desk.due(LONG)
    assert desk.screen.lines[:4] == [
        " jumpseat  the mode is watch now the", "           mode is watch now the mode is",
        "           watch now", "host:~$",
    ]  # fmt: skip
