from __future__ import annotations

import time

from broker.host.clock import SessionClock, boot_id, boottime, suspended


def test_within_a_boot_the_wall_clock_does_not_matter() -> None:
    clock = SessionClock(boot_id(), boottime() - 100, time.time() + 1e6, not_before=0.0)
    assert 100 <= clock() < 101
    assert clock() <= clock()


def test_after_a_reboot_only_the_wall_clock_is_left() -> None:
    clock = SessionClock("another boot", boottime() + 1e6, time.time() - 500, not_before=0.0)
    assert 500 <= clock() < 501


def test_time_never_runs_behind_what_is_recorded() -> None:
    clock = SessionClock("another boot", 0.0, time.time() + 1e6, not_before=700.0)
    assert 700 <= clock() < 701


def test_a_host_has_not_slept_for_less_than_nothing() -> None:
    assert suspended() > -0.001
