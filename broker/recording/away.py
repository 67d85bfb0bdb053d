"""The away report: what happened on the host while the customer, or the link, was not there. Pure.

Told from the session log alone, so that the customer's host, the broker, a replay and an exported
bundle tell the same. Shapes are those of docs/protocol.md; times are session seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from broker.recording.absences import Absence
from broker.recording.commands import Command, Commands
from broker.recording.drift import ENTRY, Change, by_area, compose, from_json, says, title
from broker.recording.session_log import Entry
from broker.recording.suspects import suspects

MOST_ABSENCES = 100
"""The newest are told; a link that comes and goes all day has its timeline."""
MOST_LINES = 200
"""Commands of one absence that are told; of more, the newest, and how many are not."""
EARLIER = 0
"""The number under which the last fingerprint of the session before is known."""
_RETURN_SLACK_SECONDS = 1.0


class Drift(NamedTuple):
    """What two fingerprints that follow each other differ in, and when it must have happened."""

    n: int
    before: int
    since: float
    until: float
    changes: Tuple[Change, ...]
    more: int


class Fingerprint(NamedTuple):
    """When the host's state was read, why, and what of it could not be."""

    n: int
    why: str
    since: float
    t: float
    limits: Tuple[Dict[str, str], ...]


@dataclass
class Told:
    """What reports are made of, read from a whole log."""

    began: Optional[float] = None
    absences: List[Absence] = field(default_factory=list)
    commands: List[Command] = field(default_factory=list)
    counts: List[Tuple[float, Dict[str, int]]] = field(default_factory=list)
    """Characters that each person typed, by time."""
    drifts: List[Drift] = field(default_factory=list)
    fingerprints: List[Fingerprint] = field(default_factory=list)
    gaps: List[Dict[str, Any]] = field(default_factory=list)
    notes: List[Dict[str, Any]] = field(default_factory=list)
    terminals: List[str] = field(default_factory=list)
    ended: bool = False


def tell(entries: Iterable[Entry]) -> Dict[str, Any]:
    """All away reports of a session: ``{began, earlier, absences}``, absences in order of time."""
    told = _read(entries)
    first = max(0, len(told.absences) - MOST_ABSENCES)
    reports = [
        _report(n, told.absences[n - 1], told, _next_since(told.absences, n))
        for n in range(first + 1, len(told.absences) + 1)
    ]
    return {"began": told.began, "earlier": _earlier(told), "absences": reports}


def between(entries: Iterable[Entry], start: Optional[int], end: Optional[int]) -> Dict[str, Any]:
    """The drift between two fingerprints, by number; None: the first, the last.

    ``{fingerprints, from, to, drift, more, limits}``. Raises ValueError, with a sentence for
    whoever asked, where there is no such fingerprint or ``start`` is not the earlier one.
    """
    told = _read(entries)
    known = [(one.n, one.why, one.t) for one in told.fingerprints]
    if told.drifts and told.drifts[0].before == EARLIER:
        known.insert(0, (EARLIER, "earlier", told.drifts[0].since))
    numbers = [n for n, _, _ in known]
    for n in (start, end):
        if n is not None and n not in numbers:
            raise ValueError(f"there is no fingerprint {n} in this session")
    first = min(numbers, default=0) if start is None else start
    last = max(numbers, default=0) if end is None else end
    if first > last:
        raise ValueError(f"fingerprint {first} is later than {last}: give the earlier one first")
    drifts = [one for one in told.drifts if first < one.n <= last]
    return {
        "fingerprints": [{"n": n, "why": why, "t": t} for n, why, t in known],
        "from": first,
        "to": last,
        "drift": _areas(drifts, told.commands),
        "more": sum(one.more for one in drifts),
        "limits": _limits(one for one in told.fingerprints if one.n in (first, last)),
    }


def _report(n: int, absence: Absence, told: Told, until_notes: float) -> Dict[str, Any]:
    lines = [one for one in told.commands if absence.covers(one.since)]
    end = float("inf") if absence.until is None else absence.until
    drifts = [one for one in told.drifts if one.until > absence.since and one.since < end]
    drifts = [one for one in drifts if one.before != EARLIER]
    prints = [
        one for one in told.fingerprints if one.t >= absence.since and _is_within(one, drifts, end)
    ]
    return {
        "n": n,
        "since": absence.since,
        "until": absence.until,
        "says": absence.says,
        "parts": [
            {"kind": part.kind, "since": part.since, "until": part.until, "cause": part.says}
            for part in absence.parts
        ],
        "typists": _typists(lines, [shares for t, shares in told.counts if absence.covers(t)]),
        "lines": [_line(line) for line in lines[-MOST_LINES:]],
        "more_lines": max(0, len(lines) - MOST_LINES),
        "drift": _areas(drifts, told.commands, absence.since),
        "more": sum(one.more for one in drifts),
        "read": _read_between(absence, told, prints),
        "pending": _is_pending(absence, told),
        "limits": _limits(prints),
        "gaps": [gap for gap in told.gaps if gap["since"] < end and gap["until"] > absence.since],
        "notes": [note for note in told.notes if absence.since <= note["t"] < until_notes],
        "terminal": _terminal(lines, told.terminals),
    }


def _earlier(told: Told) -> Optional[Dict[str, Any]]:
    """What had changed since the session before, where there was one."""
    drifts = [one for one in told.drifts if one.before == EARLIER]
    if not drifts:
        return None
    first = [one for one in told.fingerprints if one.n == drifts[0].n]
    return {
        "since": drifts[0].since,
        "drift": _areas(drifts, ()),
        "more": sum(one.more for one in drifts),
        "limits": _limits(first),
    }


def _is_within(one: Fingerprint, drifts: Sequence[Drift], end: float) -> bool:
    return one.since < end or any(drift.n == one.n for drift in drifts)


def _read_between(
    absence: Absence, told: Told, prints: Sequence[Fingerprint]
) -> Optional[List[int]]:
    """The fingerprints from before and after, by number; None where the state was never read."""
    if not told.fingerprints:
        return None
    before = [one.n for one in told.fingerprints if one.since < absence.since]
    after = [one.n for one in prints]
    first = max(before, default=told.fingerprints[0].n)
    return [first, max([first, *after])]


def _is_pending(absence: Absence, told: Told) -> bool:
    """Whether the fingerprint of the return has yet to come."""
    if absence.until is None or not told.fingerprints or told.ended:
        return False
    since = absence.until - _RETURN_SLACK_SECONDS
    return not any(one.since >= since for one in told.fingerprints)


def _next_since(found: Sequence[Absence], n: int) -> float:
    return found[n].since if n < len(found) else float("inf")


def _areas(
    drifts: Sequence[Drift], lines: Sequence[Command], began: float = float("-inf")
) -> List[Dict[str, Any]]:
    """The drift from the first to the last of these, by area, in words."""
    windows: Dict[Tuple[str, ...], _Window] = {}
    for drift in drifts:
        for change in drift.changes:
            for key in _keys(change):
                since = windows.get(key, drift).since
                windows[key] = _Window(since, drift.until)
    told = []
    for area, changes in by_area(compose(drift.changes for drift in drifts)):
        described = []
        for change in changes:
            found = [windows[key] for key in _keys(change)]
            since = min(one.since for one in found)
            until = max(one.until for one in found)
            at = change.at
            likely = suspects(change, since, until, lines)
            early = since < began if at is None else at < began
            described.append(
                {
                    "text": says(change),
                    "since": since,
                    "until": until,
                    "at": at,
                    "early": early,
                    "lines": [_line(line) for line in likely],
                }
            )
        told.append({"area": area, "title": title(area), "changes": described})
    return told


class _Window(NamedTuple):
    """When a change must have happened."""

    since: float
    until: float


def _keys(change: Change) -> List[Tuple[str, ...]]:
    """What a change is of; of entries, each by itself."""
    if change.fact != ENTRY:
        return [change[:3]]
    return [(*change[:3], value) for value in (change.before, change.after) if value is not None]


def _typists(lines: Sequence[Command], counts: Sequence[Dict[str, int]]) -> List[Dict[str, Any]]:
    persons: Dict[str, Dict[str, Any]] = {}

    def of(person: str) -> Dict[str, Any]:
        return persons.setdefault(person, {"person": person, "lines": 0, "characters": 0})

    for line in lines:
        for person in line.persons:
            of(person)["lines"] += 1
    for shares in counts:
        for person, characters in shares.items():
            of(person)["characters"] += characters
    return sorted(persons.values(), key=lambda one: (-one["lines"], one["person"]))


def _terminal(lines: Sequence[Command], terminals: Sequence[str]) -> str:
    """The recording in which most was entered, else the newest."""
    names = [line.terminal for line in lines]
    if names:
        return max(sorted(set(names)), key=names.count)
    return terminals[-1] if terminals else ""


def _limits(fingerprints: Iterable[Fingerprint]) -> List[Dict[str, str]]:
    limits = {(one["probe"], one["why"]) for found in fingerprints for one in found.limits}
    return [{"probe": probe, "why": why} for probe, why in sorted(limits)]


def _line(command: Command) -> Dict[str, Any]:
    return {
        "t": command.since,
        "terminal": command.terminal,
        "line": command.line,
        "persons": list(command.persons),
        "status": command.status,
        "over": command.over,
        "how": command.how,
        "command": command.id,
    }


def _read(entries: Iterable[Entry]) -> Told:
    told, commands = Told(), Commands()
    for entry in entries:
        commands.take(entry)
        event, t = entry["event"], float(entry["t"])
        if event == "opened":
            told.terminals.append(str(entry["terminal"]))
        elif event == "gap":
            since, until = float(entry["since"]), float(entry["until"])
            told.gaps.append({"since": since, "until": until, "cause": str(entry["cause"])})
        elif event in ("entered", "command_started"):
            told.counts.append((t, dict(entry["shares"])))
        elif event == "fingerprint":
            told.fingerprints.append(_fingerprint(entry))
        elif event == "drift":
            told.drifts.append(_drift(entry))
        elif event == "noted":
            told.notes.append({"t": t, "by": str(entry["by"]), "text": str(entry["text"])})
    told.began, told.ended = commands.began, commands.ended
    told.commands, told.absences = commands.found, commands.absences.found
    return told


def _fingerprint(entry: Entry) -> Fingerprint:
    limits = tuple({"probe": str(one["probe"]), "why": str(one["why"])} for one in entry["limits"])
    since, t = float(entry["since"]), float(entry["t"])
    return Fingerprint(int(entry["n"]), str(entry["why"]), since, t, limits)


def _drift(entry: Entry) -> Drift:
    return Drift(
        int(entry["n"]),
        int(entry["before"]),
        float(entry["since"]),
        float(entry["until"]),
        tuple(from_json(change) for change in entry["changes"]),
        int(entry["more"]),
    )
