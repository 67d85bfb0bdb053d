"""What is told of programs that read lines themselves: docs/commands.md has the table."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.host.proposals import keys_of
from broker.recording.commands import ENDED, STOPPED
from tests.host.shell_seat import PROMPT
from tests.host.telling_seat import Line, TellingSeat, telling_seat

IS_ROOT = os.geteuid() == 0
ROOTS_SHELL = Path(pwd.getpwuid(0).pw_shell).name
ECHO, FORTY_TWO = "echo 4''2", "42\r\n"
IN = "in> "


@pytest.fixture
async def seat() -> AsyncIterator[TellingSeat]:
    async with telling_seat() as seat:
        yield seat


@dataclass(frozen=True)
class Program:
    """A program that is started, typed into and left."""

    line: str
    prompt: str
    enters: tuple[tuple[str, str], ...]
    """Each line, and what is printed for it."""
    leave: str
    status: int
    needs: str = ""
    root: bool = False

    @property
    def name(self) -> str:
        return self.needs or self.line.split()[0]


def a_shell(line: str, needs: str, *, prompt: str = IN, root: bool = False) -> Program:
    """A shell; it ends with a status that the outer shell is to tell."""
    return Program(line, prompt, ((ECHO, FORTY_TWO),), "exit 3", 3, needs, root)


BASH, DASH = "bash --norc", "dash"
PROGRAMS = {
    "bash": a_shell(f"PS1='{IN}' {BASH}", "bash"),
    "zsh": a_shell(f"PS1='{IN}' zsh -f", "zsh", prompt="\x1b[?2004h"),
    "fish": a_shell(f"fish -N -C \"function fish_prompt; echo -n '{IN}'; end\"", "fish", prompt="\x1b[4C"),
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
            ("print(6 * 7)", FORTY_TWO),
            ("for one in 'ab':", "... "), ("    print(one * 3)", "... "), ("", "bbb\r\n"),
            ("input('name? ')", "\nname? "), ("bob", "'bob'\r\n"),
        ),
        "exit(4)", 4,
    ),
    "node": Program(
        "node", "\x1b[3G", (("6 * 7", "42"), ("for (const a of [9]) {", "... "), ("a}", "9")),
        ".exit", 0,
    ),
    "sqlite3": Program(
        "sqlite3 :memory:", "sqlite> ",
        (("select 6 * 7;", FORTY_TWO), ("select", "...> "), ("  4 * 4;", "16\r\n")),
        ".exit 5", 5,
    ),
    "bc": Program("bc -q", "\x1b[?2004h", (("6 * 7", FORTY_TWO), ("2 ^ 5", "32\r\n")), "quit", 0),
    "gdb": Program("gdb -nx -q", "(gdb) ", (("print 6 * 7", "$1 = 42\r\n"),), "quit 6", 6),
}  # fmt: skip


async def goes_through(seat: TellingSeat, program: Program) -> None:
    """Start it, enter its lines, leave it, and see that the list tells each, and what comes then."""
    seat.types(f"{program.line}\r")
    await seat.prints("\n", program.prompt)
    for line, shown in program.enters:
        seat.types(f"{line}\r")
        await seat.prints(shown)
        if not program.prompt.endswith(shown) and shown.strip() not in ("...", "...>", "name?"):
            await seat.prints(program.prompt)
    await seat.leaves(f"{program.leave}\r")
    await seat.runs("(exit 7)")
    entered = [line for line, _ in program.enters if line] + [program.leave]
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


def needed(*programs: str) -> None:
    """Skip the test where the machine has not all of them."""
    for one in programs:
        if shutil.which(one) is None:
            pytest.skip(f"no {one} on this machine")
