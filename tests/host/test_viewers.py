from __future__ import annotations

import pytest

from broker.host.refusal import Refusal
from broker.host.viewers import Viewers
from broker.wire.errors import RemoteProtocolError


def test_typing_is_worth_an_entry_at_first_and_after_a_pause() -> None:
    viewers = Viewers()
    viewers.join("v1", "alice")
    alice = viewers.get("v1")
    assert [alice.types(t) for t in (1, 2, 61, 121, 200)] == [True, False, False, True, True]


def test_a_refusal_is_worth_an_entry_when_its_reason_is_new_or_a_minute_has_passed() -> None:
    viewers = Viewers()
    viewers.join("v1", "alice")
    alice = viewers.get("v1")
    told = [(Refusal.MODE, 1), (Refusal.MODE, 2), (Refusal.PAUSED, 3), (Refusal.PAUSED, 63)]
    assert [alice.is_refused(why, t) for why, t in told] == [True, False, True, True]


def test_people_come_and_go_and_come_back_with_the_link() -> None:
    viewers = Viewers()
    assert viewers.join("v1", "alice")
    assert viewers.join("v2", "bob")
    assert viewers.join("v3", "alice")
    assert not viewers.join("v3", "alice")
    assert viewers.people == ["alice", "bob"]
    gone = viewers.leave("v2")
    assert gone is not None
    assert gone.person == "bob"
    assert viewers.leave("v2") is None
    viewers.clear()
    assert viewers.join("v1", "alice")


def test_a_broker_is_not_believed_everything() -> None:
    viewers = Viewers()
    for name in ("x" * 65, "v1"):
        with pytest.raises(RemoteProtocolError):
            viewers.join(name, "p" * 201)
    with pytest.raises(RemoteProtocolError):
        viewers.get("v1")
    for number in range(1000):
        viewers.join(f"v{number}", "alice")
    with pytest.raises(RemoteProtocolError):
        viewers.join("one more", "alice")
