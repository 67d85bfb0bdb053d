"""Some hundred lives of a host and a broker; ``python -m tests.simulation`` runs more."""

from __future__ import annotations

from tests.simulation.__main__ import outcome, outcomes

SEEDS = 500


def test_whatever_befalls_them_nothing_acknowledged_is_lost_and_no_hole_is_silent() -> None:
    wrong = {one.seed: one.wrong[0] for one in outcomes(range(SEEDS)) if one.wrong}
    assert not wrong, "python -m tests.simulation --seed N shows what happened"


def test_a_seed_is_replayed_bit_for_bit() -> None:
    for seed in (3, 38, 201):
        (elsewhere,) = outcomes([seed], processes=1)
        assert outcome(seed) == outcome(seed) == elsewhere
