"""What is told of programs that read lines themselves: docs/commands.md has the table."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.recording.outcome import ENDED
from tests.host.loopback import postgres, sshd
from tests.host.telling_seat import Line, TellingSeat, telling_seat

IS_ROOT = os.geteuid() == 0
ROOTS_SHELL = Path(pwd.getpwuid(0).pw_shell).name
ECHO, FORTY_TWO = "echo 4''2", "42\r\n"
IN = "in> "
FISH_PROMPT = f'function fish_prompt; echo -n "{IN}"; end'


@pytest.fixture
async def seat() -> AsyncIterator[TellingSeat]:
    async with telling_seat() as seat:
        yield seat


@dataclass(frozen=True)
class Program:
    """A program that is started, typed into and left."""

    line: str
    prompt: str
    enters: tuple[tuple[str, ...], ...]
    """Each line, and what is printed then, in turn."""
    leave: str
    status: int
    needs: str = ""
    root: bool = False

    @property
    def name(self) -> str:
        return self.needs or self.line.split()[0]


def a_shell(line: str, needs: str, *, prompt: str = IN, root: bool = False) -> Program:
    """A shell; it ends with a status that the outer shell is to tell."""
    return Program(line, prompt, ((ECHO, FORTY_TWO, prompt),), "exit 3", 3, needs, root)


BASH, DASH = "bash --norc", "dash"
PROGRAMS = {
    "bash": a_shell(f"PS1='{IN}' {BASH}", "bash"),
    "zsh": a_shell(f"PS1='{IN}' zsh -f", "zsh", prompt="\x1b[?2004h"),
    "fish": a_shell(f"fish -C '{FISH_PROMPT}'", "fish", prompt="\x1b[4C"),
    "dash": a_shell(f"PS1='{IN}' {DASH}", "dash"),
    "ksh": a_shell(f"PS1='{IN}' ksh", "ksh"),
    "ash": a_shell(f"PS1='{IN}' busybox ash", "busybox"),
    "sudo bash": a_shell(f"sudo PS1='{IN}' {BASH}", "sudo", root=True),
    "sudo -s": a_shell("sudo -s", "sudo", prompt="# ", root=True),
    "sudo -i": a_shell("sudo -i", "sudo", prompt="# ", root=True),
    "su -": a_shell("su -", "su", prompt="# ", root=True),
    "sudo dash": a_shell(f"sudo PS1='{IN}' {DASH}", "sudo", root=True),
    "script": a_shell(f"script -qec \"PS1='{IN}' {DASH}\" /dev/null", "script"),
    "unshare": a_shell(f"PS1='{IN}' unshare -mpf {BASH}", "unshare", root=True),
    "nsenter": a_shell(f"PS1='{IN}' nsenter -t $$ -m -u {DASH}", "nsenter", root=True),
    "chroot": a_shell(f"PS1='{IN}' chroot / {DASH}", "chroot", root=True),
    "python3": Program(
        "python3 -q", ">>> ",
        (
            ("print(6 * 7)", FORTY_TWO, ">>> "),
            ("for one in 'ab':", "... "), ("    print(one * 3)", "... "), ("", "bbb\r\n>>> "),
            ("input('name? ')", "\nname? "), ("bob", "'bob'\r\n>>> "),
        ),
        "exit(4)", 4,
    ),
    "node": Program(
        "node", "\x1b[3G",
        (("6 * 7", "42", "\x1b[3G"), ("for (const a of [9]) {", "... "), ("a}", "9", "\x1b[3G")),
        ".exit", 0,
    ),
    "sqlite3": Program(
        "sqlite3 :memory:", "sqlite> ",
        (
            ("select 6 * 7;", FORTY_TWO, "sqlite> "),
            ("select", "   ...> "), ("  4 * 4;", "16\r\n", "sqlite> "),
        ),
        ".exit 5", 5,
    ),
    "bc": Program(
        "bc -q", "\x1b[?2004h",
        (("6 * 7", FORTY_TWO, "\x1b[?2004h"), ("2 ^ 5", "32\r\n", "\x1b[?2004h")),
        "quit", 0,
    ),
    "gdb": Program(
        "gdb -nx -q", "(gdb) ", (("print 6 * 7", "$1 = 42\r\n", "(gdb) "),), "quit 6", 6
    ),
}  # fmt: skip


async def goes_through(seat: TellingSeat, program: Program) -> None:
    """Start it, enter its lines, leave it; the list tells each, and what comes after."""
    seat.types(f"{program.line}\r")
    await seat.prints("\n", program.prompt)
    for line, *shown in program.enters:
        seat.types(f"{line}\r")
        await seat.prints(*shown)
    await seat.leaves(f"{program.leave}\r")
    await seat.runs("(exit 7)")
    entered = [line for line, *_ in program.enters if line] + [program.leave]
    assert seat.lines == [
        Line(program.line, program.status, ""),
        *(Line(line, None, program.line) for line in entered),
        Line("(exit 7)", 7, ""),
    ]
    outer = seat.command(program.line)
    assert outer["interactive"]
    assert outer["over"] == ENDED
    assert outer["until"] > outer["since"]
    assert outer["end"] > outer["offset"] > 0
    assert not seat.command("(exit 7)")["interactive"]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
async def test_what_is_entered_in_a_program(seat: TellingSeat, program: Program) -> None:
    needed(program.name)
    if program.root and not IS_ROOT:
        pytest.skip("only root may")
    await goes_through(seat, program)


@pytest.mark.parametrize("shell", [BASH, DASH])
async def test_what_is_entered_behind_ssh(seat: TellingSeat, shell: str) -> None:
    with sshd() as log_in:
        await goes_through(seat, a_shell(f"{log_in} -t far \"PS1='{IN}' {shell}\"", "ssh"))


async def test_what_is_entered_in_psql(seat: TellingSeat) -> None:
    with postgres() as folder:
        line, prompt = f"psql -X -P pager=off -h {folder} -U postgres", "postgres=# "
        enters = (
            ("select 6 * 7;", " 42\r\n", prompt),
            ("select", "postgres-# "),
            ("4 * 4;", " 16\r\n", prompt),
        )
        await goes_through(seat, Program(line, prompt, enters, "\\q", 0))


@pytest.mark.parametrize(
    ("ask", "asked"),
    [('read -p "Sure? " answer', "Sure? "), ("rm -i kept", "'kept'? ")],
)
async def test_an_answer_to_a_question(seat: TellingSeat, ask: str, asked: str) -> None:
    (seat.home / "kept").touch()
    seat.types(f"{ask}\r")
    await seat.prints("\n", asked)
    await seat.leaves("no\r")
    assert seat.lines == [Line(ask, 0, ""), Line("no", None, ask)]


FULL_SCREEN: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "vim": ("vim -u NONE -i NONE", "\x1b[?1049h", (":!echo 4''2\r", "Press ENTER"), "\r:q!\r"),
    "less": ("seq 500 | less", "\n:", ("/^300\r", "301"), "q"),
    "top": ("top", "COMMAND", (), "q"),
    "screen": ("screen -c /dev/null dash", "# ", ("echo ins''ide\r", "inside"), "exit\r"),
}


@pytest.mark.parametrize("program", FULL_SCREEN)
async def test_a_program_that_fills_the_screen_is_told_as_a_whole(
    seat: TellingSeat, program: str
) -> None:
    needed(program)
    line, shown, (*keys,), leave = FULL_SCREEN[program]
    seat.types(f"{line}\r")
    await seat.prints("\n", shown)
    if keys:
        seat.types(keys[0])
        await seat.prints(keys[1])
    await seat.leaves(leave)
    await seat.runs("(exit 7)")
    assert seat.lines == [Line(line, 0, ""), Line("(exit 7)", 7, "")]


async def test_a_shell_in_tmux_is_told_where_it_announces_its_prompt(seat: TellingSeat) -> None:
    needed("tmux")
    line = f"tmux -S {seat.home}/t -f /dev/null new \"PS1='{IN}' {BASH}\""
    seat.types(f"{line}\r")
    await seat.prints("\x1b[?1049h", IN)
    typed = "echo ins''ide"
    seat.types(f"{typed}\r")
    await seat.prints("inside", IN)  # a row that it draws again ends otherwise than a printed one
    await seat.leaves("exit\r")
    await seat.runs("(exit 7)")
    assert seat.lines[0] == Line(line, 0, "")
    assert seat.lines[-1] == Line("(exit 7)", 7, "")
    # What else tmux draws meanwhile, such as its clock, hides a line.
    assert set(seat.lines[1:-1]) <= {Line(typed, None, line), Line("exit", None, line)}
    assert seat.command(line)["interactive"]


def needed(*programs: str) -> None:
    """Skip the test where the machine has not all of them."""
    for one in programs:
        if shutil.which(one) is None:
            pytest.skip(f"no {one} on this machine")
