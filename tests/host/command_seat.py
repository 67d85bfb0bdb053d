"""A recorded terminal with a shell on it, what was logged of it, and what its user saw."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import avt

from broker.host.hold_file import patterns_path, write_patterns
from broker.host.holds import Holds
from broker.host.pty import ShellPlan, User
from broker.host.shells.start import Start, holds_at
from tests.host.command_cases import EDITOR, PROMPT, Case, Step
from tests.host.shell_seat import TERMINAL
from tests.host.terminal_seat import TerminalSeat
from tests.journeys.processes import Process
from tests.journeys.waiting import until

SIZE = (80, 40)
EDITING = ("bash", "zsh", "fish")
_START_FILES = {
    "bash": (".bashrc", f"PS1='{PROMPT}'\n"),
    "zsh": (".zshrc", f"PS1='{PROMPT}'\nunsetopt prompt_sp\n"),
    "fish": (
        ".config/fish/config.fish",
        f"""
function fish_prompt; echo -n '{PROMPT}'; end
function fish_greeting; end
function fish_title; end
set -g fish_autosuggestion_enabled 0
""",
    ),
}
_JOB = re.compile(r"(\[\d+\]) [ +-]* ?\d+$", re.MULTILINE)


_DECIDES = {"5.0": (">= 501", ">= 999"), "4.3": ("< 404", "< 999")}


@dataclass(frozen=True)
class _Plan(ShellPlan):
    """A plan for a bash that finds itself older than it is."""

    version: str = ""

    @property
    def start(self) -> Start:
        found = super().start
        old, new = _DECIDES.get(self.version, ("", ""))
        assert old in found.text
        return replace(found, text=found.text.replace(old, new)) if old else found


class CommandSeat(TerminalSeat):
    """One terminal of a session, with a shell that tells its commands or one that is left alone."""

    def __init__(self, case: Case, folder: Path, *, tells: bool) -> None:
        folder.mkdir()
        super().__init__(folder, SIZE, lambda: self.log_entries[-3:])
        self.case = case
        self.home = folder / "home"
        self.log_entries: list[tuple[str, dict[str, object]]] = []
        self.nonce = self.terminal._nonce
        self._edits = case.shell in EDITING and "TERM" not in case.env
        self._folder = folder
        self._tells = tells
        self._seen = 0

    def log(self, event: str, **fields: object) -> None:
        self.log_entries.append((event, fields))

    async def open(self) -> None:
        """Start the shell, and wait for its prompt."""
        case = self.case
        self.home.mkdir()
        if case.shell in EDITING:
            name, text = _START_FILES[case.shell]
            name = ".bash_profile" if case.shell == "bash" and case.login else name
            for path, content in {name: text + case.rc + "\n", **case.files}.items():
                (self.home / path).parent.mkdir(parents=True, exist_ok=True)
                (self.home / path).write_text(content)
        # Else fish begins a process that makes them.
        (self.home / ".local/share/fish/generated_completions").mkdir(parents=True)
        program = shutil.which({"ash": "busybox"}.get(case.shell, case.shell))
        assert program is not None
        (self._folder / case.shell).symlink_to(program)
        found = pwd.getpwuid(os.getuid())
        shell = str(self._folder / case.shell)
        user = User(found.pw_uid, found.pw_gid, found.pw_name, str(self.home), shell)
        env = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "TERM": "xterm", "LANG": "C.UTF-8",
            "JUMPSEAT_SESSION": "s1", "JUMPSEAT_TERMINAL": TERMINAL, "PS1": PROMPT, **case.env,
        }  # fmt: skip
        write_patterns(patterns_path(self._folder, "s1"), Holds())
        holds = holds_at(self._folder, "s1") if self._tells else None
        plan = _Plan(user, env, str(self.home), case.login, holds)
        if self._tells:
            plan = replace(plan, version=case.version)
        await self.terminal.open(plan, "s1", 0.0)
        await self._until(PROMPT, EDITOR if self._edits else "")

    async def take(self, step: Step) -> None:
        """Do what the step says, up to what it waits for."""
        editor = isinstance(step, str) and self._edits
        # Without such an editor, the same prompt may first be shown once more, on the same row.
        prompt = PROMPT if editor else f"\n{PROMPT}"
        keys, wanted, *other = (f"{step}\r", prompt) if isinstance(step, str) else step
        if keys == "\x03" and self.case.shell == "fish":
            # A signal that comes before it waits for keys it does not see.
            shell = Process(self.terminal.pid, ())
            await until(lambda: shell.state == "S", "a shell that waits")
        self._seen = len(self.printed)
        self.types(keys, *other)
        await self._until(wanted, EDITOR if editor else "")

    async def _until(self, *wanted: str) -> None:
        def there() -> bool:
            new = self.printed[self._seen :]
            return all(one.encode() in new for one in wanted) or self.status is not None

        await self.until(there, repr(wanted))
        if wanted[0].endswith(PROMPT) and not self._edits and self.case.shell not in ("sh", "dash"):
            # It takes the terminal once its prompt is there, and tells nobody. What is typed before
            # the kernel shows, and then the shell once more.
            await until(self._reads_keys, "a shell that edits the line")

    def _reads_keys(self) -> bool:
        return self.status is not None or not self.terminal._pty.reads_lines

    async def end(self) -> None:
        """Exit, or find that the shell has ended."""
        if self.case.exits:
            self.types("exit\r")
        await self.until(lambda: self.status is not None, "the shell to end")

    @property
    def recording(self) -> str:
        return (self._folder / "spool" / TERMINAL).read_text("utf-8")

    @property
    def screen(self) -> list[str]:
        """The rows that the user saw, numbers of jobs left out."""
        events = [json.loads(line) for line in self.recording.splitlines()[1:]]
        vt = avt.Vt(*SIZE, 10_000)
        vt.feed_str("".join(text for _, code, text in events if code == "o"))
        shown = "\n".join(row.rstrip() for row in vt.text()).rstrip()
        return _JOB.sub(r"\1", shown.replace(str(self._folder), "")).split("\n")


@contextlib.asynccontextmanager
async def command_seat(case: Case, folder: Path, *, tells: bool) -> AsyncIterator[CommandSeat]:
    """A seat at the shell of this case, at its first prompt."""
    seat = CommandSeat(case, folder, tells=tells)
    try:
        await seat.open()
        yield seat
    finally:
        await seat.close()
