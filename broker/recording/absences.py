"""When the customer, or the host, was not there: told from the session log. Pure.

An absence lasts from the customer's leaving, or the link's loss, to the return of both. It is made
of parts, each with a cause of its own; parts that overlap are one absence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Optional

from broker.recording.causes import SAYS, Cause
from broker.recording.session_log import Entry

AWAY, DISCONNECTED, LINK_LOST, STOPPED = "away", "disconnected", "link-lost", "stopped"
SEAT_TAKEN = "seat taken"
"""Why a terminal was detached whose seat another terminal of the customer took: nobody left."""


@dataclass
class Part:
    """One reason for an absence, in session seconds; ``until`` None: it goes on."""

    kind: str
    since: float
    until: Optional[float] = None
    cause: str = ""
    """Empty until it is known; for ``away``, how the customer left."""

    @property
    def says(self) -> str:
        """The cause in words."""
        if self.kind == AWAY and self.cause not in SAYS:
            return f"the customer left ({self.cause})" if self.cause else "the customer left"
        if self.kind == DISCONNECTED:
            return SAYS[Cause.RECONNECTED.value]
        return SAYS.get(self.cause, self.cause) or "link lost, cause not known yet"


@dataclass
class Absence:
    """One absence; ``until`` None: it goes on."""

    since: float
    until: Optional[float] = None
    parts: List[Part] = field(default_factory=list)

    @property
    def says(self) -> str:
        """Its causes in words, each once."""
        return ", ".join(dict.fromkeys(part.says for part in self.parts))

    def covers(self, t: float) -> bool:
        """Whether it was on at ``t``."""
        return self.since <= t and (self.until is None or t <= self.until)


class Absences:
    """Reads a session's log, entry by entry, all runs in order."""

    def __init__(self) -> None:
        self.found: List[Absence] = []
        """In order of time."""
        self._open: Dict[str, Part] = {}

    def take(self, entry: Entry) -> None:
        """Take in the next entry."""
        event, t = entry["event"], float(entry["t"])
        if event == "detached":
            if entry["why"] != SEAT_TAKEN:
                self._begin(AWAY, t, str(entry["why"]))
        elif event == "attached":
            self._end(AWAY, t)
        elif event == "link_lost":
            self._begin(LINK_LOST, float(entry["since"]))
        elif event == "disconnected":
            self._end(LINK_LOST, t)
            self._begin(DISCONNECTED, t)
        elif event == "link_up":
            self._end(LINK_LOST, t, str(entry["cause"]))
            self._end(DISCONNECTED, t)
        elif event == "stood_still":
            cause = str(entry["cause"])
            self._add(Part(cause, float(entry["since"]), float(entry["until"]), cause))
        elif event == "gap" and entry["cause"] in (
            Cause.RECORDER_STOPPED.value,
            Cause.REBOOTED.value,
        ):
            since, cause = float(entry["since"]), str(entry["cause"])
            self._add(Part(STOPPED, since, float(entry["until"]), cause))
            # The next run begins with an empty seat and no link.
            self._begin(AWAY, since, cause)
            self._begin(LINK_LOST, since, cause)
        elif event == "ended":
            for kind in list(self._open):
                self._end(kind, t)

    def _begin(self, kind: str, since: float, cause: str = "") -> None:
        if kind not in self._open:
            part = self._open[kind] = Part(kind, since, None, cause)
            self._add(part)

    def _end(self, kind: str, until: float, cause: str = "") -> None:
        part = self._open.pop(kind, None)
        if part is None:
            return
        part.until = until
        part.cause = cause or part.cause
        if not self._open:
            self.found[-1].until = until

    def _add(self, part: Part) -> None:
        last = self.found[-1] if self.found else None
        if last is None or (last.until is not None and last.until < part.since):
            last = Absence(part.since)
            self.found.append(last)
        last.since = min(last.since, part.since)
        last.parts.append(part)
        if self._open:
            last.until = None
        else:
            last.until = max(part.until or part.since, last.until or 0.0)


def absences(entries: Iterable[Entry]) -> List[Absence]:
    """Every absence that a session's log tells of, in order of time."""
    reader = Absences()
    for entry in entries:
        reader.take(entry)
    return reader.found
