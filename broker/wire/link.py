"""The life of one link, as one end sees it. Pure: it is told the time and answers what to do.

Two rules. Everything that decides whether a link is alive stands in this file, and an illegal
step raises and changes nothing. Anything heard is a sign of life, so a flood is not silence; an
end that has heard nothing for ``ping_after`` seconds asks, and after ``silent_after`` gives up.
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


@dataclass(frozen=True)
class Role:
    """What one end of a link listens to: its peer's first message, and those after it."""

    name: str
    greeting: FrozenSet[type]
    accepts: FrozenSet[type]
    ping_after: float
    silent_after: float


_ANY = frozenset({Ping, Pong, Error})
_WANTED_OF_HOST = frozenset({Input, Propose, Withdraw, Request, PutHold, LiftHold, Attention})

BROKER_TO_HOST = Role(
    "broker, listening to a host",
    frozenset({Hello}),
    _ANY | {Append, Leave, Turn, Declined},
    ping_after=1.0,
    silent_after=4.0,
)
HOST_TO_BROKER = Role(
    "host, listening to a broker",
    frozenset({Welcome}),
    _ANY | _WANTED_OF_HOST | {Held, Refused, Joined, Left, Act},
    ping_after=1.0,
    silent_after=4.0,
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


class Link:
    """One end of a link: feed it what arrives and the time, and it says what to answer.

    Times are seconds of any clock that does not jump. Not for use from two threads.
    """

    def __init__(self, role: Role, now: float) -> None:
        self.role = role
        self.state = LinkState.GREETING
        self.heard = now
        """When something last came from the other end."""
        self._asked: Optional[float] = None
        self._pings = 0

    def receive(self, message: Message, now: float) -> Optional[Message]:
        """Take in one message; the answer to send at once, if it wants one.

        Raises RemoteProtocolError (``unexpected``) for a message that the other end may not send,
        or not yet.
        """
        kind = type(message)
        greeting = self.state is LinkState.GREETING
        if kind not in (
            self.role.greeting if greeting and kind is not Error else self.role.accepts
        ):
            raise RemoteProtocolError("unexpected", f"{kind.__name__} while {self.state.value}")
        if kind is Error:
            pass
        elif greeting:
            self._step(LinkEvent.GREETED)
        elif kind is Leave:
            self._step(LinkEvent.SAID_GOODBYE)
        else:
            self._step(LinkEvent.HEARD)
        self.heard = now
        """When something last came from the other end."""
        self._asked = None
        return Pong(message.n) if isinstance(message, Ping) else None

    def tick(self, now: float) -> Optional[Ping]:
        """Call when ``due`` has come: a ping to send, or None; the state may now be LOST."""
        if self.state not in (LinkState.GREETING, LinkState.LIVE):
            return None
        if now - self.heard >= self.role.silent_after:
            self._step(LinkEvent.FELL_SILENT)
            return None
        if self.state is LinkState.LIVE and now >= self._ping_due():
            self._asked = now
            self._pings += 1
            return Ping(self._pings)
        return None

    def drop(self) -> None:
        """The connection is gone."""
        self._step(LinkEvent.DROPPED)

    @property
    def due(self) -> float:
        """When to call ``tick`` next, on the clock that ``now`` comes from."""
        silent = self.heard + self.role.silent_after
        return min(silent, self._ping_due()) if self.state is LinkState.LIVE else silent

    def _ping_due(self) -> float:
        return (self.heard if self._asked is None else self._asked) + self.role.ping_after

    def _step(self, event: LinkEvent) -> None:
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            raise LocalProtocolError("illegal", f"{event.value} while {self.state.value}")
        self.state = after
