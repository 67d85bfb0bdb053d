"""How each stretch of a session came to be known: observed, attested, or a gap. Pure.

Observed: the broker signed for the bytes within ten seconds of the time that they claim. Attested:
later, or never: they were written while the link was down or slow, and the customer's host says
when. Gap: nothing was recorded. Computed from the receipts and the session log whenever it is
wanted, and stored nowhere, so that nobody can claim it.

The two clocks are never compared as such: when a host greets, the broker notes the host's session
time beside its own (``linked``); a receipt is early or late by what has passed on both since then.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from broker.recording.causes import SAYS
from broker.recording.session_log import Entry
from broker.recording.statements import Statement

OBSERVED_WITHIN_SECONDS = 10.0

OBSERVED, ATTESTED, GAP = "observed", "attested", "gap"

EXPLAINS: Mapping[str, Tuple[str, ...]] = {
    "recorder-stopped": (
        "somebody on the host ended the recorder",
        "the kernel ended it for want of memory",
        "it crashed",
    ),
    "rebooted": ("the host was restarted", "it lost power", "it crashed"),
    "disk-full": ("the host's disk took no more",),
    "disk-error": ("the host's disk reported an error",),
    "spool-limit": ("more was printed than this session may keep before the broker holds it",),
    "stream-lost": (
        "the host lost power before its disk had written the file",
        "the disk was restored to an earlier state",
        "the file was removed on the host, by a person or a program",
    ),
}
"""What a gap's cause leaves open. In no order of likelihood, and no accusation."""


@dataclass(frozen=True)
class Range:
    """Bytes of a stream that came under one receipt; without one, the rest of the stream."""

    stream: str
    start: int
    end: int
    receipt: Optional[Statement]
    linked: Optional[Statement]
    """When both clocks were last read together before that."""


@dataclass(frozen=True)
class Stretch:
    """From ``since`` to ``until`` (session seconds), how it is known; a gap has a cause."""

    kind: str
    since: float
    until: float
    cause: str = ""
    explanations: Tuple[str, ...] = ()


def ranges(statements: Iterable[Statement], sizes: Mapping[str, int]) -> List[Range]:
    """What each receipt brought, in the order of the receipts; then what none speaks for."""
    found: List[Range] = []
    covered: Dict[str, int] = {}
    linked: Optional[Statement] = None
    for one in statements:
        if one.kind == "linked":
            linked = one
        elif one.kind == "receipt":
            name, end = (
                one.fields["stream"],
                min(one.fields["offset"], sizes.get(one.fields["stream"], 0)),
            )
            if end > covered.get(name, 0):
                found.append(Range(name, covered.get(name, 0), end, one, linked))
                covered[name] = end
    for name, size in sizes.items():
        if size > covered.get(name, 0):
            found.append(Range(name, covered.get(name, 0), size, None, None))
    return found


def is_observed(one: Range, since: float) -> bool:
    """Whether the broker signed soon enough for bytes that begin at session time ``since``."""
    if one.receipt is None or one.linked is None:
        return False
    passed = (one.receipt.time - one.linked.time) / 1000
    claimed = since - float(one.linked.fields["t"]) / 1000
    return passed <= claimed + OBSERVED_WITHIN_SECONDS


def stretches(
    timed: Iterable[Tuple[Range, float, float]], entries: Iterable[Entry]
) -> List[Stretch]:
    """The stretches of a session, in order of time, from its beginning to its last byte.

    ``timed``: each range with the session times of its first and last line. ``entries``: the
    session log, all runs. Silence is known as what comes after it is: until then nothing was
    there to be held.
    """
    seen = list(timed)
    attested = _Times((first, last) for one, first, last in seen if not is_observed(one, first))
    observed = _Times((first, last) for one, first, last in seen if is_observed(one, first))
    gaps = [_gap(entry) for entry in entries if entry["event"] == "gap"]
    missing = _Times((gap.since, gap.until) for gap in gaps)
    end = max(attested.end, observed.end)
    cuts = {0.0, end, *attested.bounds, *observed.bounds, *missing.bounds}
    bounds = sorted(cut for cut in cuts if cut <= end)
    told: List[Stretch] = []
    for since, until in zip(bounds, bounds[1:]):
        if missing.cover(since, until):
            continue
        if attested.cover(since, until):
            kind = ATTESTED
        elif observed.cover(since, until):
            kind = OBSERVED
        else:  # silence; where both begin in the same moment, the weaker
            kind = OBSERVED if observed.next(until) < attested.next(until) else ATTESTED
        _extend(told, kind, since, until)
    return sorted([*told, *gaps], key=lambda one: (one.since, one.until))


def explained(cause: str) -> Tuple[str, ...]:
    """What may have led to a gap of this cause."""
    return EXPLAINS.get(cause, (SAYS.get(cause, "the cause is not known"),))


def as_json(told: Sequence[Stretch]) -> List[Dict[str, Any]]:
    """As the API gives them."""
    return [
        {
            "kind": one.kind,
            "since": one.since,
            "until": one.until,
            "cause": one.cause,
            "explanations": list(one.explanations),
        }
        for one in told
    ]


class _Times:
    """Spans of time, overlapping ones joined. Each question costs a search, not a pass."""

    def __init__(self, spans: Iterable[Tuple[float, float]]) -> None:
        self._starts: List[float] = []
        self._ends: List[float] = []
        for since, until in sorted(spans):
            if self._ends and since <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], until)
            else:
                self._starts.append(since)
                self._ends.append(until)

    @property
    def bounds(self) -> List[float]:
        return [*self._starts, *self._ends]

    @property
    def end(self) -> float:
        return self._ends[-1] if self._ends else 0.0

    def cover(self, since: float, until: float) -> bool:
        at = bisect_right(self._starts, since) - 1
        return at >= 0 and until <= self._ends[at]

    def next(self, since: float) -> float:
        """When the first one from ``since`` on begins."""
        at = bisect_left(self._starts, since)
        return self._starts[at] if at < len(self._starts) else math.inf


def _gap(entry: Entry) -> Stretch:
    cause = str(entry["cause"])
    return Stretch(GAP, float(entry["since"]), float(entry["until"]), cause, explained(cause))


def _extend(told: List[Stretch], kind: str, since: float, until: float) -> None:
    if told and told[-1].kind == kind and told[-1].until == since:
        told[-1] = Stretch(kind, told[-1].since, until)
    else:
        told.append(Stretch(kind, since, until))
