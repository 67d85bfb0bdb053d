"""What is known of the customer. Pure: fed with session log entries and what the broker sees.

Two machines side by side, each a table. The *seat* is told by the session log, the *link* by the
broker's own end of it; what people are shown is the link's state while that is down, else the
seat's. An event that a state does not expect raises and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Mapping

from broker.recording.session_log import Entry


class Seat(Enum):
    """The customer's seat, from the session log."""

    EMPTY = "empty"
    """No terminal has been attached yet."""
    AT_KEYBOARD = "at-keyboard"
    IDLE = "idle"
    AWAY = "away"
    ENDED = "ended"


class LinkSeen(Enum):
    """The host's link, as the broker sees it."""

    WAITING = "waiting"
    """Granted, not connected yet."""
    UP = "up"
    LOST = "link-lost"
    DISCONNECTED = "disconnected"
    """The customer cut it."""
    RECORDER_LOST = "recorder-lost"
    """The uplink said that the recorder is gone."""
    OVER = "over"
    """The host said that the session has ended and everything is held."""


class LinkChange(Enum):
    """What happens to the host's link."""

    CONNECTED = "connected"
    LOST = "lost"
    DISCONNECTED = "disconnected"
    RECORDER_LOST = "recorder-lost"
    OVER = "ended"


SEAT: Mapping[str, Mapping[Seat, Seat]] = {
    "attached": dict.fromkeys(
        (Seat.EMPTY, Seat.AWAY, Seat.AT_KEYBOARD, Seat.IDLE), Seat.AT_KEYBOARD
    ),
    "active": {Seat.IDLE: Seat.AT_KEYBOARD},
    "idle": {Seat.AT_KEYBOARD: Seat.IDLE},
    "detached": {Seat.AT_KEYBOARD: Seat.AWAY, Seat.IDLE: Seat.AWAY},
    # A run that ended without a word leaves its seat as it was; the next one starts empty.
    "started": dict.fromkeys(Seat, Seat.EMPTY),
    "ended": dict.fromkeys(Seat, Seat.ENDED),
}

_DOWN = {
    LinkChange.LOST: LinkSeen.LOST,
    LinkChange.DISCONNECTED: LinkSeen.DISCONNECTED,
    LinkChange.RECORDER_LOST: LinkSeen.RECORDER_LOST,
    LinkChange.OVER: LinkSeen.OVER,
}
LINK: Mapping[LinkSeen, Mapping[LinkChange, LinkSeen]] = {
    LinkSeen.UP: _DOWN,
    **{down: {LinkChange.CONNECTED: LinkSeen.UP} for down in LinkSeen if down is not LinkSeen.UP},
}


@dataclass(frozen=True)
class Shown:
    """What people are told: a state, since when (Unix seconds), and a detail to read."""

    state: str
    since: float
    detail: str


@dataclass(frozen=True)
class Presence:
    """Both machines' states, each with the Unix time at which it was entered."""

    seat: Seat
    seat_since: float
    link: LinkSeen
    link_since: float
    began: float = 0.0  # Unix time of t=0, from the latest "started"

    @property
    def shown(self) -> Shown:
        """What to tell people now."""
        if self.seat is Seat.ENDED:
            return Shown("ended", self.seat_since, "")
        if self.link is not LinkSeen.UP:
            return Shown(self.link.value, self.link_since, _DETAIL.get(self.link, ""))
        return Shown(self.seat.value, self.seat_since, "")


_DETAIL = {
    LinkSeen.LOST: "cause not known until it returns; the host goes on recording",
    LinkSeen.DISCONNECTED: "by the customer; the host goes on recording",
    LinkSeen.RECORDER_LOST: "the recorder on the host was stopped",
}


def granted(now: float) -> Presence:
    """A session that was just granted."""
    return Presence(Seat.EMPTY, now, LinkSeen.WAITING, now)


def on_entry(presence: Presence, entry: Entry) -> Presence:
    """Take in one entry of the session log, in order.

    Entries that say nothing of the seat change nothing, nor do those that repeat what is known.
    Raises IllegalStep where the seat's table has no such step.
    """
    event = entry["event"]
    if event == "started":
        presence = replace(presence, began=float(entry["wall"]) - float(entry["t"]))
    steps = SEAT.get(event)
    if steps is None:
        return presence
    after = steps.get(presence.seat)
    if after is None:
        raise IllegalStep(f"{event} while {presence.seat.value}")
    at = float(entry["since"]) if event == "idle" else float(entry["t"])
    return replace(presence, seat=after, seat_since=presence.began + at)


def on_link(presence: Presence, change: LinkChange, now: float) -> Presence:
    """Take in a change of the host's link at Unix time ``now``. Raises IllegalStep."""
    after = LINK[presence.link].get(change)
    if after is None:
        raise IllegalStep(f"{change.value} while {presence.link.value}")
    return replace(presence, link=after, link_since=now)


class IllegalStep(ValueError):
    """An event that the present state does not expect."""
