"""A real recorder process with a real shell, its real uplink, and a broker."""

from __future__ import annotations

import os
import re
import signal

import pytest

from broker.host import sessions
from broker.host.session_file import load
from broker.recording.asciicast import read_event
from broker.wire.messages import (
    Attach,
    Detach,
    Ended,
    Error,
    Hello,
    Input,
    Leave,
    Left,
)
from tests.host.broker_end import BrokerEnd
from tests.host.real_recorder import LOG, TERMINAL, Host, a_seat, left, nobody_types, sit, take_seat
from tests.journeys.waiting import keeps


async def test_a_session_from_its_first_line_to_its_last(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    seat.types("echo the custo''mer\r")
    await seat.until_printed(b"the customer")
    await nobody_types(broker)
    await broker.send(Input(TERMINAL, "v1", b"echo the engi''neer\r"))
    await seat.until_printed(b"the engineer")
    await broker.send(Left("v1"))
    await broker.until_in(LOG, b'"left"')
    seat.types("exit 3\r")
    ended = await seat.until(Ended)
    assert ended == Ended(TERMINAL, 3)
    assert await broker.until_heard(Leave) == Leave("ended")
    await host.gone()
    # There is a link as soon as there is a broker; and a slow machine may stand still.
    events = [one["event"] for one in host.log() if one["event"] not in ("link_up", "stood_still")]
    assert events == [
        "started", "consented", "limit", "opened", "attached", "joined", "entered", "typed",
        "entered", "left", "entered", "closed", "ended",
    ]  # fmt: skip
    for name, copy in broker.streams.items():
        assert (host.folder / name).read_bytes() == copy
    assert b"the engineer" in broker.streams[TERMINAL]
    assert load(host.folder).ended


async def test_the_log_says_who_keeps_the_record(host: Host, broker: BrokerEnd) -> None:
    await sit(host, broker)
    started, consented = host.log()[:2]
    assert started["protected"] is False
    assert started["grant"]["mode"] == "control"
    assert started["recorder"]["uid"] == os.getuid()
    assert consented["text"] == "terms"
    assert consented["answer"] == "I agree"
    assert "secret" not in (host.folder / LOG).read_text()


async def test_an_expired_grant_ends_when_the_customer_leaves_and_not_before(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker, until=1.0)
    await broker.until_in(LOG, b'"expired"')
    seat.types("echo still mi''ne\r")
    await seat.until_printed(b"still mine")
    await seat.close()
    assert await broker.until_heard(Leave) == Leave("ended")
    assert host.log()[-1]["why"] == "the grant is expired"


async def test_replies_of_an_engineers_terminal_are_no_keys(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    await broker.send(Input(TERMINAL, "v1", b"\x1b[?62;22c\x1b[24;80R"))
    await broker.send(Input(TERMINAL, "v1", b"echo on''ly\r"))
    await seat.until_printed(b"only")
    assert b"62;22c" not in seat.printed


async def test_offline_is_recorded_and_arrives_exactly_once(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    assert (await host.do("disconnect"))["link"] == "disconnected"
    assert await broker.until_heard(Leave) == Leave("disconnected")
    seat.types("echo off''line\r")
    await seat.until_printed(b"offline")
    assert b"offline" not in broker.streams[TERMINAL]
    await host.do("reconnect")
    await broker.until_in(TERMINAL, b"offline")
    await broker.until_in(LOG, b'"reconnected", "since"')
    assert (host.folder / TERMINAL).read_bytes().startswith(broker.streams[TERMINAL])


async def test_a_link_that_breaks_is_noticed_named_and_mended(
    host: Host, broker: BrokerEnd
) -> None:
    await sit(host, broker)
    await broker.cut()
    await broker.until_heard(Hello, 2)
    await broker.until_in(LOG, b'"cause": "network lost"')
    assert "link_lost" in [entry["event"] for entry in host.log()]


async def test_who_types_is_told_before_what_they_typed(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)

    async def types() -> None:
        seat.types("x\x7f")

    async with keeps(types):
        await broker.cut()
        await broker.until_in(LOG, b'"link_up"', 2)
        await broker.until(lambda: TERMINAL in broker.came, "what was typed")
    assert broker.came.index("Turn") < broker.came.index(TERMINAL)


async def test_a_silent_broker_is_given_up_and_dialled_again(host: Host, broker: BrokerEnd) -> None:
    await sit(host, broker)
    broker.answering = False
    await broker.until(lambda: broker.links >= 2, "a second link")
    broker.answering = True
    await broker.until_in(LOG, b'"the broker is silent"')


async def test_a_broker_that_is_full_sends_it_all_again(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    broker.holding = False
    seat.types("seq 1 1000; echo do''ne\r")
    await seat.until_printed(b"done")
    await broker.until_in(TERMINAL, b"done")
    assert (await host.do("status"))["unheld"] > 0
    broker.holding = True
    await broker.cut()
    await broker.until_heard(Hello, 2)
    seat.types("echo aga''in\r")
    await broker.until_in(TERMINAL, b"again")
    assert (host.folder / TERMINAL).read_bytes().startswith(broker.streams[TERMINAL])


@pytest.mark.parametrize("away", ["pause", "continue", "end"])
async def test_leaving_the_terminal_is_answered_as_the_grant_says(
    host: Host, broker: BrokerEnd, away: str
) -> None:
    seat = await sit(host, broker, away=away)
    await seat.close()
    await broker.until_in(LOG, b'"detached"')
    if away == "end":
        assert await broker.until_heard(Leave) == Leave("ended")
        return
    await broker.send(Input(TERMINAL, "v1", b"echo unatt''ended\r"))
    if away == "continue":
        await broker.until_in(TERMINAL, b"unattended")
        return
    await broker.until_in(LOG, b'"why": "paused"')
    seat = await take_seat(host)
    await broker.until_in(LOG, b'"input_resumed"')
    await broker.send(Input(TERMINAL, "v1", b"echo ba''ck\r"))
    await seat.until_printed(b"back")
    assert b"unattended" not in seat.printed


async def test_the_seat_goes_to_whoever_took_it_last(host: Host, broker: BrokerEnd) -> None:
    first = await sit(host, broker)
    assert b"\x1b[2J" not in first.printed  # what they read before stays
    first.types("echo see''n\r")
    await first.until_printed(b"seen")
    second = await take_seat(host)
    assert isinstance(await first.until(Detach), Detach)
    await second.until_printed(b"seen")
    first.types("echo not m''ine\r")
    assert isinstance(await first.until(Error), Error)
    second.types("echo mi''ne\r")
    await second.until_printed(b"mine")
    assert b"not mine" not in second.printed


async def test_a_recorder_that_was_killed_goes_on_in_a_new_run(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    seat.types("echo bef''ore\r")
    await broker.until_in(TERMINAL, b"before")
    os.kill(host.pid(), signal.SIGKILL)
    with pytest.raises(EOFError):
        await seat.until(Ended)
    assert await broker.until_heard(Leave) == Leave("recorder-lost")
    with (host.folder / TERMINAL).open("ab") as recording:
        recording.write(b'[9.9, "o", "torn')
    await host.start()
    again = await take_seat(host)
    await again.until_printed(b"$ ")
    await broker.until_in("run-2.log", b'"recorder-stopped"')
    assert not (host.folder / TERMINAL).read_bytes().endswith(b"torn")
    gap = next(entry for entry in host.log(2) if entry["event"] == "gap")
    assert host.log(1)[-1]["t"] <= gap["since"] <= gap["until"]
    assert (host.folder / TERMINAL).read_bytes() == broker.streams[TERMINAL]


async def test_end_hangs_up_closes_the_log_and_delivers(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    stays = host.home / "stays"
    stays.touch()
    seat.types("trap '' HUP; while [ -e stays ]; do sleep 0.1; done & wait\r")
    await seat.until_printed(b"wait")
    status = await host.do("end")
    assert status["ended"] is True
    await seat.until(Ended)
    assert await broker.until_heard(Leave) == Leave("ended")
    await host.gone()
    assert broker.streams[LOG].endswith(b'"why": "jumpseat end"}\n')
    stays.unlink()


async def test_a_session_that_ends_offline_is_delivered_when_the_link_is_back(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    await host.do("disconnect")
    seat.types("echo la''st; exit\r")
    await seat.until(Ended)
    await host.gone()
    assert sessions.undelivered(None) == host.folder
    await host.start()
    assert await broker.until_heard(Leave, 2) == Leave("ended")
    await host.gone()
    assert load(host.folder).delivered
    for name in (LOG, TERMINAL):
        assert (host.folder / name).read_bytes() == broker.streams[name]


async def test_a_flood_reaches_seat_and_broker_whole(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    seat.types("seq 1 200000; echo do''ne\r")
    await seat.until_printed(b"done")
    await broker.until_in(TERMINAL, b"done")
    recorded = b"".join(
        event.text.encode()
        for event in map(read_event, broker.streams[TERMINAL].decode().split("\n")[1:-1])
        if event.code == "o"
    )
    whole = "".join(f"{n}\r\n" for n in range(1, 200001)).encode()
    assert whole in recorded
    assert whole in seat.printed


async def test_a_seat_that_stands_still_does_not_hold_the_shell(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    seat.types("seq 1 400000; echo do''ne\r")
    await broker.until_in(TERMINAL, b"done")  # the seat reads nothing meanwhile
    await seat.until_printed(b"done\r\n")


async def test_interrupt_and_hang_up_mean_to_programs_what_they_should(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    seat.types("""sh -c 'cat /proc/self/status; echo wai""ting; exec sleep 1000'\r""")
    await seat.until_printed(b"waiting")
    ignored = re.search(rb"SigIgn:\t([0-9a-f]{16})", seat.printed)
    # Beyond 31 are libc's own, which posix_spawn (make's, for one) leaves ignored.
    assert ignored
    assert int(ignored[1], 16) & 0x7FFFFFFF == 0
    await nobody_types(broker)
    await broker.send(Input(TERMINAL, "v1", b"\x03"))
    await seat.until_printed(b"^C")  # which throws away what was typed ahead
    seat.types("echo on''ward\r")
    await seat.until_printed(b"onward")


async def test_a_terminal_that_goes_while_its_screen_is_redrawn_leaves_no_seat(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    await seat.close()
    await broker.until_in(LOG, b'"input_paused"')
    for _ in range(20):
        passing = await a_seat()
        passing.send(Attach("", 80, 24))
        await passing.leave()
    await left(host)
    await broker.send(Input(TERMINAL, "v1", b"echo inject''ed\r"))
    await broker.until_in(LOG, b'"why": "paused"')
    assert b"injected" not in (host.folder / TERMINAL).read_bytes()


async def test_a_run_after_a_reboot_is_not_blamed_for_it_again(
    host: Host, broker: BrokerEnd
) -> None:
    await host.start(began_boot="an earlier boot")
    for run, cause in ((2, "recorder-stopped"), (3, "recorder-stopped")):
        os.kill(host.pid(), signal.SIGKILL)
        await host.gone()
        await host.start()
        gap = next(entry for entry in host.log(run) if entry["event"] == "gap")
        assert gap["cause"] == cause
    assert broker.url
