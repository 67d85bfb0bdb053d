"""Away reports cut to what one answer on the recorder's socket may hold. Pure.

What is left out is what is oldest, or least: whole absences first, then what was before the
session, then lines, changes and notes. Lines and changes that are left out are counted.
"""

from __future__ import annotations

import copy
import json
from typing import Any, Callable, Dict, List, Optional, Sequence

Report = Dict[str, Any]


def cut(away: Report, most_bytes: int) -> Report:
    """The reports, of which the JSON takes at most so much; the newest absence is kept longest."""
    absences: List[Report] = list(away["absences"])
    sizes = [_size(one) for one in absences]
    rest = _size({**away, "absences": []})
    while len(absences) > 1 and rest + sum(sizes) + 2 * len(sizes) - 2 > most_bytes:
        del absences[0], sizes[0]
    told = copy.deepcopy({**away, "absences": absences})
    steps: List[Callable[[], bool]] = [lambda: _drop_changes(told["earlier"])]
    for report in told["absences"]:
        steps += _steps(report)
    for step in steps:
        while _size(told) > most_bytes and step():
            pass
    return told


def _steps(report: Report) -> Sequence[Callable[[], bool]]:
    return (
        lambda: _drop_lines(report),
        lambda: _drop_changes(report),
        lambda: _drop_half(report["parts"]) > 0,
        lambda: _drop_half(report["gaps"]) > 0,
        lambda: _drop_half(report["notes"]) > 0,
    )


def _size(value: object) -> int:
    return len(json.dumps(value))


def _drop_half(items: List[Any]) -> int:
    """Drop the first half of them, or the only one; how many that were."""
    number = (len(items) + 1) // 2
    del items[:number]
    return number


def _drop_lines(report: Report) -> bool:
    dropped = _drop_half(report["lines"])
    report["more_lines"] += dropped
    return dropped > 0


def _drop_changes(report: Optional[Report]) -> bool:
    """Drop half the changes of the area that has most."""
    if report is None or not report["drift"]:
        return False
    area = max(report["drift"], key=lambda one: len(one["changes"]))
    report["more"] += _drop_half(area["changes"])
    if not area["changes"]:
        report["drift"].remove(area)
    return True
