from __future__ import annotations

from itertools import product

import pytest

from broker.host.grant import Away, Grant, Mode, Refusal

TRUTH = [True, False]


@pytest.mark.parametrize(
    ("mode", "away", "t", "seated", "recording"),
    list(product(Mode, Away, [0.0, 99.9, 100.0, 1e9], TRUTH, TRUTH)),
)
def test_an_engineer_types_only_where_nothing_speaks_against_it(
    mode: Mode, away: Away, t: float, seated: bool, recording: bool
) -> None:
    refusal = Grant(mode, away, 100.0).refuses(t, seated=seated, recording=recording)
    may = mode is Mode.CONTROL and t < 100.0 and recording and (seated or away is Away.CONTINUE)
    assert (refusal is None) == may


def test_the_reason_given_is_the_one_that_the_engineer_can_do_least_about() -> None:
    watch = Grant(Mode.WATCH, Away.PAUSE, 100.0)
    control = Grant(Mode.CONTROL, Away.PAUSE, 100.0)
    assert watch.refuses(200.0, seated=False, recording=False) is Refusal.MODE
    assert control.refuses(200.0, seated=False, recording=False) is Refusal.EXPIRED
    assert control.refuses(1.0, seated=False, recording=False) is Refusal.PAUSED
    assert control.refuses(1.0, seated=True, recording=False) is Refusal.DISK_FULL
