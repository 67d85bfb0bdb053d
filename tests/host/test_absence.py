from __future__ import annotations

from broker.host.absence import Absence, Return
from broker.host.clock import Moment


def test_the_first_link_comes_back_from_nowhere() -> None:
    assert Absence().back(Moment(3.0, 0.0)) == Return("", 3.0)


def test_a_network_that_was_gone() -> None:
    absence = Absence()
    absence.lost(Moment(10.0, 7.0))
    absence.lost(Moment(12.0, 7.0))
    assert absence.back(Moment(50.0, 7.1)) == Return("network lost", 10.0)
    assert absence.back(Moment(51.0, 7.1)) == Return("", 51.0)


def test_a_sleep_shows_although_its_loss_was_noticed_only_after_it() -> None:
    absence = Absence()
    absence.lost(Moment(10.0, 7.0))
    assert absence.back(Moment(4000.0, 3900.0)) == Return("asleep", 10.0)


def test_what_the_customer_cut_was_not_lost() -> None:
    absence = Absence()
    absence.cut_by_customer(Moment(10.0, 0.0))
    was_cut = absence.cut
    absence.mended_by_customer()
    assert (was_cut, absence.cut) == (True, False)
    assert absence.back(Moment(20.0, 0.0)) == Return("reconnected", 10.0)


def test_what_was_lost_and_then_cut_counts_from_the_loss() -> None:
    absence = Absence()
    absence.lost(Moment(10.0, 0.0))
    absence.cut_by_customer(Moment(15.0, 0.0))
    assert absence.back(Moment(20.0, 0.0)) == Return("reconnected", 10.0)
