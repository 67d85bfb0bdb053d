from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from broker.wire import link as link_module
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
from tests.wire.lossy_path import Pair, Path, alarms

HELLO = Hello(2, "s", "t", 1, "boot", 0.0, 0.0, 0.0, "0", 0)
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


def test_a_flood_is_not_silence_and_is_asked_through() -> None:
    link = live()
    asked = 0
    for second in range(1, 100):
        link.receive(APPEND, second * 0.9)
        asked += link.tick(second * 0.9) is not None
    assert link.state is LinkState.LIVE
    assert asked > 40


def test_a_ping_is_answered_and_a_pong_is_a_sign_of_life() -> None:
    link = live()
    assert link.receive(Ping(7), 0.5) == Pong(7)
    assert link.tick(1.0) == Ping(1)
    link.receive(Pong(1), 1.1)
    assert link.tick(1.9) is None
    assert link.tick(2.0) == Ping(2)


def test_bytes_of_a_message_that_is_not_whole_are_a_sign_of_life() -> None:
    link = live()
    for second in range(1, 20):
        link.stir(second)
        link.tick(second)
    link.stir(3.0)  # said late; changes nothing any more
    assert (link.state, link.heard) == (LinkState.LIVE, 19.0)


def test_patience_follows_what_is_measured_within_bounds() -> None:
    link = live()
    clean = link.patience

    def answers_take(seconds: float, times: int) -> float:
        for _ in range(times):
            now = link.due
            ping = link.tick(now)
            assert ping is not None
            link.receive(Pong(ping.n), now + seconds)
        return link.patience

    assert clean == 4.0
    assert answers_take(0.02, 50) < 4.5
    assert 8 < answers_take(0.3, 50) < 9
    assert answers_take(0.9, 50) == 15.0
    assert answers_take(0.02, 100) < 4.5
    link.receive(Pong(1), link.due)  # of a question long answered
    assert link.patience < 4.5


def test_an_answer_that_lags_behind_other_news_makes_patient() -> None:
    link = live()
    assert link.tick(1.0) == Ping(1)
    link.receive(APPEND, 1.5)
    assert 8 < link.patience < 9
    link.receive(APPEND, 3.5)
    assert link.patience == 15.0


@pytest.mark.parametrize(("slept", "state"), [(10.0, LinkState.LIVE), (60.0, LinkState.LOST)])
def test_who_stood_still_asks_first_unless_given_up_by_then(slept: float, state: LinkState) -> None:
    link = live()
    ping = link.tick(link.due + slept)
    assert link.state is state
    assert (ping is not None) == (state is LinkState.LIVE)
    if state is LinkState.LIVE:
        while link.state is state:
            link.tick(link.due)
        assert link.due - (1.0 + slept) == 3.0  # no more than the silence that was ours is forgiven


def test_goodbye_is_not_loss() -> None:
    link = live()
    link.receive(Leave("disconnected"), 1.0)
    assert link.state is LinkState.LEFT
    assert link.tick(100.0) is None
    link.drop()
    assert link.state is LinkState.LEFT


def test_a_broker_that_takes_long_to_greet_may_ask_before() -> None:
    link = Link(HOST_TO_BROKER, 0.0)
    assert link.receive(Ping(7), 3.0) == Pong(7)
    assert link.state is LinkState.GREETING
    assert link.due > 4.0
    stranger = Link(BROKER_TO_HOST, 0.0)
    with pytest.raises(RemoteProtocolError):
        stranger.receive(Ping(7), 3.0)


def test_an_error_may_come_in_place_of_the_greeting() -> None:
    link = Link(HOST_TO_BROKER, 0.0)
    link.receive(Error("bad-token", "no"), 0.0)
    assert link.state is LinkState.GREETING


def test_a_viewer_has_more_time() -> None:
    assert BROKER_TO_VIEWER.silent_after > BROKER_TO_HOST.silent_after


LOSSY = Path(loss=0.05, round_trip=0.3)


@pytest.mark.parametrize(
    ("path", "flood", "hours"),
    [
        (LOSSY, False, 12),
        (replace(LOSSY, bytes_per_second=26_000), True, 4),
        (Path(0.0, 0.3, bytes_per_second=8_000), True, 1),
        (Path(0.0, 0.001), False, 1),
    ],
    ids=["lossy", "lossy and flooded", "slow and flooded", "clean"],
)
def test_no_link_that_lives_is_given_up(path: Path, flood: bool, hours: int) -> None:
    assert alarms(path, hours, flood=flood) == 0


def test_without_measuring_it_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "_MOST_SILENT", 0.0)
    assert alarms(LOSSY, 12) >= 5


@pytest.mark.parametrize(
    ("path", "flood", "most"),
    [
        (Path(0.0, 0.001), False, 4.1),
        (Path(0.0, 0.05), False, 5.0),
        (LOSSY, False, 15.0),
        (replace(LOSSY, bytes_per_second=26_000), True, 15.0),
    ],
    ids=["clean", "far", "lossy", "lossy and flooded"],
)
def test_a_link_that_is_cut_is_noticed_within_bounds(path: Path, flood: bool, most: float) -> None:
    for seed in range(20):
        pair = Pair(path, seed, flood=flood)
        pair.run(30 + seed / 20)
        cut = pair.cut()
        pair.run(60)
        assert pair.lost
        assert pair.now - cut <= most
