"""A terminal as the recorder has it, with a shell on it, and somebody who types and is told."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from broker.host.holds import Holds
from broker.host.pty import ShellPlan, User
from tests.host.shell_seat import PROMPT, shell_host
from tests.host.terminal_seat import TerminalSeat
from tests.journeys.waiting import until

COLS = 40
_ANNOUNCE = ("bash", "zsh", "fish")
_EDIT_THEMSELVES = (*_ANNOUNCE, "ash", "ksh")


class LineSeat(TerminalSeat):
    """What the terminal logged of lines is in ``entries``."""

    cols = COLS
    tells = False
    """The shell tells its commands; else the screen must."""

    def __init__(self, shell: str, folder: Path) -> None:
        super().__init__(folder, (self.cols, 24), lambda: self.entries[-3:])
        self.shell = shell
        self.announces = shell in _ANNOUNCE
        self.home = folder / "home"
        self.entries: list[dict[str, object]] = []
        self.put_up: Callable[[Holds], None]
        self._told = 0
        if not self.tells:
            self.terminal._nonce = ""

    async def open(self, plan: ShellPlan) -> None:
        """Start the shell."""
        await self.terminal.open(plan, "s1", 0.0)

    def log(self, event: str, **fields: object) -> None:
        if event == "entered":
            self.entries.append(fields)

    def new_command(self) -> str:
        assert self.tells, "a command was told"
        return super().new_command()

    def waits(self) -> None:
        """Let time pass, as the recorder's clock has it."""
        self._passed += 0.5
        self.terminal.lines.log_due()

    async def prompt(self, prompt: str = PROMPT) -> None:
        """Wait for a prompt with nothing behind it."""

        def there() -> bool:
            last = self.printed[self.printed.rfind(b"\n") + 1 :]
            return (
                prompt.encode() in last and self.terminal.lines.prompt.at_prompt == self.announces
            )

        await self.until(there, f"{prompt!r}")
        if self.shell in _EDIT_THEMSELVES:
            await until(lambda: not self.terminal._pty.reads_lines, "a line editor")

    async def shows(self, text: str) -> None:
        """Wait for something on the last row."""
        await self.until(
            lambda: text.encode() in self.printed[self.printed.rfind(b"\n") + 1 :], repr(text)
        )

    async def entry(self) -> dict[str, object]:
        """The next entry of the log for what was entered."""
        self._told += 1

        def there() -> bool:
            return len(self.entries) >= self._told

        await self.until(there, "an entry for what was entered")
        return self.entries[self._told - 1]

    async def told(self, *keys: str, prompt: str = PROMPT) -> object:
        """Type, the last keys ending the line, and tell what the log says of it."""
        *first, last = keys
        for some in first:
            before = len(self.printed)
            self.types(some)
            await self.until(lambda: len(self.printed) > before, "an answer")  # noqa: B023
        self.types(last)
        entry = await self.entry()
        await self.prompt(prompt)
        return entry.get("line")


@contextlib.asynccontextmanager
async def line_seat(shell: str, folder: Path, rc: str = "") -> AsyncIterator[LineSeat]:
    """A seat at this shell, with this in its start file; skips where the machine has none."""
    if shell in _ANNOUNCE:
        async with shell_host(shell, folder) as host:
            for path in (".bashrc", ".zshrc", ".config/fish/config.fish"):
                if (host.home / path).exists():
                    with (host.home / path).open("a") as file:
                        file.write(rc + "\n")
            async with _seat(shell, folder, host.plan()) as seat:
                seat.put_up = host.put_up
                yield seat
        return
    program = shutil.which({"ash": "busybox"}.get(shell, shell))
    if program is None:
        pytest.skip(f"no {shell} on this machine")
    found = pwd.getpwuid(os.getuid())
    (folder / "home").mkdir()
    (folder / shell).symlink_to(program)
    user = User(found.pw_uid, found.pw_gid, found.pw_name, str(folder), str(folder / shell))
    env = {
        "PATH": os.environ["PATH"], "HOME": str(folder / "home"), "TERM": "xterm", "PS1": PROMPT,
        "LANG": "C.UTF-8", "JUMPSEAT_SESSION": "s1",
    }  # fmt: skip
    async with _seat(shell, folder, ShellPlan(user, env, str(folder), login=False)) as seat:
        yield seat


@contextlib.asynccontextmanager
async def _seat(shell: str, folder: Path, plan: ShellPlan) -> AsyncIterator[LineSeat]:
    seat = LineSeat(shell, folder)
    await seat.open(plan)
    try:
        await seat.prompt()
        yield seat
    finally:
        await seat.close()
