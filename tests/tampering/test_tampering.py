"""Every kind of tampering is seen, nothing honest is suspected, and both verifiers agree."""

from __future__ import annotations

from tests.tampering.kinds import KINDS
from tests.tampering.run import Tampered, tally, tampered
from tests.tampering.verifiers import Browsers

_CASES = 1500


def test_tampered_with_and_not() -> None:
    complaints: list[str] = []

    def complain(seed: int, number: int, one: Tampered, why: str) -> None:
        complaints.append(
            f"{one.kind}: {why}: python -m tests.tampering --seed {seed} --only {number}"
        )

    with Browsers() as browsers:
        done = tally(1, range(_CASES), browsers, complain)
    assert complaints == []
    assert set(done.by_kind) == {"honest", *(kind.__name__ for kind in KINDS)}
    assert (done.tampered, done.honest) == (_CASES * 9 // 10, _CASES // 10)


def test_a_case_is_the_same_each_time() -> None:
    assert [tampered(7, number) for number in range(60)] == [
        tampered(7, number) for number in range(60)
    ]
