from __future__ import annotations

import json
from typing import Any

from broker.host.away_cut import cut
from tests.host.test_away_text import change, line, report


def away(*absences: dict[str, Any], changes: int = 0) -> dict[str, Any]:
    area = {"area": "x", "title": "X", "changes": [change("y" * 100)] * changes}
    earlier = {"since": -1.0, "drift": [area] if changes else [], "more": 0, "limits": []}
    return {"began": 1.0, "earlier": earlier, "absences": list(absences)}


def size(value: object) -> int:
    return len(json.dumps(value))


def test_what_fits_is_left_alone() -> None:
    whole = away(report(), report(n=2), changes=2)
    assert cut(whole, size(whole)) == whole


def test_the_oldest_absences_go_first() -> None:
    whole = away(*(report(n=n) for n in range(1, 50)))
    told = cut(whole, 10_000)
    assert size(told) <= 10_000
    numbers = [one["n"] for one in told["absences"]]
    assert numbers == list(range(50 - len(numbers), 50))
    assert told["absences"][-1] == report(n=49)
    assert len(whole["absences"]) == 49


def test_of_a_long_one_the_newest_lines_are_kept_and_the_others_counted() -> None:
    lines = [line(float(n), f"{n} " + "漢" * 200) for n in range(200)]
    told = cut(away(report(lines=lines, more_lines=5)), 30_000)
    assert size(told) <= 30_000
    (kept,) = told["absences"]
    assert kept["lines"]
    assert kept["lines"] == lines[-len(kept["lines"]) :]
    assert kept["more_lines"] + len(kept["lines"]) == 205
    assert kept["drift"] == report()["drift"]


def test_whatever_is_long_it_fits_in_the_end() -> None:
    area = {"area": "x", "title": "X", "changes": [change("y" * 200)] * 3000}
    note = {"t": 1.0, "by": "carol", "text": "z" * 2000}
    span = {"kind": "asleep", "since": 1.0, "until": 2.0, "cause": "the host slept"}
    whole = away(
        report(drift=[area], notes=[note] * 100, parts=[span] * 5000, gaps=[span] * 5000),
        changes=1000,
    )
    told = cut(whole, 48_000)
    assert size(told) <= 48_000
    (kept,) = told["absences"]
    changes = sum(len(one["changes"]) for one in kept["drift"])
    assert kept["more"] + changes == 3000
    assert told["earlier"]["more"] == 1000
    assert kept["notes"]
