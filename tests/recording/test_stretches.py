from __future__ import annotations

from broker.recording.session_log import Entry
from broker.recording.statements import Statement
from broker.recording.stretches import ATTESTED, GAP, OBSERVED, Range, ranges, stretches
from tests.recording.receipts_made import ONE

LOG, CAST = "run-1.log", "run-1.terminal-1.cast"
ZERO = 1_700_000_000_000


class Told:
    """Receipts with their broker's time in seconds after session time 0, as the broker sees it."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def linked(self, t: float, at: float | None = None) -> Told:
        return self._add("linked", at if at is not None else t, run=1, t=round(t * 1000))

    def receipt(self, stream: str, offset: int, at: float) -> Told:
        return self._add("receipt", at, stream=stream, offset=offset, sha256="0" * 64)

    def _add(self, kind: str, at: float, **fields: object) -> Told:
        n = len(self.statements) + 1
        self.statements.append(Statement(n, ONE.fingerprint, ZERO + round(at * 1000), kind, fields))
        return self


def told(
    statements: list[Statement],
    times: dict[str, list[float]],
    entries: list[Entry] | None = None,
) -> list[tuple[str, float, float]]:
    """Each stream is as many bytes as it has times: one line a byte."""
    found = ranges(statements, {name: len(t) for name, t in times.items()})
    timed = [(one, times[one.stream][one.start], times[one.stream][one.end - 1]) for one in found]
    return [(one.kind, one.since, one.until) for one in stretches(timed, entries or [])]


def test_ranges_are_what_each_receipt_brought() -> None:
    said = Told().linked(0).receipt(CAST, 2, 1).receipt(LOG, 1, 1).receipt(CAST, 5, 3).statements
    assert ranges(said, {CAST: 7, LOG: 1}) == [
        Range(CAST, 0, 2, said[1], said[0]),
        Range(LOG, 0, 1, said[2], said[0]),
        Range(CAST, 2, 5, said[3], said[0]),
        Range(CAST, 5, 7, None, None),
    ]


def test_live_is_observed_whatever_the_hosts_clock_says() -> None:
    said = Told().linked(0, at=500).receipt(CAST, 2, 504).receipt(CAST, 3, 508).statements
    assert told(said, {CAST: [0.5, 3.0, 7.0]}) == [(OBSERVED, 0.0, 7.0)]


def test_what_comes_later_is_attested_from_where_the_broker_heard_nothing() -> None:
    said = (
        Told()
        .linked(0)
        .receipt(CAST, 2, 4)
        .linked(600)
        .receipt(CAST, 4, 601)
        .receipt(CAST, 5, 606)
        .statements
    )
    times = {CAST: [0.5, 3.0, 100.0, 590.0, 605.0]}
    assert told(said, times) == [
        (OBSERVED, 0.0, 3.0),
        (ATTESTED, 3.0, 590.0),
        (OBSERVED, 590.0, 605.0),
    ]


def test_a_clock_that_stood_still_does_not_make_late_things_early() -> None:
    """A paused machine's session clock stands; what it says then is not heard when it says."""
    said = Told().linked(0).receipt(CAST, 1, 2).receipt(CAST, 2, 300).statements
    assert told(said, {CAST: [1.0, 5.0]}) == [(OBSERVED, 0.0, 1.0), (ATTESTED, 1.0, 5.0)]


def test_without_receipts_all_is_attested_and_gaps_are_gaps() -> None:
    gap: Entry = {"t": 9.0, "event": "gap", "since": 2.0, "until": 9.0, "cause": "rebooted"}
    assert told([], {LOG: [0.0, 2.0, 9.0, 12.0]}, [gap]) == [
        (ATTESTED, 0.0, 2.0),
        (GAP, 2.0, 9.0),
        (ATTESTED, 9.0, 12.0),
    ]


def test_an_explanation_accuses_nobody() -> None:
    gap: Entry = {"t": 9.0, "event": "gap", "since": 2.0, "until": 9.0, "cause": "recorder-stopped"}
    found = stretches([], [gap])
    assert len(found) == 1
    assert len(found[0].explanations) > 1
    assert not any("customer" in one or "delete" in one for one in found[0].explanations)


def test_many_ranges_are_no_trouble() -> None:
    said = Told().linked(0)
    for n in range(1, 20_001):
        said.receipt(CAST, n, n * 4)
    times = {CAST: [n * 4 - 1.0 for n in range(1, 20_001)]}
    assert told(said.statements, times) == [(OBSERVED, 0.0, 79_999.0)]
