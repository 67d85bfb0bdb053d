from __future__ import annotations

from broker.host.clock import Moment
from broker.host.pulse import Pulse, Stillness
from broker.recording.causes import Cause


def test_a_pulse_that_goes_on_tells_nothing() -> None:
    pulse = Pulse(Moment(0.0, 5.0), every=1.0)
    assert [pulse.beat(Moment(t, 5.0)) for t in (1.0, 2.0, 4.5, 7.5)] == [None] * 4


def test_a_host_that_slept() -> None:
    pulse = Pulse(Moment(10.0, 5.0), every=1.0)
    assert pulse.beat(Moment(3970.0, 3964.0)) == Stillness(10.0, 3970.0, Cause.ASLEEP)
    assert pulse.beat(Moment(3971.0, 3964.0)) is None


def test_a_recorder_that_was_frozen() -> None:
    pulse = Pulse(Moment(10.0, 5.0), every=1.0)
    assert pulse.beat(Moment(18.0, 5.0)) == Stillness(10.0, 18.0, Cause.FROZEN)
