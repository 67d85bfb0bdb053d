"""A real shell on a real PTY, started as the recorder starts it, and somebody who types into it."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.host.hold_file import patterns_path, write_patterns
from broker.host.holds import Holds
from broker.host.pty import Pty, ShellPlan, User
from broker.host.shells.start import holds_at
from tests.host.scripted_recorder import ScriptedRecorder, scripted_recorder
from tests.journeys.waiting import Changing

TERMINAL = "run-1.terminal-1.cast"
PROMPT = "ready$ "
ASKED = 'Type "override"'
_START_FILES = {
    "bash": {".bashrc": f"PS1='{PROMPT}'\n", ".bash_profile": f"PS1='{PROMPT}'\n"},
    "zsh": {".zshrc": f"PS1='{PROMPT}'\nHISTFILE=~/.history SAVEHIST=9 HISTSIZE=9\n"},
    "fish": {
        ".config/fish/config.fish": f"function fish_prompt; echo -n '{PROMPT}'; end\n"
        "function fish_greeting; end\nset -g fish_autosuggestion_enabled 0\n"
    },
}


class ShellSeat(Changing):
    """One shell. What it printed is in ``printed``; ``expect`` goes through it once."""

    def __init__(self) -> None:
        super().__init__(lambda: self.printed[-2000:].decode("utf-8", "replace"))
        self.printed = b""
        self.status: int | None = None
        self._seen = 0
        self._pty = Pty((200, 50), self._on_output, self._on_exit, lambda: None, lambda: False)

    async def start(self, plan: ShellPlan) -> None:
        failed: list[BaseException] = []
        await self._pty.start_shell(plan, failed.append)

    def _on_output(self, data: bytes) -> None:
        self.printed += data
        self.changed()

    def _on_exit(self, status: int) -> None:
        self.status = status
        self.changed()

    def types(self, keys: str) -> None:
        self._pty.write(keys.encode())

    async def expect(self, wanted: str) -> None:
        """Wait until this is printed, after what was expected before."""

        def found() -> bool:
            at = self.printed.find(wanted.encode(), self._seen)
            if at >= 0:
                self._seen = at + len(wanted.encode())
            return at >= 0

        await self.until(found, repr(wanted))

    async def enters(self, line: str) -> None:
        """Type a line that runs, and wait for the prompt after it."""
        self.types(f"{line}; echo ran''it\r")
        await self.expect("ranit")
        await self.expect(PROMPT)

    async def is_refused(self, answer: str = "no\r") -> None:
        """Answer the question so that the line does not run."""
        await self.expect(ASKED)
        self.types(answer)
        await self.expect("It has not run.")
        await self.expect(
            "\x1b[?2004h"
        )  # a line editor reads: what bash redraws before is no prompt

    async def close(self) -> None:
        if self.status is None:
            self._pty.hang_up(signal.SIGKILL)
            self._pty.hang_up(signal.SIGHUP)
            await self.until(lambda: self.status is not None, "the shell to end")


class ShellHost:
    """A home with start files, a recorder, and a folder for its runtime."""

    def __init__(self, shell: str, folder: Path, recorder: ScriptedRecorder) -> None:
        self.shell = shell
        self.home = folder / "home"
        self.runtime = folder
        self.recorder = recorder
        for name, text in _START_FILES[shell].items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        # Else fish begins a process that makes them, and is another shell where that was quick.
        (self.home / ".local/share/fish/generated_completions").mkdir(parents=True)
        self.put_up(Holds())

    def put_up(self, holds: Holds) -> None:
        self.recorder.holds = holds
        write_patterns(patterns_path(self.runtime, "s1"), holds)

    def plan(self, *, login: bool = False, with_holds: bool = True, **env: str) -> ShellPlan:
        found = pwd.getpwuid(os.getuid())
        program = shutil.which(self.shell)
        assert program is not None
        user = User(found.pw_uid, found.pw_gid, found.pw_name, str(self.home), program)
        at = holds_at(self.runtime, "s1")
        env = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "TERM": "xterm", "LANG": "C.UTF-8",
            "JUMPSEAT_SESSION": "s1", "JUMPSEAT_TERMINAL": TERMINAL, **env,
        }  # fmt: skip
        return ShellPlan(user, env, str(self.home), login, at if with_holds else None)

    @contextlib.asynccontextmanager
    async def seat(self, plan: ShellPlan | None = None) -> AsyncIterator[ShellSeat]:
        seat = ShellSeat()
        await seat.start(plan or self.plan())
        try:
            await seat.expect(PROMPT)
            yield seat
        finally:
            await seat.close()


@contextlib.asynccontextmanager
async def shell_host(shell: str, folder: Path) -> AsyncIterator[ShellHost]:
    """A host with this shell; skips the test where the machine has none."""
    if not shutil.which(shell):
        pytest.skip(f"no {shell} on this machine")
    async with scripted_recorder(folder / "s1.sock") as recorder:
        yield ShellHost(shell, folder, recorder)
