"""The commands of a session: what was run, by whom, and how it ended, told from its log. Pure.

Where a shell tells its commands they are *told*; where none does, the lines that the screen showed
at a prompt are *inferred* ones. Shapes are those of docs/protocol.md; times are session seconds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from broker.recording.absences import Absences
from broker.recording.outcome import ENDED, INFERRED, LOST, RUNNING, STOPPED
from broker.recording.session_log import Entry

MOST_COMMANDS = 2000
"""So many are told, the newest; of the others, how many there are."""
MOST_EXECS = 500
UNTOLD = "…"
"""In ``entered``: one of several lines that the screen could not tell."""
TOLD = "told"
_STATUS_OF_STOPPED = 148
_ID = re.compile(r"[1-9][0-9]{0,8}-[1-9][0-9]{0,8}", re.ASCII)
_LATE_MOST = 20
"""Lines that are told late are looked for among so many."""
_LINE_CHARACTERS = 16_384
_PATH_CHARACTERS = 4096


@dataclass
class Command:
    """One command, as docs/protocol.md has it."""

    id: str
    terminal: str
    line: str
    how: str
    since: float
    shares: Dict[str, int]
    over: str
    until: Optional[float] = None
    status: Optional[int] = None
    cwd: str = ""
    shell: str = ""
    depth: int = 0
    within: Optional[str] = None
    interactive: bool = False
    proposal: Optional[str] = None
    offset: Optional[int] = None
    end: Optional[int] = None
    seen: bool = False
    """A deeper shell told commands within it."""

    @property
    def persons(self) -> Tuple[str, ...]:
        """Whose keys made up the line, by name."""
        return tuple(sorted(self.shares))


class _Ran(NamedTuple):
    """A proposal that was typed into a terminal, as far as no command of it was seen."""

    proposal: str
    rest: str
    begun: bool
    """A command of it was."""


class _Terminal:
    """What goes on at one terminal."""

    def __init__(self) -> None:
        self.running: List[Command] = []
        """The outermost first, each of a deeper shell than the one before."""
        self.last: Optional[Command] = None
        self.ran: Optional[_Ran] = None
        self.told_exactly: List[str] = []
        """Lines of proposals, which were told as they ran and may come late as well."""


class Commands:
    """Reads a session's log, entry by entry, all runs in order."""

    def __init__(self) -> None:
        self.began: Optional[float] = None
        """Unix time of the session's zero."""
        self.ended = False
        self.absences = Absences()
        self.found: List[Command] = []
        """All, in the order in which they began."""
        self._ids: Dict[str, Command] = {}
        self._inferred = 0
        self._terminals: Dict[str, _Terminal] = {}
        self._execs: List[Dict[str, Any]] = []
        self._lost = 0

    def take(self, entry: Entry) -> None:
        """Take in the next entry."""
        self.absences.take(entry)
        event, t = entry["event"], float(entry["t"])
        if event == "command_started":
            self._start(entry, t)
        elif event == "command_ended":
            self._end(entry, t)
        elif event == "entered":
            self._enter(entry, t)
        elif event == "ran":
            text = _line(entry["text"])
            self._at(entry).ran = _Ran(str(entry["proposal"]), text, begun=False)
        elif event == "closed":
            self._close(str(entry["terminal"]))
        elif event == "execs":
            self._take_execs(entry)
        elif event == "started":
            self.began = float(entry["wall"]) - t
            self._close(*self._terminals)
        elif event == "ended":
            self.ended = True
            self._close(*self._terminals)

    def as_json(self) -> Dict[str, Any]:
        """As the API gives them."""
        starts = [absence.since for absence in self.absences.found]

        def is_away(t: float) -> bool:
            at = bisect_right(starts, t) - 1
            return at >= 0 and self.absences.found[at].covers(t)

        newest = self.found[-MOST_COMMANDS:]
        return {
            "began": self.began,
            "commands": [_as_json(one, away=is_away(one.since)) for one in newest],
            "more": len(self.found) - len(newest),
            "execs": list(self._execs),
            "lost": self._lost,
            "ended": self.ended,
        }

    # --- what shells tell -------------------------------------------------------------------------

    def _start(self, entry: Entry, t: float) -> None:
        name, depth, line = str(entry["command"]), int(entry["depth"]), _line(entry["line"])
        if not _ID.fullmatch(name):
            raise ValueError("no name of a command")
        if name in self._ids:
            return
        at = self._at(entry)
        while at.running and at.running[-1].depth >= depth:
            at.running.pop().over = LOST  # its shell is gone, or nobody heard of its end
        command = Command(
            name,
            str(entry["terminal"]),
            line,
            TOLD,
            t,
            _shares(entry),
            RUNNING,
            cwd=str(entry["cwd"])[:_PATH_CHARACTERS],
            shell=str(entry["shell"])[:_PATH_CHARACTERS],
            depth=depth,
            proposal=_proposal(at, line),
            offset=int(entry["offset"]),
        )
        if at.running:
            outer = at.running[-1]
            outer.seen, outer.interactive = True, False
            command.within = outer.id
        self._ids[name] = command
        at.running.append(command)
        self._add(at, command)

    def _end(self, entry: Entry, t: float) -> None:
        command = self._ids.get(str(entry["command"]))
        if command is None or command.over != RUNNING:
            return
        running = self._terminals[command.terminal].running
        while running[-1] is not command:
            running.pop().over = LOST
        running.pop()
        status = entry["status"]
        command.until, command.end = t, int(entry["offset"])
        command.status = None if status is None else int(status)
        command.over = STOPPED if command.status == _STATUS_OF_STOPPED else ENDED

    # --- what the screen tells --------------------------------------------------------------------

    def _enter(self, entry: Entry, t: float) -> None:
        at, shares = self._at(entry), _shares(entry)
        ran, at.ran = at.ran, None
        text = _line(entry.get("line", "")) if ran is None else ran.rest
        if ran is not None:
            at.told_exactly = [*at.told_exactly[-_LATE_MOST:], *text.split("\n")]
        rows = ["" if row == UNTOLD else row for row in text.split("\n")]
        if ran is None and shares and not any(shares.values()):
            rows = self._tell_late(at, str(entry["terminal"]), rows)
        for row in rows:
            self._infer(at, str(entry["terminal"]), row, t, shares, ran and ran.proposal)

    def _tell_late(self, at: _Terminal, terminal: str, rows: List[str]) -> List[str]:
        """Put lines that come late, and so without characters, where they were entered.

        Returns those whose place is not known.
        """
        rows = list(rows)
        for row in [row for row in rows if row in at.told_exactly]:
            rows.remove(row)
            at.told_exactly.remove(row)
        for one in self.found[-_LATE_MOST:]:
            if rows and one.terminal == terminal and one.how == INFERRED and not one.line:
                one.line = rows.pop(0)
        return rows

    def _infer(
        self,
        at: _Terminal,
        terminal: str,
        line: str,
        t: float,
        shares: Dict[str, int],
        proposal: Optional[str],
    ) -> None:
        outer = at.running[-1] if at.running else None
        last = at.last
        if outer is not None:
            outer.interactive = not outer.seen
            if (
                last is not None
                and last.within == outer.id
                and not (last.line or line or proposal)
                and last.shares.keys() == shares.keys()
            ):
                # Whoever holds Enter in a pager enters no hundred commands.
                for person, count in shares.items():
                    last.shares[person] += count
                return
        self._inferred += 1
        command = Command(
            f"e{self._inferred}",
            terminal,
            line,
            INFERRED,
            t,
            dict(shares),
            INFERRED,
            within=None if outer is None else outer.id,
            proposal=proposal,
        )
        self._add(at, command)

    # --- parts ------------------------------------------------------------------------------------

    def _at(self, entry: Entry) -> _Terminal:
        return self._terminals.setdefault(str(entry["terminal"]), _Terminal())

    def _add(self, at: _Terminal, command: Command) -> None:
        at.last = command
        self.found.append(command)

    def _close(self, *terminals: str) -> None:
        for name in terminals:
            at = self._terminals.pop(name, None)
            for command in at.running if at is not None else ():
                command.over = LOST

    def _take_execs(self, entry: Entry) -> None:
        for one in entry["ran"]:
            argv = one["argv"]
            self._execs.append(
                {
                    "t": float(one["t"]),
                    "pid": int(one["pid"]),
                    "parent": int(one["parent"]),
                    "user": str(one["user"]),
                    "terminal": str(one["terminal"]),
                    "argv": None if argv is None else [str(word) for word in argv],
                    "cwd": str(one["cwd"]),
                }
            )
        dropped = max(0, len(self._execs) - MOST_EXECS)
        del self._execs[:dropped]
        self._lost += int(entry["lost"]) + dropped


def tell(entries: Iterable[Entry]) -> Dict[str, Any]:
    """The commands of a session: ``{began, commands, more, execs, lost, ended}``."""
    commands = Commands()
    for entry in entries:
        commands.take(entry)
    return commands.as_json()


def _proposal(at: _Terminal, line: str) -> Optional[str]:
    """Of which proposal this is the next command, if of any: its text may be several."""
    ran, at.ran = at.ran, None
    if ran is None:
        return None
    if ran.rest.startswith(line + "\n"):
        at.ran = _Ran(ran.proposal, ran.rest[len(line) + 1 :], begun=True)
    elif ran.begun and ran.rest != line:
        return None
    return ran.proposal


def _line(text: object) -> str:
    return str(text)[:_LINE_CHARACTERS]


def _shares(entry: Entry) -> Dict[str, int]:
    return {str(person): int(count) for person, count in entry["shares"].items()}


def _as_json(command: Command, *, away: bool) -> Dict[str, Any]:
    return {
        "id": command.id,
        "terminal": command.terminal,
        "line": command.line,
        "how": command.how,
        "since": command.since,
        "until": command.until,
        "status": command.status,
        "cwd": command.cwd,
        "shell": command.shell,
        "depth": command.depth,
        "shares": dict(command.shares),
        "away": away,
        "within": command.within,
        "interactive": command.interactive,
        "proposal": command.proposal,
        "over": command.over,
        "offset": command.offset,
        "end": command.end,
    }
