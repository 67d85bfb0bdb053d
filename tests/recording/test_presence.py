from __future__ import annotations

from itertools import product

import pytest

from broker.recording.presence import (
    LINK,
    SEAT,
    IllegalStep,
    LinkChange,
    LinkSeen,
    Presence,
    Seat,
    granted,
    on_entry,
    on_link,
)

STARTED = {"t": 0.5, "event": "started", "wall": 1000.5}


def entry(event: str, t: float, **fields: object) -> dict[str, object]:
    return {"event": event, "t": t, **fields}


def up() -> Presence:
    return on_link(on_entry(granted(1000.0), STARTED), LinkChange.CONNECTED, 1001.0)


@pytest.mark.parametrize(("seat", "event"), list(product(Seat, SEAT)))
def test_every_step_of_the_seat_is_in_the_table_or_raises(seat: Seat, event: str) -> None:
    before = Presence(seat, 0.0, LinkSeen.UP, 0.0)
    step = entry(event, 1.0, wall=1.0, since=1.0)
    if seat in SEAT[event]:
        assert on_entry(before, step).seat is SEAT[event][seat]
    else:
        with pytest.raises(IllegalStep):
            on_entry(before, step)


@pytest.mark.parametrize(("link", "change"), list(product(LinkSeen, LinkChange)))
def test_every_step_of_the_link_is_in_the_table_or_raises(
    link: LinkSeen, change: LinkChange
) -> None:
    before = Presence(Seat.EMPTY, 0.0, link, 0.0)
    if change in LINK[link]:
        assert on_link(before, change, 5.0).link is LINK[link][change]
    else:
        with pytest.raises(IllegalStep):
            on_link(before, change, 5.0)


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
    presence = tell(on_link(presence, LinkChange.LOST, 1600.0))
    presence = tell(on_link(presence, LinkChange.CONNECTED, 1640.0))
    presence = tell(on_entry(presence, entry("detached", 700.0)))
    presence = tell(on_link(presence, LinkChange.DISCONNECTED, 1800.0))
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


def test_entries_that_say_nothing_of_the_seat_change_nothing() -> None:
    presence = up()
    assert on_entry(presence, entry("joined", 3.0)) is presence


def test_a_lost_link_names_no_cause() -> None:
    assert "cause not known" in on_link(up(), LinkChange.LOST, 5.0).shown.detail
