"""What the broker does not hold nears the limit, and reaches it: a real recorder and shell."""

from __future__ import annotations

from broker.host.session_file import load
from broker.recording import asciicast
from broker.wire.messages import Ended, Held, Input
from tests.host.broker_end import BrokerEnd
from tests.host.real_recorder import TERMINAL, Host, nobody_types, sit, take_seat
from tests.journeys.waiting import until

SPOOL = 300_000


def flood(count: int, end: str) -> str:
    """Print so much, and then ``end``, which the line does not contain as it is printed."""
    return f"head -c {count} /dev/zero | tr '\\0' x; echo {end[0]}''{end[1:]}\r"


async def test_floods_are_slowed_then_not_recorded_until_the_broker_has_taken_some(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker, spool=SPOOL)
    broker.holding = False
    seat.types(flood(245_000, "first"))
    await seat.until_printed(b"first")
    await seat.until_told("floods of output are slowed")
    seat.types("echo sm''all\r")
    await seat.until_printed(b"small")
    assert not host.logged("gap")

    seat.types(flood(400_000, "second"))
    await seat.until_told("nothing is recorded until")
    await seat.until_printed(b"second")  # the shell goes on
    await nobody_types(broker)
    await broker.send(Input(TERMINAL, "v1", b"echo never\r"))
    await until(lambda: host.logged("refused"), "the refusal")
    assert host.logged("refused")[0]["why"] == "disk-full"

    broker.holding = True
    for name, copy in list(broker.streams.items()):
        await broker.send(Held(name, len(copy)))
    await seat.until_told("recording goes on")
    seat.types("echo ag''ain; exit\r")
    await seat.until(Ended)
    await host.gone()

    (gap,) = host.logged("gap")
    assert gap["cause"] == "spool-limit"
    slowed = host.logged("slowed")
    assert slowed
    assert all(one["since"] < one["until"] for one in slowed)
    head, *lines = (host.folder / TERMINAL).read_text().splitlines()
    asciicast.read_header(head)
    events = [asciicast.read_event(line, at) for at, line in enumerate(lines, 2)]
    assert not [one for one in events if gap["since"] < one.t < gap["until"] and one.code == "o"]
    printed = "".join(one.text for one in events)
    assert "small" in printed
    assert "again" in printed
    assert "never" not in printed
    for name, copy in broker.streams.items():
        assert (host.folder / name).read_bytes() == copy


async def test_an_offline_session_keeps_all_that_it_may_and_says_what_is_missing(
    host: Host,
) -> None:
    await host.start(broker="", token="", engineer="", mode="watch", page="off", spool=100_000)
    seat = await take_seat(host)
    await seat.until_printed(b"$ ")
    seat.types(flood(300_000, "first"))
    await seat.until_printed(b"first")
    seat.types("exit\r")
    await seat.until(Ended)
    await host.gone()
    (gap,) = host.logged("gap")
    assert gap["cause"] == "spool-limit"
    assert (host.folder / TERMINAL).stat().st_size <= 100_000
    assert [entry["event"] for entry in host.log()][-1] == "ended"
    assert load(host.folder).delivered
