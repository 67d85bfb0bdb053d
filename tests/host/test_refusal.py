from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from broker.host.refusal import Refusal, refusal
from broker.recording.grant import Away, Grant, Mode, Standing

TRUTH = [True, False]


@pytest.mark.parametrize(("mode", "needs"), list(product(Mode, Mode)))
def test_an_engineer_does_only_what_nothing_speaks_against(mode: Mode, needs: Mode) -> None:
    order = list(Mode)
    for away, standing, t, seated, recording in product(
        Away, Standing, [0.0, 99.9, 100.0, 1e9], TRUTH, TRUTH
    ):
        grant = Grant(mode, away, 100.0, standing=standing)
        why = refusal(grant, needs, t, seated=seated, recording=recording)
        may = (
            order.index(mode) >= order.index(needs)
            and standing is Standing.LIVE
            and t < 100.0
            and recording
            and (seated or away is Away.CONTINUE)
        )
        assert (why is None) == may, (away, standing, t, seated, recording)


def test_the_reason_given_is_the_one_that_the_engineer_can_do_least_about() -> None:
    watch = Grant(Mode.WATCH, Away.PAUSE, 100.0)
    control = Grant(Mode.CONTROL, Away.PAUSE, 100.0)

    def why(grant: Grant, t: float, *, seated: bool = False) -> Refusal | None:
        return refusal(grant, Mode.CONTROL, t, seated=seated, recording=False)

    assert why(replace(control, standing=Standing.REVOKED), 200.0) is Refusal.REVOKED
    assert why(control, 200.0) is Refusal.EXPIRED
    assert why(watch, 1.0) is Refusal.MODE
    assert why(control, 1.0) is Refusal.PAUSED
    assert why(control, 1.0, seated=True) is Refusal.DISK_FULL
