"""The customer's view on a real PTY, at a recorder's socket that does as a test wants."""

from __future__ import annotations

import os
import signal

import pytest

from broker.host.redraw import RESET
from broker.host.view.recorder_link import KEYS_BYTES
from broker.wire.messages import (
    Attach,
    Consent,
    Consented,
    Detach,
    Do,
    Ended,
    Error,
    Notice,
    Resize,
    Title,
)
from tests.host.facts import SECOND, TERMINAL, facts, proposal
from tests.host.view.seat_end import SeatEnd, view

TAKE_BACK = Do("take_back", {"toggle": True})


async def test_keys_go_to_the_shell_and_its_status_comes_back() -> None:
    async with view() as one:
        one.types(b"ls\x1d\x1d\x03")
        await one.recorder.until(lambda: one.recorder.typed == b"ls\x1d\x03", "the keys")
        one.recorder.prints(b"ls\r\nfile\r\n$ ")
        await one.sees("file")
        await one.ends(3)


async def test_taking_back_gets_through_whatever_stands_still() -> None:
    async with view() as one:
        one.recorder.reads_keys(reads=False)
        master = one.terminal.hand_over()  # nobody reads what is printed from here on
        flood = b"".join(b"%d\r\n" % number for number in range(200_000))
        one.recorder.prints(flood)
        for _ in range(40):
            os.write(master, b"keys that nobody reads " * 10)
        os.write(master, b"\x1d ")
        await one.recorder.until_told(TAKE_BACK)
        assert one.recorder.held_up
        os.kill(one.terminal.pid, signal.SIGKILL)
        await one.terminal.ended()


async def test_all_of_a_flood_is_printed() -> None:
    async with view() as one:
        flood = b"".join(b"%d\r\n" % number for number in range(100_000))
        one.recorder.prints(flood + b"done")
        await one.terminal.expect("99999\r\ndone")
        assert flood in bytes(one.terminal.printed)


async def test_keys_beyond_what_waits_are_lost_with_a_bell() -> None:
    async with view() as one:
        one.recorder.reads_keys(reads=False)
        written = 0
        while b"\x07" not in one.terminal.printed:
            await one.types_all(b"x" * 1000)
            written += 1000
            assert written < 4 * KEYS_BYTES
        await one.types_all(b"\x1d ")
        await one.recorder.until_told(TAKE_BACK)
        one.recorder.reads_keys(reads=True)
        await one.ends()


async def test_the_status_leaves_the_screen_as_it_was() -> None:
    async with view() as one:
        one.recorder.prints(b"\x1b[1;32mgreen\r\nhost$ \x1b[31mls -l\x1b[2D")
        await one.sees("host$ ls -l")
        before = one.shown
        one.types(b"\x1ds")
        await one.sees("pool is degraded", "Any other key closes")
        one.recorder.prints(b"X")
        one.types(b"q")
        await one.until_screen(lambda screen: "pool" not in screen.text, "no panel")
        await one.sees("host$ ls X")
        assert one.shown.lines == before.show(b"X").lines
        one.recorder.prints(b"Y")
        await one.sees("host$ ls XY")
        assert one.recorder.typed == b""
        await one.ends()


async def test_over_a_full_screen_program_the_recorder_draws_it_again() -> None:
    async with view() as one:
        one.recorder.prints(b"vim notes\r\n\x1b[?1049h\x1b[2J\x1b[Hsome text in vim")
        await one.sees("some text in vim")
        one.types(b"\x1d?")
        await one.sees("pool is degraded")
        assert len(one.recorder.all(Attach)) == 1
        whole = b"\x1b[?1049h\x1b[H\x1b[2Jdrawn again"
        one.recorder.screen = RESET + b"\x1b[H\x1b[2J" + whole  # as the recorder draws it
        one.types(b" ")
        await one.sees("drawn again")
        assert one.recorder.all(Attach)[1] == Attach(TERMINAL, 80, 24)
        one.recorder.prints(b"\x1b[?1049l$ ls")
        await one.until_screen(
            lambda screen: screen.lines[:2] == ["$ vim notes", "$ ls"], "the shell as it was"
        )
        await one.ends()


async def test_a_terminal_without_a_second_screen_is_drawn_again() -> None:
    async with view(term="linux") as one:
        one.types(b"\x1ds")
        await one.sees("pool is degraded")
        assert b"\x1b[?1049h" not in one.terminal.printed
        one.types(b"x")
        await one.recorder.until(lambda: len(one.recorder.all(Attach)) == 2, "a second attach")
        await one.ends()


async def test_taking_back_works_in_a_panel_and_the_panel_tells() -> None:
    async with view() as one:
        one.types(b"\x1ds")
        await one.sees("pool is degraded")
        one.recorder.facts = facts(standing="taken-back")
        one.types(b"\x1d ")
        await one.recorder.until_told(TAKE_BACK)
        await one.sees("you have taken it back")
        one.types(b"x")
        await one.ends()


async def test_one_key_narrows_and_words_widen() -> None:
    async with view() as one:
        one.types(b"\x1dw")
        await one.recorder.until_told(Do("mode", {"mode": "watch"}))
        one.recorder.answers["mode"] = Consent(4, "They may TYPE.", "I agree")
        one.types(b"\x1dc")
        await one.sees("They may TYPE.", 'Type "I agree"')
        one.types(b"I agree\r")
        await one.recorder.until_told(Consented(4, "I agree"))
        await one.until_screen(lambda screen: "TYPE" not in screen.text, "no panel")
        assert one.recorder.typed == b""
        await one.ends()


async def test_what_happened_is_noted_with_a_key() -> None:
    async with view() as one:
        one.types(b"\x1dn")
        await one.sees("What happened?")
        one.types("wir änderten die MTU\r".encode())
        await one.recorder.until_told(Do("note", {"text": "wir änderten die MTU"}))
        await one.until_screen(lambda screen: "What happened?" not in screen.text, "no panel")
        assert one.recorder.typed == b""
        await one.ends()


async def test_a_consent_that_a_shell_of_the_session_asked_for() -> None:
    async with view() as one:
        one.recorder.tell(Consent(9, "Somebody wants: mode control.", "I agree"))
        await one.sees("Somebody wants")
        one.types(b"I agree\r")
        await one.recorder.until_told(Consented(9, "I agree"))
        one.recorder.tell(Consent(10, "And again.", "I agree"))
        await one.sees("And again.")
        one.types(b"\x1ds")  # something else is a no
        await one.recorder.until_told(Consented(10, ""))
        await one.sees("pool is degraded")
        await one.ends()


async def test_a_proposal_is_edited_and_run() -> None:
    recorder = SeatEnd()
    recorder.facts = facts(proposals=[proposal("zpool status tank", why="to see")])
    recorder.answers["approve"] = Error("expired", "the grant has expired")
    async with view(recorder) as one:
        one.types(b"\x1da")
        await one.sees("$ zpool status tank", "to see", "r: run")
        one.types(b"e")
        await one.sees("It shall run as:")
        one.types(b"\x17-v")
        await one.sees("> zpool status -v")
        one.types(b"\r")
        await one.sees("edited by you", "$ zpool status -v")
        one.types(b"r")
        await one.sees("The grant has expired.")
        one.types(b"\x1b")
        await one.until_screen(lambda screen: "expired" not in screen.text, "no panel")
        args = {"text": "zpool status -v", "times": 0, "kind": "", "override": False}
        assert recorder.done == [Do("approve", {"proposal": "r1p1", **args})]
        assert recorder.typed == b""
        await one.ends()


async def test_a_refusal_with_a_word_and_an_override() -> None:
    recorder = SeatEnd()
    hold = {"hold": "h1", "text": "do not touch tank"}
    recorder.facts = facts(
        proposals=[proposal("zpool list"), proposal("zfs list", proposal="r1p2", holds=[hold])]
    )
    async with view(recorder) as one:
        one.types(b"\x1da")
        await one.sees("$ zpool list", "n: refuse")
        recorder.facts = facts(proposals=recorder.facts["proposals"][1:])
        one.types(b"n")
        await one.sees("A word for alice:")
        one.types("später\r".encode())
        await one.sees("One more waits")
        recorder.answers["approve"] = Error("held", "a hold is up: do not touch tank")
        one.types(b"\r")
        await one.sees("HOLD: do not touch tank", "r: run")
        one.types(b"r")
        await one.sees('Type "override"')
        recorder.answers.clear()
        recorder.facts = facts()
        one.types(b"override\r")
        await one.until_screen(lambda screen: "override" not in screen.text, "no panel")
        refused, approved = recorder.done
        assert refused == Do("refuse", {"proposal": "r1p1", "word": "später"})
        assert approved.args["override"] is True
        await one.ends()


async def test_what_is_typed_before_a_proposal_was_seen_runs_nothing() -> None:
    recorder = SeatEnd()
    recorder.facts = facts(proposals=[proposal("reboot")])
    async with view(recorder) as one:
        one.types(b"\x1darrr")
        await one.sees("$ reboot", "r: run")
        one.types(b"\x1b")
        await one.until_screen(lambda screen: "reboot" not in screen.text, "no panel")
        assert recorder.done == []
        await one.ends()


async def test_a_notice_leaves_the_prompt_as_it_was() -> None:
    async with view() as one:
        one.recorder.prints(b"\r\n\x1b[?2004h\x1b[1mhost$\x1b[0m uptim\x1b[2D")
        one.recorder.tell(Notice("ask", "alice proposes: zpool list"))
        await one.sees(" jumpseat  alice proposes: zpool list", "Ctrl-] a answers")
        one.recorder.prints(b"X")
        await one.sees("host$ uptXm")
        lines = one.shown.lines
        assert [line.strip() for line in lines[1:4]] == [
            "jumpseat  alice proposes: zpool list", "Ctrl-] a answers", "host$ uptXm",
        ]  # fmt: skip
        await one.ends()


async def test_a_notice_waits_for_a_panel_to_be_closed() -> None:
    async with view() as one:
        one.types(b"\x1ds")
        await one.sees("pool is degraded")
        one.recorder.tell(Notice("urgent", "the grant ends in 1 min"))
        one.recorder.tell(Title("told"))
        await one.terminal.expect("told")
        assert b"1 min" not in one.terminal.printed
        one.types(b"x")
        await one.sees("the grant ends in 1 min")
        await one.ends()


async def test_the_title_is_ours_and_given_back() -> None:
    async with view() as one:
        one.recorder.tell(Title("jumpseat · wa\x07tch\x1b"))
        await one.terminal.expect("\x1b]2;jumpseat · wa?tch?\x07")
        one.recorder.prints(b"\x1b]0;user@host: ~\x07$ ")
        await one.terminal.expect("\x1b]2;jumpseat · wa?tch?\x07")
        await one.ends()
        await one.terminal.expect("\x1b[23;2t")


async def test_another_terminal_is_shown() -> None:
    recorder = SeatEnd()
    both = [{"name": TERMINAL, "number": 1}, {"name": SECOND, "number": 2}]
    recorder.facts = facts(terminals=both)
    async with view(recorder) as one:
        recorder.screen = b"\x1b[H\x1b[2Jthe second$ "
        one.types(b"\x1d2")
        await one.sees("the second$")
        one.types(b"ls")
        await recorder.until(lambda: recorder.typed == b"ls", "keys")
        assert recorder.told[-1].terminal == SECOND  # type: ignore[union-attr]
        one.types(b"\x1d7")
        await one.sees("There is no terminal 7")
        one.types(b"x")
        recorder.tell(Ended(SECOND, 0))
        assert await one.terminal.ended() == 0


async def test_leaving_the_seat() -> None:
    async with view() as one:
        one.types(b"\x1dd")
        await one.recorder.until_told(Detach("left on purpose"))
        assert await one.terminal.ended() == 1
        await one.terminal.expect("reattach` comes back")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
async def test_told_to_end_it_leaves_the_terminal_as_it_was(signum: int) -> None:
    async with view() as one:
        one.recorder.prints(b"\x1b[?1049h\x1b[?1000h\x1b[>1uvim")
        one.types(b"\x1ds")
        await one.sees("pool is degraded")
        os.kill(one.terminal.pid, signum)
        assert await one.terminal.ended() == 1
        await one.terminal.expect("told to end")
        end = bytes(one.terminal.printed)
        for mode in (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?25h", b"\x1b[=0;1u", b"\x1b[?2004l"):
            assert mode in end[end.rfind(b"vim") :]


async def test_a_recorder_that_goes_is_told() -> None:
    async with view() as one:
        one.recorder.close()
        assert await one.terminal.ended() == 1
        await one.terminal.expect("the recorder is gone")


async def test_a_resized_window_is_told_and_the_panel_drawn_anew() -> None:
    async with view() as one:
        one.types(b"\x1ds")
        await one.sees("pool is degraded")
        one.terminal.resize(60, 20)
        await one.recorder.until_told(Resize(60, 20))
        await one.terminal.expect("\x1b[20;1H")
        one.types(b"x")
        await one.ends()
