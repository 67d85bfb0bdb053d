from __future__ import annotations

import itertools

import pytest

from broker.wire.errors import LocalProtocolError, RemoteProtocolError
from broker.wire.link import (
    BROKER_TO_HOST,
    BROKER_TO_VIEWER,
    HOST_TO_BROKER,
    TRANSITIONS,
    Link,
    LinkEvent,
    LinkState,
)
from broker.wire.messages import Append, Error, Hello, Leave, Ping, Pong, Welcome

HELLO = Hello(1, "s", "t", 1, "boot", 0.0, 0.0, 0.0, "0")
APPEND = Append("run-1.log", 0, b"x")


def live(now: float = 0.0) -> Link:
    link = Link(BROKER_TO_HOST, now)
    assert link.receive(HELLO, now) is None
    return link


def state_of(link: Link) -> LinkState:
    """The state, which a type checker would else believe to stay what it was asserted to be."""
    return link.state


@pytest.mark.parametrize(("state", "event"), list(itertools.product(LinkState, LinkEvent)))
def test_every_step_is_in_the_table_or_raises_and_changes_nothing(
    state: LinkState, event: LinkEvent
) -> None:
    link = Link(BROKER_TO_HOST, 0.0)
    link.state = state
    if (state, event) in TRANSITIONS:
        link._step(event)
        assert link.state is TRANSITIONS[state, event]
    else:
        with pytest.raises(LocalProtocolError):
            link._step(event)
        assert link.state is state


def test_a_greeting_makes_it_live_and_anything_else_is_refused() -> None:
    link = Link(BROKER_TO_HOST, 0.0)
    for message in (APPEND, Ping(1), Welcome(1, "b1", 0.0, {})):
        with pytest.raises(RemoteProtocolError):
            link.receive(message, 0.0)
    assert state_of(link) is LinkState.GREETING
    link.receive(HELLO, 0.0)
    assert state_of(link) is LinkState.LIVE
    with pytest.raises(RemoteProtocolError):
        link.receive(HELLO, 0.0)


def test_who_never_greets_is_given_up() -> None:
    link = Link(HOST_TO_BROKER, 10.0)
    assert link.due == 14.0
    assert link.tick(13.9) is None
    assert link.tick(14.0) is None
    assert link.state is LinkState.LOST


def test_a_silent_end_is_asked_each_second_and_lost_after_four() -> None:
    link = live()
    asked, now = [], 0.0
    while link.state is LinkState.LIVE:
        now = link.due
        ping = link.tick(now)
        if ping is not None:
            asked.append(now)
    assert asked == [1.0, 2.0, 3.0]
    assert now == 4.0


def test_a_flood_is_not_silence() -> None:
    link = live()
    for second in range(1, 100):
        link.receive(APPEND, second * 0.9)
        assert link.tick(second * 0.9) is None
    assert link.state is LinkState.LIVE


def test_a_ping_is_answered_and_a_pong_is_a_sign_of_life() -> None:
    link = live()
    assert link.receive(Ping(7), 0.5) == Pong(7)
    ping = link.tick(1.5)
    assert ping == Ping(1)
    link.receive(Pong(1), 1.6)
    assert link.tick(2.5) is None
    assert link.tick(2.6) == Ping(2)


def test_goodbye_is_not_loss() -> None:
    link = live()
    link.receive(Leave("disconnected"), 1.0)
    assert link.state is LinkState.LEFT
    assert link.tick(100.0) is None
    link.drop()
    assert link.state is LinkState.LEFT


def test_an_error_may_come_in_place_of_the_greeting() -> None:
    link = Link(HOST_TO_BROKER, 0.0)
    link.receive(Error("bad-token", "no"), 0.0)
    assert link.state is LinkState.GREETING


def test_a_viewer_has_more_time() -> None:
    assert BROKER_TO_VIEWER.silent_after > BROKER_TO_HOST.silent_after
