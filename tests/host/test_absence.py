from __future__ import annotations

import pytest

from broker.host.absence import Absence, Return
from broker.host.clock import Moment
from broker.host.pulse import Stillness
from broker.recording.causes import Cause


def test_the_first_link_comes_back_from_nowhere() -> None:
    assert Absence().back(Moment(3.0, 0.0), "b1") == Return(None, 3.0)


def test_a_network_that_was_gone() -> None:
    absence = Absence()
    absence.lost(Moment(10.0, 7.0))
    absence.lost(Moment(12.0, 7.0), uplink_ended=True)
    assert absence.back(Moment(50.0, 7.1), "b1") == Return(Cause.NETWORK_LOST, 10.0)
    assert absence.back(Moment(51.0, 7.1), "b1") == Return(None, 51.0)


def test_a_sleep_shows_although_its_loss_was_noticed_only_after_it() -> None:
    absence = Absence()
    absence.lost(Moment(10.0, 7.0))
    assert absence.back(Moment(4000.0, 3900.0), "b1") == Return(Cause.ASLEEP, 10.0)


def test_a_recorder_that_stood_still_while_the_link_was_lost() -> None:
    absence = Absence()
    absence.stood_still(Stillness(11.0, 20.0, Cause.FROZEN))
    absence.lost(Moment(10.0, 7.0))
    assert absence.back(Moment(21.0, 7.0), "b1") == Return(Cause.FROZEN, 10.0)


@pytest.mark.parametrize("cause", [Cause.FROZEN, Cause.ASLEEP])
def test_what_was_read_on_waking_was_said_before(cause: Cause) -> None:
    absence = Absence()
    absence.stood_still(Stillness(11.0, 20.0, cause))
    absence.lost(Moment(20.1, 9.0))
    assert absence.back(Moment(22.0, 9.0), "b1") == Return(cause, 11.0)


def test_a_stillness_before_the_loss_does_not_explain_it() -> None:
    absence = Absence()
    absence.stood_still(Stillness(11.0, 20.0, Cause.FROZEN))
    absence.lost(Moment(30.0, 7.0))
    assert absence.back(Moment(40.0, 7.0), "b1") == Return(Cause.NETWORK_LOST, 30.0)


def test_an_uplink_that_ended_and_a_broker_that_was_restarted() -> None:
    absence = Absence()
    absence.back(Moment(1.0, 0.0), "b1")
    absence.lost(Moment(10.0, 0.0))
    assert absence.back(Moment(11.0, 0.0), "b2") == Return(Cause.BROKER_RESTARTED, 10.0)
    absence.lost(Moment(20.0, 0.0), uplink_ended=True)
    assert absence.back(Moment(21.0, 0.0), "b2") == Return(Cause.UPLINK_STOPPED, 20.0)


def test_what_the_customer_cut_was_not_lost() -> None:
    absence = Absence()
    absence.cut_by_customer(Moment(10.0, 0.0))
    was_cut = absence.cut
    absence.mended_by_customer()
    assert (was_cut, absence.cut) == (True, False)
    assert absence.back(Moment(20.0, 0.0), "b1") == Return(Cause.RECONNECTED, 10.0)


def test_what_was_lost_and_then_cut_counts_from_the_loss() -> None:
    absence = Absence()
    absence.lost(Moment(10.0, 0.0))
    absence.cut_by_customer(Moment(15.0, 0.0))
    assert absence.back(Moment(20.0, 0.0), "b1") == Return(Cause.RECONNECTED, 10.0)


def test_a_run_that_follows_one_that_was_stopped() -> None:
    stopped, rebooted = Absence(), Absence()
    stopped.began_anew(Moment(10.0, 0.0), rebooted=False)
    rebooted.began_anew(Moment(10.0, 0.0), rebooted=True)
    assert stopped.back(Moment(20.0, 900.0), "b1") == Return(Cause.RECORDER_STOPPED, 10.0)
    assert rebooted.back(Moment(20.0, 900.0), "b1") == Return(Cause.REBOOTED, 10.0)
