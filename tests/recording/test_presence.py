from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from broker.recording.presence import (
    TABLE,
    Absence,
    IllegalStep,
    Presence,
    Seen,
    State,
    Step,
    granted,
    on_entry,
    on_link,
)

STARTED = {"t": 0.5, "event": "started", "wall": 1000.5}
OF_LINK = (Seen.CONNECTED, Seen.LOST, Seen.CUT, Seen.RECORDER_GONE, Seen.FINISHED)


def entry(event: str, t: float, **fields: object) -> dict[str, object]:
    return {"event": event, "t": t, **fields}


def up() -> Presence:
    return on_entry(on_link(granted(1000.0), Seen.CONNECTED, 1001.0), STARTED)


def observe(presence: Presence, seen: Seen, at: float) -> Presence:
    if seen in OF_LINK:
        return on_link(presence, seen, at)
    return on_entry(
        presence, entry(seen.value, at, wall=at, since=at, until=at, cause="", by="", why="")
    )


def test_the_table_has_a_cell_for_every_state_and_observation() -> None:
    assert set(TABLE) == set(State)
    for row in TABLE.values():
        assert set(row) == set(Seen)


@pytest.mark.parametrize(("state", "seen"), list(product(State, Seen)))
def test_every_step_is_as_the_table_says_or_raises(state: State, seen: Seen) -> None:
    before = Presence(state, 1.0, State.IDLE, 2.0)
    cell = TABLE[state][seen]
    if cell is Step.ILLEGAL:
        with pytest.raises(IllegalStep):
            observe(before, seen, 5.0)
        return
    after = observe(before, seen, 5.0)
    if cell is Step.SEAT:
        assert (after.state, after.since) == (State.IDLE, 2.0)
    elif cell in (Step.KEEP, Step.NOTE):
        assert (after.state, after.since) == (state, 1.0)
    else:
        assert (after.state, after.since) == (cell, 5.0)
    if cell in (Step.KEEP, Step.SEAT):
        assert after.seat is State.IDLE


def test_the_story() -> None:
    told = []

    def tell(presence: Presence) -> Presence:
        told.append((presence.shown.state, presence.shown.since))
        return presence

    presence = tell(granted(1000.0))
    presence = tell(up())
    presence = tell(on_entry(presence, entry("attached", 2.0)))
    presence = tell(on_entry(presence, entry("idle", 400.0, since=100.0)))
    presence = tell(on_entry(presence, entry("active", 500.0)))
    presence = tell(on_link(presence, Seen.LOST, 1600.0))
    presence = tell(on_link(presence, Seen.CONNECTED, 1640.0))
    presence = tell(on_entry(presence, entry("detached", 700.0)))
    presence = tell(on_link(presence, Seen.CUT, 1800.0))
    presence = tell(on_entry(presence, entry("ended", 900.0)))
    assert told == [
        ("waiting", 1000.0),
        ("empty", 1000.5),
        ("at-keyboard", 1002.0),
        ("idle", 1100.0),
        ("at-keyboard", 1500.0),
        ("link-lost", 1600.0),
        ("at-keyboard", 1500.0),
        ("away", 1700.0),
        ("disconnected", 1800.0),
        ("ended", 1900.0),
    ]
    assert up().shown.detail == ""


def test_a_return_resolves_the_cause() -> None:
    lost = on_link(on_entry(up(), entry("attached", 2.0)), Seen.LOST, 1600.0)
    back = on_link(lost, Seen.CONNECTED, 1700.0)
    assert back.shown.last is None
    back = on_entry(back, entry("link_up", 700.0, cause="asleep", since=601.0))
    assert back.shown.state == "at-keyboard"
    assert back.shown.last == Absence("asleep", 1601.0, 1700.0)


def test_a_sleep_too_short_to_lose_the_link_is_told_as_well() -> None:
    presence = on_entry(up(), entry("stood_still", 20.0, since=15.0, until=19.0, cause="asleep"))
    assert presence.shown.last == Absence("asleep", 1015.0, 1019.0)


def test_a_first_link_tells_of_no_absence() -> None:
    assert on_entry(up(), entry("link_up", 1.0, cause="", since=1.0)).shown.last is None


def test_what_a_log_tells_before_the_link_is_there_is_remembered() -> None:
    presence = on_entry(on_entry(granted(1000.0), STARTED), entry("attached", 2.0))
    assert presence.shown.state == "waiting"
    assert on_link(presence, Seen.CONNECTED, 1010.0).shown.state == "at-keyboard"


def test_entries_that_say_nothing_of_the_customer_change_nothing() -> None:
    presence = up()
    assert on_entry(presence, entry("joined", 3.0)) is presence
    assert on_entry(presence, entry("lost", 3.0)) is presence  # no entry tells of the link itself


def test_an_ended_session_is_shown_as_ended_whatever_its_link_does() -> None:
    ended = on_entry(up(), entry("ended", 9.0, by="customer", why=""))
    for seen in (Seen.LOST, Seen.CONNECTED, Seen.FINISHED):
        assert on_link(ended, seen, 1050.0).shown == replace(ended.shown, since=1009.0)


def test_a_lost_link_names_no_cause() -> None:
    assert "cause not known" in on_link(up(), Seen.LOST, 5.0).shown.detail
