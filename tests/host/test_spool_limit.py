from __future__ import annotations

from broker.host.pace import Pace
from broker.host.slowing import Slowing
from broker.host.spool_limit import Level, SpoolLimit

PLENTY = 10**12


def level(limit: SpoolLimit) -> Level:
    return limit.level


def test_floods_are_slowed_near_the_limit_and_nothing_grows_at_it() -> None:
    limit = SpoolLimit(1000)
    limit.measured(700, PLENTY)
    assert (limit.takes(50), level(limit)) == (True, Level.FREE)
    assert (limit.takes(1), level(limit)) == (True, Level.SLOW)
    assert (limit.takes(250), level(limit)) == (False, Level.FULL)
    assert not limit.takes(1)


def test_it_goes_on_when_the_broker_has_taken_enough() -> None:
    limit = SpoolLimit(1000)
    limit.measured(1000, PLENTY)
    assert level(limit) is Level.FULL
    limit.measured(900, PLENTY)
    assert level(limit) is Level.FULL
    limit.measured(899, PLENTY)
    assert (level(limit), limit.takes(50)) == (Level.SLOW, True)
    limit.measured(651, PLENTY)
    assert level(limit) is Level.SLOW
    limit.measured(649, PLENTY)
    assert level(limit) is Level.FREE


def test_what_the_disk_has_room_for_slows_but_does_not_stop() -> None:
    limit = SpoolLimit(1000)
    limit.measured(200, 100)
    assert level(limit) is Level.FREE
    limit.measured(310, 100)
    assert level(limit) is Level.SLOW
    limit.measured(310, -5)
    assert (level(limit), limit.takes(500)) == (Level.SLOW, True)


def test_what_the_broker_lacks_of_earlier_runs_counts() -> None:
    limit = SpoolLimit(1000)
    limit.measured(5000, PLENTY)
    assert not limit.takes(1)


def test_a_burst_passes_at_once_and_then_so_much_a_second() -> None:
    pace = Pace(burst=100, per_second=10)
    assert pace.left(5.0) == 100
    pace.took(95)
    assert (pace.left(5.0), pace.seconds_until(20)) == (5, 1.5)
    assert pace.left(6.5) == 20
    pace.took(30)
    assert pace.left(6.5) == 0
    assert pace.left(1000.0) == 100


def test_what_was_slowed_is_told_from_before_it_began() -> None:
    slowing = Slowing(10.0)
    assert slowing.look(11.0, slow=False) == (False, None)
    assert slowing.look(12.0, slow=True) == (True, None)
    assert slowing.look(13.0, slow=True) == (False, None)
    assert slowing.look(14.0, slow=False) == (False, (11.0, 14.0))
    assert slowing.look(15.0, slow=False) == (False, None)
