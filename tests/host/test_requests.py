from __future__ import annotations

import pytest

from broker.host.refusal import NotDone
from broker.host.requests import Requests
from broker.recording.grant import Away, Grant, Mode

APPROVE = Grant(Mode.APPROVE, Away.PAUSE, 100.0)


def test_each_person_asks_once_for_a_thing() -> None:
    requests = Requests()
    asked = requests.ask("v1", "alice", "control", APPROVE)
    with pytest.raises(NotDone, match="you have asked"):
        requests.ask("v2", "alice", "control", APPROVE)
    requests.ask("v3", "carol", "control", APPROVE)
    assert requests.answer(asked.id) == asked
    requests.ask("v1", "alice", "control", APPROVE)


@pytest.mark.parametrize("what", ["", "root", "watch", "approve"])
def test_what_makes_no_sense_is_refused(what: str) -> None:
    with pytest.raises(NotDone):
        Requests().ask("v1", "alice", what, APPROVE)


def test_an_answer_counts_once() -> None:
    requests = Requests()
    asked = requests.ask("v1", "alice", "time", APPROVE)
    requests.answer(asked.id)
    with pytest.raises(NotDone):
        requests.answer(asked.id)


def test_a_mode_meets_what_it_gives() -> None:
    requests = Requests()
    watching = Grant(Mode.WATCH, Away.PAUSE, 100.0)
    requests.ask("v1", "alice", "approve", watching)
    control = requests.ask("v1", "alice", "control", watching)
    requests.ask("v1", "alice", "terminal", watching)
    assert [one.what for one in requests.met(Mode.APPROVE)] == ["approve"]
    assert requests.met(Mode.CONTROL) == [control]
    assert [one.what for one in requests.pending] == ["terminal"]
