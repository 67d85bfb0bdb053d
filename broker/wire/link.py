"""The life of one link, as one end sees it. Pure: it is told the time and answers what to do.

Two rules. Everything that decides whether a link is alive stands in this file, and an illegal
step raises and changes nothing. Anything heard is a sign of life, so a flood is not silence.

Each end asks every ``ping_after`` seconds, whatever else is said: so that each knows how long
answers take, and so that an end whose own flood delays every answer still hears the questions of
the other, which come through the direction that is not flooded.

How long silence is borne follows from how TCP recovers, which is what makes a live link silent: a
segment that is lost is sent again after a wait, and each time after twice that (RFC 6298, 5.5).
Five sendings of one segment, the last of them after 1+2+4+8 waits, must fail before a live link is
called lost; at 5 % loss that happens to one segment in three million. The wait is reckoned as
TCP reckons its own (RFC 6298, section 2), but from what our questions measure, so that proxies and
busy processes on the way count as well. On a clean link the wait is Linux's least, 200 ms, and the
sum, one second until the next question included, is 4 s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import FrozenSet, Mapping, Optional, Tuple

from broker.wire.errors import LocalProtocolError, RemoteProtocolError
from broker.wire.messages import (
    Act,
    Append,
    Attention,
    Complete,
    Declined,
    Error,
    Held,
    Hello,
    Input,
    Joined,
    Leave,
    Left,
    LiftHold,
    Message,
    Ping,
    Pong,
    Present,
    Propose,
    PutHold,
    Refused,
    Request,
    Snapshot,
    Streams,
    Turn,
    Watch,
    Watching,
    Welcome,
    Withdraw,
)


class LinkState(Enum):
    """Where a link is in its life."""

    GREETING = "greeting"
    """Connected; the other end has yet to send its first message."""
    LIVE = "live"
    """Greeted and heard from of late."""
    LOST = "lost"
    """Silent for too long, dropped, or broken by the other end."""
    LEFT = "left"
    """The other end said that it goes."""


class LinkEvent(Enum):
    """What can happen to a link."""

    GREETED = "greeted"
    HEARD = "heard"
    FELL_SILENT = "fell silent"
    DROPPED = "dropped"
    SAID_GOODBYE = "said goodbye"


TRANSITIONS: Mapping[Tuple[LinkState, LinkEvent], LinkState] = {
    (LinkState.GREETING, LinkEvent.GREETED): LinkState.LIVE,
    (LinkState.GREETING, LinkEvent.FELL_SILENT): LinkState.LOST,
    (LinkState.GREETING, LinkEvent.DROPPED): LinkState.LOST,
    (LinkState.LIVE, LinkEvent.HEARD): LinkState.LIVE,
    (LinkState.LIVE, LinkEvent.FELL_SILENT): LinkState.LOST,
    (LinkState.LIVE, LinkEvent.DROPPED): LinkState.LOST,
    (LinkState.LIVE, LinkEvent.SAID_GOODBYE): LinkState.LEFT,
    # A link that was given up still goes down in the end; that changes nothing any more.
    (LinkState.LOST, LinkEvent.DROPPED): LinkState.LOST,
    (LinkState.LEFT, LinkEvent.DROPPED): LinkState.LEFT,
}


_LEAST_WAIT = 0.2
_WAITS = 1 + 2 + 4 + 8
_MOST_SILENT = 15.0
_OVERSLEPT = 1.0


@dataclass(frozen=True)
class Role:
    """What one end of a link listens to: its peer's first message, and those after it.

    ``silent_after``: how long silence is borne at least, in seconds.
    """

    name: str
    greeting: FrozenSet[type]
    accepts: FrozenSet[type]
    ping_after: float
    silent_after: float
    before: FrozenSet[type] = frozenset()
    """What may come ahead of the greeting, and is none."""


_ANY = frozenset({Ping, Pong, Error})
_WANTED_OF_HOST = frozenset({Input, Propose, Withdraw, Request, PutHold, LiftHold, Attention})

BROKER_TO_HOST = Role(
    "broker, listening to a host",
    frozenset({Hello}),
    _ANY | {Append, Complete, Leave, Turn, Declined},
    ping_after=1.0,
    silent_after=4.0,
)
HOST_TO_BROKER = Role(
    "host, listening to a broker",
    frozenset({Welcome}),
    _ANY | _WANTED_OF_HOST | {Append, Held, Refused, Joined, Left, Act},
    ping_after=1.0,
    silent_after=4.0,
    # It has been greeted, and may have to read much before it can answer.
    before=frozenset({Ping}),
)
BROKER_TO_VIEWER = Role(
    "broker, listening to a viewer",
    # A viewer's request has said who it is; until there is a stream it may have nothing to ask.
    _ANY | _WANTED_OF_HOST | {Watch},
    _ANY | _WANTED_OF_HOST | {Watch},
    ping_after=5.0,
    # Browsers slow a hidden page's timers to one a minute; answering a ping needs no timer, but
    # a laptop that is busy waking up deserves the patience. A viewer's silence harms nobody.
    silent_after=30.0,
)
BROKER_TO_PAGE = Role(
    "broker, listening to a customer's page",
    _ANY | {Watch, Act},
    _ANY | {Watch, Act},
    ping_after=BROKER_TO_VIEWER.ping_after,
    silent_after=BROKER_TO_VIEWER.silent_after,
)
VIEWER_TO_BROKER = Role(
    "viewer, listening to a broker",
    frozenset({Watching}),
    _ANY | {Append, Snapshot, Streams, Watching, Present, Turn, Declined},
    ping_after=2.0,
    silent_after=6.0,
)


class RoundTrips:
    """How long answers take: a smoothed time and its variation (RFC 6298, 2). Seconds."""

    def __init__(self) -> None:
        self._smoothed: Optional[float] = None
        self._variation = 0.0

    def take(self, seconds: float) -> None:
        """Take in one measurement."""
        if self._smoothed is None:
            self._smoothed, self._variation = seconds, seconds / 2
            return
        self._variation += (abs(self._smoothed - seconds) - self._variation) / 4
        self._smoothed += (seconds - self._smoothed) / 8

    @property
    def wait(self) -> float:
        """What TCP would wait before it sends again; until something is measured, its least."""
        return (self._smoothed or 0.0) + max(_LEAST_WAIT, 4 * self._variation)


class Link:
    """One end of a link: feed it what arrives and the time, and it says what to answer.

    Times are seconds of a clock that never goes back; one that counts suspension lets an end that
    has slept see it. Not for use from two threads.
    """

    def __init__(self, role: Role, now: float) -> None:
        self.role = role
        self.state = LinkState.GREETING
        self.heard = now
        """When something last came from the other end."""
        self._silent_from = now
        self._asked = now
        self._pings = 0
        self._trips = RoundTrips()
        self._question: Optional[Tuple[int, float]] = None
        """The oldest ping without an answer, and when it was sent."""

    def receive(self, message: Message, now: float) -> Optional[Message]:
        """Take in one message; the answer to send at once, if it wants one.

        Raises RemoteProtocolError (``unexpected``) for a message that the other end may not send,
        or not yet.
        """
        kind = type(message)
        greeting = self.state is LinkState.GREETING
        role = self.role
        first = greeting and kind is not Error
        if kind not in (role.greeting | role.before if first else role.accepts):
            raise RemoteProtocolError("unexpected", f"{kind.__name__} while {self.state.value}")
        if kind is Error or (greeting and kind not in role.greeting):
            pass
        elif greeting:
            self._step(LinkEvent.GREETED)
            self._asked = now
        elif kind is Leave:
            self._step(LinkEvent.SAID_GOODBYE)
        else:
            self._step(LinkEvent.HEARD)
        self.heard = self._silent_from = now
        if isinstance(message, Pong) and self._question and message.n == self._question[0]:
            self._trips.take(now - self._question[1])
            self._question = None
        return Pong(message.n) if isinstance(message, Ping) else None

    def stir(self, when: float) -> None:
        """Bytes came at ``when``, be it of a message that is not whole yet: a sign of life.

        On a slow link a piece of a flood takes longer than silence is borne.
        """
        self.heard = max(self.heard, when)
        self._silent_from = max(self._silent_from, when)

    def tick(self, now: float) -> Optional[Ping]:
        """Call when ``due`` has come: a ping to send, or None; the state may now be LOST.

        A call that comes late says that this end stood still. What it did not hear meanwhile is
        not held against the other end, unless that will have given up in the meantime.
        """
        if self.state not in (LinkState.GREETING, LinkState.LIVE):
            return None
        late = now - self.due
        if _OVERSLEPT < late < _MOST_SILENT:
            self._silent_from = min(now, self._silent_from + late)
            self._question = None
        if now >= self._given_up_at:
            self._step(LinkEvent.FELL_SILENT)
            return None
        if self.state is LinkState.LIVE and now >= self._ping_due:
            self._asked = now
            self._pings += 1
            if self._question is None:
                self._question = self._pings, now
            return Ping(self._pings)
        return None

    def drop(self) -> None:
        """The connection is gone."""
        self._step(LinkEvent.DROPPED)

    @property
    def due(self) -> float:
        """When to call ``tick`` next, on the clock that ``now`` comes from."""
        if self.state is LinkState.LIVE:
            return min(self._given_up_at, self._ping_due)
        return self._given_up_at

    @property
    def patience(self) -> float:
        """How many seconds of silence are borne now."""
        wait = self._trips.wait
        if self._question is not None:
            # Something was heard after the question, but not its answer: that takes longer still.
            wait = max(wait, self.heard - self._question[1])
        least = self.role.silent_after
        return max(least, min(_MOST_SILENT, self.role.ping_after + _WAITS * wait))

    @property
    def _given_up_at(self) -> float:
        return self._silent_from + self.patience

    @property
    def _ping_due(self) -> float:
        return self._asked + self.role.ping_after

    def _step(self, event: LinkEvent) -> None:
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            raise LocalProtocolError("illegal", f"{event.value} while {self.state.value}")
        self.state = after
