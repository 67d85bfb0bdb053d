from __future__ import annotations

from broker.host.turns import CUSTOMER_SECONDS, ENGINEER_SECONDS, NOBODY, Holder, Turns


def test_one_engineer_types_at_a_time() -> None:
    turns = Turns()
    assert turns.holder(0.0) == NOBODY
    assert turns.engineer_types("v1", "alice", 0.0)
    assert not turns.engineer_types("v2", "carol", ENGINEER_SECONDS - 0.1)
    assert turns.holder(1.0) == Holder("v1", "alice")
    assert turns.engineer_types("v2", "carol", ENGINEER_SECONDS)


def test_a_refused_key_does_not_prolong_or_take_a_turn() -> None:
    turns = Turns()
    turns.engineer_types("v1", "alice", 0.0)
    turns.engineer_types("v2", "carol", 1.9)
    assert turns.holder(2.0) == NOBODY


def test_two_pages_of_one_person_share_a_turn() -> None:
    turns = Turns()
    assert turns.engineer_types("v1", "alice", 0.0)
    assert turns.engineer_types("v2", "alice", 0.1)


def test_the_customer_takes_the_turn_from_anybody() -> None:
    turns = Turns()
    turns.engineer_types("v1", "alice", 0.0)
    turns.customer_types(0.1)
    assert turns.holder(0.2) == Holder("customer", "customer")
    assert not turns.engineer_types("v1", "alice", 0.1 + CUSTOMER_SECONDS / 2)
    assert turns.engineer_types("v1", "alice", 0.1 + CUSTOMER_SECONDS)
