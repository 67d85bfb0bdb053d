"""Several terminals and one seat: it is at one of them, wherever it goes and whatever goes."""

from __future__ import annotations

import os
import pwd

import pytest

from broker.wire.messages import Attach, Attached, Ended, Input, Notice, Output, Request
from tests.host.broker_end import BrokerEnd
from tests.host.real_recorder import LOG, TERMINAL, Host, Seat, a_seat, left, sit, take_seat

OTHER = "run-1.terminal-2.cast"


async def with_two(host: Host, broker: BrokerEnd) -> Seat:
    seat = await sit(host, broker, terminals=2)
    await broker.send(Request("v1", "terminal"))
    await broker.until_in(LOG, b'"opened"', 2)
    return seat


async def test_the_last_of_two_moves_is_where_the_seat_is(host: Host, broker: BrokerEnd) -> None:
    seat = await with_two(host, broker)
    for name in (OTHER, TERMINAL, OTHER, TERMINAL, OTHER):
        seat.send(Attach(name, 80, 24))
    attached = [await seat.until(Attached) for _ in range(5)]
    assert attached[-1] == Attached(OTHER)
    told = (await host.do("status"))["terminals"]
    assert [one["name"] for one in told if one["seated"]] == [OTHER]
    await broker.send(Input(TERMINAL, "v1", b"echo else''where\r"))
    await broker.until_in(TERMINAL, b"elsewhere")
    seat.send(Input(OTHER, "", b"echo he''re\r"))
    await seat.until_printed(b"here")
    assert b"elsewhere" not in seat.printed


@pytest.mark.parametrize("shown", range(4))
async def test_who_goes_while_the_seat_is_moved_is_away(
    host: Host, broker: BrokerEnd, shown: int
) -> None:
    await with_two(host, broker)
    for _ in range(3):
        passing = await a_seat()
        for name in (TERMINAL, OTHER, TERMINAL, OTHER):
            passing.send(Attach(name, 80, 24))
        for _ in range(shown):
            await passing.until(Attached)
        await passing.leave()
        await left(host)
        assert not (await host.do("status"))["seated"]
        log = [one["event"] for one in host.log() if one["event"] != "stood_still"]
        assert log[-1] == "input_paused"
        assert log.count("input_resumed") == log.count("input_paused") - 1


async def test_who_takes_a_seat_and_goes_before_they_see_it_is_away(
    host: Host, broker: BrokerEnd
) -> None:
    await sit(host, broker)
    passing = await a_seat()
    passing.send(Attach(TERMINAL, 80, 24))
    await passing.leave()
    await left(host)
    await broker.send(Input(TERMINAL, "v1", b"echo unatt''ended\r"))
    await broker.until_in(LOG, b'"why": "paused"')


async def test_the_end_is_told_to_whoever_has_a_seat(host: Host, broker: BrokerEnd) -> None:
    seat = await with_two(host, broker)
    await host.do("end")
    assert isinstance(await seat.until(Ended), Ended)


async def test_a_shell_that_ends_under_the_seat_leaves_it_at_the_other(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await with_two(host, broker)
    seat.types("exit\r")
    assert await seat.until(Attached) == Attached(OTHER)
    seat.send(Input(OTHER, "", b"exit 4\r"))
    assert await seat.until(Ended) == Ended(OTHER, 4)


async def test_a_redraw_is_no_arrival(host: Host, broker: BrokerEnd) -> None:
    await host.start(mode="approve")
    await host.do("hold", text="leave the pool alone", patterns=["pool"])
    seat = await take_seat(host)
    assert (await seat.until(Notice)) == Notice("info", f"hold by {user()}: leave the pool alone")
    for _ in range(3):
        seat.send(Attach("", 80, 24))
        await seat.until(Attached)
    seat.types("echo af''ter\r")
    while b"after\r\n" not in seat.printed:
        message = await seat.next()
        assert not isinstance(message, Notice)
        if isinstance(message, Output):
            seat.printed += message.data
    assert len(host.logged("attached")) == 1


def user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name
