"""What happens while a program reads lines, and what is told of it all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from broker.host.proposals import keys_of
from broker.recording.outcome import ENDED, STOPPED
from tests.host.shell_seat import PROMPT
from tests.host.telling_seat import Line, TellingSeat, telling_seat
from tests.host.test_deeper import ECHO, FORTY_TWO, IN, needed

NESTED = f"PS1='{IN}' bash --norc"
STOPPED_STATUS = 148


@pytest.fixture
async def seat() -> AsyncIterator[TellingSeat]:
    async with telling_seat() as seat:
        yield seat


async def begins(seat: TellingSeat, line: str, prompt: str = IN) -> None:
    seat.types(f"{line}\r")
    await seat.prints("\n", prompt)


async def test_an_approved_line_runs_at_a_deeper_prompt(seat: TellingSeat) -> None:
    await begins(seat, NESTED)
    seat.waits()
    assert seat.terminal.lines.unready(ECHO) == ""
    name, terminal = "7", seat.terminal.name
    seat.log("ran", proposal=name, terminal=terminal, text=ECHO, person="alice", by="customer")
    seat.terminal.type(keys_of(ECHO, bracketed=True), "alice", guest=True)
    await seat.prints(FORTY_TWO, IN)
    seat.types("exit\r", "customer")
    await seat.until(lambda: seat.command(NESTED)["over"] == ENDED, "the end")
    ran = seat.command(ECHO)
    assert (ran["proposal"], ran["within"]) == (name, seat.command(NESTED)["id"])
    assert seat.command("exit")["proposal"] is None


async def test_no_line_is_typed_behind_what_was_typed_ahead(seat: TellingSeat) -> None:
    seat.types("echo wai''ting; until [ -e go ]; do sleep 0.02; done\r")
    await seat.prints("waiting\r\n")
    seat.types("echo 4")
    (seat.home / "go").touch()
    await seat.prints(PROMPT)
    assert seat.terminal.lines.unready(ECHO).startswith("something is typed on the line")
    seat.types("''2\r")
    await seat.prints(FORTY_TWO, PROMPT)
    assert seat.terminal.lines.unready(ECHO) == ""


async def test_no_line_is_typed_for_somebody_where_no_prompt_is_announced(
    seat: TellingSeat,
) -> None:
    needed("node")
    await begins(seat, "node", "\x1b[3G")
    seat.waits()
    assert seat.terminal.lines.unready("6 * 7") == "no shell waits for a line"
    await seat.leaves(".exit\r")


async def test_who_typed_is_told_of_lines_in_a_program(seat: TellingSeat) -> None:
    await begins(seat, NESTED)
    seat.types("echo ", "customer")
    await seat.prints("echo ")
    seat.types("4''2\r", "alice")
    await seat.prints(FORTY_TWO, IN)
    await seat.leaves("exit\r")
    assert seat.command(ECHO)["shares"] == {"customer": 5, "alice": 4}


LEFT = "\x1b[D"
EDITED = {
    # What is started; its prompt; what is typed, and then before its last character; the line told.
    "python3": ("python3 -q", ">>> ", "'71'", "4", "'714'", "exit()"),
    "sqlite3": ("sqlite3", "sqlite> ", "select 71;", "4", "select 714;", ".exit"),
    "bc": ("bc -q", "\x1b[?2004h", "71", "4", "", "quit"),
}


@pytest.mark.parametrize("program", EDITED)
async def test_a_line_that_was_edited(seat: TellingSeat, program: str) -> None:
    needed(program)
    line, prompt, first, more, told, leave = EDITED[program]
    await begins(seat, line, prompt)
    for keys, shown in ((first, first), (LEFT, "\x08"), (more, more), ("\r", prompt)):
        seat.types(keys)
        await seat.prints(shown)
    await seat.leaves(f"{leave}\r")
    inside = [one.line for one in seat.lines if one.within == line]
    assert inside == [told, leave] if told else [leave]


async def test_a_line_of_several_rows_is_told_only_where_its_prompt_is_announced(
    seat: TellingSeat,
) -> None:
    needed("node", "sqlite3")
    long = f"'{'x' * 120}';"
    for line, prompt, enters, told, leave in (
        ("node", "\x1b[3G", long, [], ".exit"),
        ("sqlite3", "sqlite> ", f"select {long}", [f"select {long}"], ".quit"),
    ):
        await begins(seat, line, prompt)
        seat.types(f"{enters}\r")
        await seat.prints("\n", prompt)
        await seat.leaves(f"{leave}\r")
        assert [one.line for one in seat.lines if one.within == line] == [*told, leave]


async def test_output_of_another_job_hides_the_line_and_no_other(seat: TellingSeat) -> None:
    (seat.home / "go").touch()
    await seat.runs("(while [ -e go ]; do sleep 0.02; done; echo; echo back''ground) &")
    await begins(seat, NESTED)
    seat.types("echo 4")
    await seat.prints("echo 4")
    (seat.home / "go").unlink()
    await seat.prints("background")
    seat.types("''2\r")
    await seat.prints(FORTY_TWO, IN)
    seat.types(f"{ECHO}\r")
    await seat.prints(FORTY_TWO, IN)
    await seat.leaves("exit\r")
    assert [line for line in seat.lines if line.within] == [
        Line(ECHO, None, NESTED),
        Line("exit", None, NESTED),
    ]


async def test_a_repl_that_is_stopped_and_goes_on(seat: TellingSeat) -> None:
    needed("sqlite3")
    line, prompt = "sqlite3 :memory:", "sqlite> "
    await begins(seat, line, prompt)
    seat.types("select 6 * 7;\r")
    await seat.prints(FORTY_TWO, prompt)
    await seat.leaves("\x1a")
    await seat.runs("(exit 7)")
    await begins(seat, "fg", "\x1b[?2004h")
    seat.types("select 1;\r")  # it shows no prompt before this one
    await seat.prints("1\r\n", prompt)
    seat.types("select 4 * 4;\r")
    await seat.prints("16\r\n", prompt)
    await seat.leaves(".exit 5\r")
    assert seat.lines == [
        Line(line, STOPPED_STATUS, ""),
        Line("select 6 * 7;", None, line),
        Line("(exit 7)", 7, ""),
        Line("fg", 5, ""),
        Line("select 4 * 4;", None, "fg"),
        Line(".exit 5", None, "fg"),
    ]
    assert seat.command(line)["over"] == STOPPED
    assert seat.command("fg")["interactive"]


async def test_a_terminal_that_is_resized_while_a_program_reads(seat: TellingSeat) -> None:
    await begins(seat, NESTED)
    seat.types("echo 4")
    await seat.prints("echo 4")
    seat.terminal.resize(60, 20)  # the line in whose midst it is may be lost
    seat.types("''2\r")
    await seat.prints(FORTY_TWO, IN)
    long = f"{ECHO} # {'x' * 70}"
    seat.types(f"{long}\r")
    await seat.prints(FORTY_TWO, IN)
    await seat.leaves("exit 3\r")
    told = [line for line in seat.lines if line != Line(ECHO, None, NESTED)]
    assert told == [
        Line(NESTED, 3, ""),
        Line(long, None, NESTED),
        Line("exit 3", None, NESTED),
    ]


async def test_a_deeper_shell_that_is_killed(seat: TellingSeat) -> None:
    await begins(seat, NESTED)
    await seat.leaves("kill -9 $$\r")
    await seat.runs("(exit 7)")
    assert seat.lines == [
        Line(NESTED, 137, ""),
        Line("kill -9 $$", None, NESTED),
        Line("(exit 7)", 7, ""),
    ]


async def test_a_shell_that_another_takes_the_place_of(seat: TellingSeat) -> None:
    line = f"PS1='{IN}' exec bash --norc"
    await begins(seat, line)
    seat.types(f"{ECHO}\r")
    await seat.prints(FORTY_TWO, IN)
    seat.types("exit 3\r")
    await seat.until(lambda: seat.command(line)["over"] == ENDED, "the end")
    assert seat.lines == [
        Line(line, 3, ""),
        Line(ECHO, None, line),
        Line("exit 3", None, line),
    ]
