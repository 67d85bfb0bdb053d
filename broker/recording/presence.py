"""What is known of the customer: one machine, told by both ends. Pure.

The session log says who is at the terminal; the broker's end of the link says whether the host can
be heard at all, which is what people are shown first. While it can't, the seat is remembered, and
taken up again when the link is back. The table has a cell for each state and observation; one that
makes no sense raises and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Dict, Mapping, Optional, Union

from broker.recording.session_log import Entry


class State(Enum):
    """What people are told of the customer, in one word."""

    WAITING = "waiting"
    """Granted, not connected yet."""
    EMPTY = "empty"
    """Connected; nobody has come to a terminal yet."""
    AT_KEYBOARD = "at-keyboard"
    IDLE = "idle"
    AWAY = "away"
    DISCONNECTED = "disconnected"
    """The customer cut the link."""
    LINK_LOST = "link-lost"
    RECORDER_LOST = "recorder-lost"
    """The uplink said that the recorder is gone."""
    ENDED = "ended"
    OVER = "over"
    """The host said that the session has ended and everything is held."""


class Seen(Enum):
    """What can be observed: of the link by the broker, or in the session log."""

    CONNECTED = "connected"
    LOST = "lost"
    CUT = "cut"
    RECORDER_GONE = "recorder-gone"
    FINISHED = "finished"
    STARTED = "started"
    ATTACHED = "attached"
    DETACHED = "detached"
    IDLED = "idle"
    ACTIVE = "active"
    RETURNED = "link_up"
    STOOD_STILL = "stood_still"
    LOG_ENDED = "ended"


class Step(Enum):
    """What a cell says besides a state to go to."""

    SEAT = "seat"
    """Go to what the log says of the seat."""
    NOTE = "note"
    """Remember what it says of the seat; what is shown stays."""
    KEEP = "keep"
    ILLEGAL = "-"


Cell = Union[State, Step]

_GRID = """
                connected  lost       cut           recorder-gone  finished
waiting         seat       -          -             -              -
empty           -          link-lost  disconnected  recorder-lost  over
at-keyboard     -          link-lost  disconnected  recorder-lost  over
idle            -          link-lost  disconnected  recorder-lost  over
away            -          link-lost  disconnected  recorder-lost  over
disconnected    seat       -          -             -              -
link-lost       seat       -          -             -              -
recorder-lost   seat       -          -             -              -
ended           keep       keep       keep          keep           over
over            ended      -          -             -              -

                started  attached     detached  idle  active       link_up  stood_still  ended
waiting         note     note         note      note  note         keep     keep         ended
empty           empty    at-keyboard  -         -     -            keep     keep         ended
at-keyboard     empty    at-keyboard  away      idle  -            keep     keep         ended
idle            empty    at-keyboard  away      -     at-keyboard  keep     keep         ended
away            empty    at-keyboard  -         -     -            keep     keep         ended
disconnected    note     note         note      note  note         keep     keep         ended
link-lost       note     note         note      note  note         keep     keep         ended
recorder-lost   note     note         note      note  note         keep     keep         ended
ended           -        -            -         -     -            -        -            -
over            -        -            -         -     -            -        -            -
"""

_SEAT: Mapping[Seen, State] = {
    # A run that ended without a word leaves its seat as it was; the next one starts empty.
    Seen.STARTED: State.EMPTY,
    Seen.ATTACHED: State.AT_KEYBOARD,
    Seen.DETACHED: State.AWAY,
    Seen.IDLED: State.IDLE,
    Seen.ACTIVE: State.AT_KEYBOARD,
    Seen.LOG_ENDED: State.ENDED,
}


def _read(grid: str) -> Mapping[State, Mapping[Seen, Cell]]:
    table: Dict[State, Dict[Seen, Cell]] = {state: {} for state in State}
    for block in grid.strip("\n").split("\n\n"):
        head, *rows = block.splitlines()
        for row in rows:
            name, *cells = row.split()
            for seen, cell in zip(head.split(), cells):
                table[State(name)][Seen(seen)] = _cell(cell)
    return table


def _cell(text: str) -> Cell:
    return Step(text) if text in {step.value for step in Step} else State(text)


TABLE = _read(_GRID)


@dataclass(frozen=True)
class Absence:
    """A stretch in which the host, or its recorder, was not there, and why. Unix seconds."""

    cause: str
    since: float
    until: float


@dataclass(frozen=True)
class Shown:
    """What people are told: a state, since when (Unix seconds), and a detail to read.

    ``last``: the latest absence that is over, its cause resolved.
    """

    state: str
    since: float
    detail: str = ""
    last: Optional[Absence] = None


@dataclass(frozen=True)
class Presence:
    """The machine's state, and what it remembers."""

    state: State
    since: float
    """Unix time at which the state was entered."""
    seat: State
    """What the log says of the seat; one of the states that it can tell."""
    seat_since: float
    began: float = 0.0
    """Unix time of t=0, from the latest ``started``."""
    last: Optional[Absence] = None

    @property
    def shown(self) -> Shown:
        """What to tell people now."""
        if self.seat is State.ENDED:
            return Shown(State.ENDED.value, self.seat_since, "", self.last)
        return Shown(self.state.value, self.since, _DETAIL.get(self.state, ""), self.last)


_DETAIL = {
    State.LINK_LOST: "cause not known until it returns; the host goes on recording",
    State.DISCONNECTED: "by the customer; the host goes on recording",
    State.RECORDER_LOST: "the recorder on the host was stopped",
}


def granted(now: float) -> Presence:
    """A session that was just granted."""
    return Presence(State.WAITING, now, State.EMPTY, now)


def on_link(presence: Presence, seen: Seen, now: float) -> Presence:
    """Take in what the broker saw of the link at Unix time ``now``. Raises IllegalStep."""
    return _step(presence, seen, now)


def on_entry(presence: Presence, entry: Entry) -> Presence:
    """Take in one entry of the session log, in order.

    Entries that say nothing of the customer change nothing. Raises IllegalStep where the table has
    no such step, KeyError, TypeError and ValueError for fields that make no sense.
    """
    try:
        seen = Seen(entry["event"])
    except ValueError:
        return presence
    if seen not in _OF_LOG:
        return presence
    if seen is Seen.STARTED:
        presence = replace(presence, began=float(entry["wall"]) - float(entry["t"]))
    began = presence.began
    at = float(entry["since"]) if seen is Seen.IDLED else float(entry["t"])
    after = _step(presence, seen, began + at)
    if seen is Seen.RETURNED and entry["cause"]:
        last = Absence(str(entry["cause"]), began + float(entry["since"]), began + at)
        return replace(after, last=last)
    if seen is Seen.STOOD_STILL:
        since, until = began + float(entry["since"]), began + float(entry["until"])
        return replace(after, last=Absence(str(entry["cause"]), since, until))
    return after


_OF_LOG = frozenset({*_SEAT, Seen.RETURNED, Seen.STOOD_STILL})


def _step(presence: Presence, seen: Seen, at: float) -> Presence:
    cell = TABLE[presence.state][seen]
    if cell is Step.ILLEGAL:
        raise IllegalStep(f"{seen.value} while {presence.state.value}")
    if seen in _SEAT:
        presence = replace(presence, seat=_SEAT[seen], seat_since=at)
    if cell is Step.SEAT:
        return replace(presence, state=presence.seat, since=presence.seat_since)
    if isinstance(cell, State):
        return replace(presence, state=cell, since=at)
    return presence


class IllegalStep(ValueError):
    """An observation that the present state does not expect."""
