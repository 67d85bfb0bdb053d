"""Commands of one terminal, told by the marks of its shells and by who typed. Pure.

Shells within shells are a stack: a mark of one that is further down says that those above it are
gone. What a shell says counts only where it can be true: a line between its prompt and the
beginning of a command, an end where one runs.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Callable, Deque, Dict, List, NamedTuple, Optional

from broker.host.marks import Mark

_CUT = " …"
MOST_CHARACTERS = 16 * 1024 - len(_CUT)
_MOST_PIECES_BYTES = 4 * 1024 * 1024
_MOST_SHELLS = 64
_MOST_NAME = 40
_LABEL_CHARACTERS = 120
_MOST_ENTERS = 1000
_NOTHING = re.compile(r"(?:\s*(?:#.*)?\n?)*")
_SYNTAX_ERROR = 2
_INTERRUPTED = 130

Shares = Dict[str, int]


def label(line: str) -> str:
    """What the marker of a command says in a recording: its first row, if need be cut."""
    first, *more = line.split("\n", 1)
    cut = len(first) > _LABEL_CHARACTERS
    return first[:_LABEL_CHARACTERS] + (" …" if more or cut else "")


class Told(NamedTuple):
    """An entry of the session log to be written: its event and fields, but for the offset."""

    event: str
    fields: Dict[str, object]


class _Shell:
    def __init__(self, pid: int, name: str, depth: int) -> None:
        self.pid = pid
        self.name = name
        self.depth = depth
        self.cwd = ""
        self.prompting = False
        """It has shown a prompt and has begun no command since."""
        self.runs: Optional[str] = None
        """The command that it runs."""
        self.forget()

    def forget(self) -> None:
        """Begin a line anew."""
        self.lines: List[bytes] = []
        self.piece = self.whole = b""
        self.held = 0

    def add(self, kind: str, text: bytes) -> None:
        """Take in a piece of the line."""
        self.held += len(text)
        if kind == "w":
            self.whole += text
        else:
            self.piece += text
            if kind == "l":
                self.lines.append(self.piece)
                self.piece = b""

    @property
    def room(self) -> bool:
        """Whether more of the line can be kept."""
        return self.held < _MOST_PIECES_BYTES

    @property
    def line(self) -> str:
        """The line as entered."""
        whole = self.whole or b"\n".join(self.lines)
        return whole.decode("utf-8", "replace").rstrip("\n")


class CommandEvents:
    """One terminal's. ``name`` gives the names of commands, ``mask`` hides secrets in a text."""

    def __init__(self, terminal: str, name: Callable[[], str], mask: Callable[[str], str]) -> None:
        self._terminal = terminal
        self._name = name
        self._mask = mask
        self._shells: List[_Shell] = []
        self._enters: Deque[Shares] = deque(maxlen=_MOST_ENTERS)
        self._typists: List[str] = []

    @property
    def at_prompt(self) -> bool:
        """Whether a shell that tells its commands waits for a line."""
        return bool(self._shells) and self._shells[-1].prompting

    def enter(self, shares: Shares) -> None:
        """Enter was pressed ``at_prompt``, behind what these people typed."""
        self._enters.append(shares)
        self._typists = sorted(shares)

    def enter_elsewhere(self, shares: Shares) -> None:
        """Enter was pressed for a program, or ahead of a prompt: how much of what, nobody knows."""
        self._typists = sorted(shares)

    def take(self, mark: Mark) -> List[Told]:
        """What a mark tells, in order."""
        at = next((at for at, one in enumerate(self._shells) if one.pid == mark.pid), None)
        if mark.kind == "s":  # where the process is known, it has become another shell
            told = self._leave(len(self._shells) if at is None else at)
            if len(self._shells) < _MOST_SHELLS:
                name = mark.fields[0].decode("utf-8", "replace")[:_MOST_NAME]
                self._shells.append(_Shell(mark.pid, name, len(self._shells) + 1))
            return told
        if at is None:
            return []
        told = self._leave(at + 1)
        shell = self._shells[at]
        if mark.kind == "p":
            return told + self._prompts(shell, *mark.fields)
        if mark.kind == "c":
            return told + self._begins(shell)
        if shell.prompting and shell.room:
            shell.add(mark.kind, mark.fields[0])
        return told

    def close(self, status: Optional[int]) -> List[Told]:
        """The terminal's shell has ended: so has what it ran, of which the shell's status tells."""
        return self._leave(1) + self._leave(0, status)

    def _leave(self, depth: int, status: Optional[int] = None) -> List[Told]:
        """The shells from this depth on are gone, innermost first."""
        gone, self._shells = self._shells[depth:], self._shells[:depth]
        return [self._ended(one.runs, status) for one in reversed(gone) if one.runs is not None]

    def _prompts(self, shell: _Shell, status: bytes, cwd: bytes) -> List[Told]:
        told: List[Told] = []
        known = int(status) if status.isdigit() and len(status) < 10 else None
        if shell.runs is not None:
            told.append(self._ended(shell.runs, known))
        elif shell.prompting and known != _INTERRUPTED and not _NOTHING.fullmatch(shell.line):
            # It never ran. What the status is of can be told only of bash's for a syntax error.
            told += self._started(shell)
            told.append(self._ended(shell.runs, known if known == _SYNTAX_ERROR else None))
        elif shell.prompting:
            self._entered(max(1, len(shell.lines)))
        shell.forget()
        shell.prompting, shell.runs = True, None
        shell.cwd = cwd.decode("utf-8", "replace")
        return told

    def _begins(self, shell: _Shell) -> List[Told]:
        if not shell.prompting:  # one more command of the same line
            return []
        told = self._started(shell)
        shell.prompting = False
        shell.forget()
        return told

    def _started(self, shell: _Shell) -> List[Told]:
        shell.runs = self._name()
        line, shares = shell.line, self._shares(shell)
        missing = len(line) - MOST_CHARACTERS
        fields: Dict[str, object] = {
            "command": shell.runs,
            "terminal": self._terminal,
            "line": self._mask(line[:MOST_CHARACTERS]) + (_CUT if missing > 0 else ""),
            "shell": shell.name,
            "depth": shell.depth,
            "cwd": self._mask(shell.cwd),
            "shares": shares,
        }
        if missing > 0:
            fields["cut"] = missing
        return [Told("command_started", fields)]

    def _ended(self, command: Optional[str], status: Optional[int]) -> Told:
        return Told(
            "command_ended", {"command": command, "terminal": self._terminal, "status": status}
        )

    def _shares(self, shell: _Shell) -> Shares:
        """Who typed the command: up to as many Enters as it has lines."""
        sums: Shares = {}
        for shares in self._entered(len(shell.lines) or shell.line.count("\n") + 1):
            for person, count in shares.items():
                sums[person] = sums.get(person, 0) + count
        return sums or dict.fromkeys(self._typists, 0)

    def _entered(self, count: int) -> List[Shares]:
        return [self._enters.popleft() for _ in range(min(count, len(self._enters)))]
