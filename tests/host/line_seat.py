"""A terminal as the recorder has it, with a shell on it, and somebody who types and is told."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from broker.host.holds import Holds
from broker.host.local import LocalLink
from broker.host.pty import ShellPlan, User
from broker.host.recorded import RecordedTerminal
from broker.host.spool import Spool
from tests.host.shell_seat import PROMPT, TERMINAL, shell_host
from tests.journeys.waiting import Changing, until

COLS = 40
_ANNOUNCE = ("bash", "zsh", "fish")
_EDIT_THEMSELVES = (*_ANNOUNCE, "ash", "ksh")


class LineSeat(Changing):
    """What the terminal logged is in ``entries``, what it printed in ``printed``."""

    cols = COLS
    tells = False
    """The shell tells its commands; else the screen must."""

    def __init__(self, shell: str, folder: Path) -> None:
        super().__init__(lambda: f"{self.entries[-3:]} {self.printed[-800:]!r}")
        self.shell = shell
        self.announces = shell in _ANNOUNCE
        self.printed = b""
        self.home = folder / "home"
        self.entries: list[dict[str, object]] = []
        self.put_up: Callable[[Holds], None]
        self._closed = False
        self._passed = 0.0
        self._told = 0
        (folder / "spool").mkdir()
        self._stream = Spool(folder / "spool").create(TERMINAL)
        self.terminal = RecordedTerminal(self._stream, self._clock, (self.cols, 24), self)
        if not self.tells:
            self.terminal._nonce = ""
        self._record = self.terminal._pty._on_output
        self.terminal._pty._on_output = self._on_output

    async def open(self, plan: ShellPlan) -> None:
        """Start the shell."""
        await self.terminal.open(plan, "s1", 0.0)

    def _clock(self) -> float:
        return time.monotonic() + self._passed

    def _on_output(self, data: bytes) -> None:
        self.printed += data
        self._record(data)
        self.changed()

    # What a terminal tells its recorder.
    def log(self, event: str, **fields: object) -> None:
        if event == "entered":
            self.entries.append(fields)

    def new_command(self) -> str:
        raise AssertionError("a command was told")

    def grown(self) -> None: ...
    def at_prompt(self) -> None: ...
    def disk_full(self) -> None: ...
    def failed(self, error: BaseException) -> None:
        raise error

    def closed(self, terminal: RecordedTerminal, status: int, seat: LocalLink | None) -> None:
        self._closed = True
        self.changed()

    # What a test does with it.
    def types(self, keys: str, person: str = "alice") -> None:
        """Press keys, a good while after whatever came before."""
        self._passed += 0.5
        self.terminal.type(keys.encode(), person)

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

    async def close(self) -> None:
        self.terminal.hang_up(signal.SIGKILL)
        self.terminal.hang_up(signal.SIGHUP)
        await self.until(lambda: self._closed, "the shell to end")
        self._stream.close()


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
