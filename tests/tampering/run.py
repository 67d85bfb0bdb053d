"""Makes cases, puts them to both verifiers, and counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from broker.recording.verification import Verdict
from tests.tampering.honest import Case, honest
from tests.tampering.kinds import KINDS
from tests.tampering.verifiers import Browsers, ours, said

_HONEST = 10
"""One case in so many is left as it is: what is honest must not be suspected."""


@dataclass(frozen=True)
class Tampered:
    """One case, and what may be said of it."""

    kind: str
    case: Case
    right: frozenset[Verdict]


@dataclass
class Tally:
    """What was judged."""

    tampered: int = 0
    honest: int = 0
    wrong: int = 0
    by_kind: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


def tampered(seed: int, number: int) -> Tampered:
    """A case by its number; the kinds come in turn."""
    random = Random(f"{seed} {number}")  # noqa: S311 - to be the same again
    case = honest(random, "s1")
    if number % _HONEST == 0:
        return Tampered("honest", case, frozenset({Verdict.VERIFIED}))
    kinds = list(KINDS)
    tamper = kinds[(number - number // _HONEST - 1) % len(kinds)]
    while (found := tamper(random, case)) == case:
        case = honest(random, "s1")
    return Tampered(tamper.__name__, found, KINDS[tamper])


def tally(
    seed: int,
    numbers: Iterable[int],
    browsers: Browsers,
    complain: Callable[[int, int, Tampered, str], None],
) -> Tally:
    """Judge these cases by both verifiers."""
    done = Tally()
    for number in numbers:
        one = tampered(seed, number)
        here = ours(one.case)
        there = browsers.judge([one.case])[0]
        done.by_kind[one.kind][here.verdict.name] += 1
        done.honest += one.kind == "honest"
        done.tampered += one.kind != "honest"
        if here.verdict not in one.right:
            done.wrong += 1
            complain(seed, number, one, f"judged {said(here)}")
        elif there != said(here):
            done.wrong += 1
            complain(seed, number, one, f"{said(here)} here, {there} in the browser")
    return done
