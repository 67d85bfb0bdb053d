"""A real recorder process with a real shell, its real uplink, and a broker that may be hostile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import re
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broker.host import clock, sessions
from broker.host.failures import Failed
from broker.host.session_file import SessionFile, load
from broker.recording import session_log
from broker.recording.asciicast import read_event
from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.messages import (
    Attach,
    Attached,
    Detach,
    Ended,
    Error,
    Held,
    Hello,
    Input,
    Joined,
    Leave,
    Left,
    Message,
    Output,
    Turn,
)
from tests.host.broker_end import WAIT_SECONDS, BrokerEnd, broker_end

TERMINAL = "run-1.terminal-1.cast"
LOG = "run-1.log"


class Host:
    """One session's recorder on a host of its own."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("JUMPSEAT_STATE_DIR", str(home / "state"))
        monkeypatch.setenv("JUMPSEAT_RUNTIME_DIR", str(home / "run"))
        monkeypatch.delenv("JUMPSEAT_SESSION", raising=False)
        user = pwd.getpwuid(os.getuid())
        self.seats: list[Seat] = []
        self.folder = home / "state" / "s1"
        self.folder.mkdir(parents=True)
        self.file = SessionFile(  # noqa: S604 - shell is a field
            id="s1", broker=url, token="secret", case="c", engineer="alice",
            began_wall=time.time(), began_boottime=clock.boottime(), began_boot=clock.boot_id(),
            mode="control", away="pause", until=3600.0, terms="terms", answer="I agree",
            uid=user.pw_uid, gid=user.pw_gid, user=user.pw_name, home=str(home), shell="/bin/sh",
            env={"TERM": "xterm", "PATH": os.environ["PATH"], "PS1": "$ ", "HOME": str(home)},
            cwd=str(home), login=False,
        )  # fmt: skip

    async def start(self, **changes: object) -> None:
        """Start a run of the recorder, on first use with these fields of the session changed."""
        if changes or not (self.folder / "session.json").exists():
            self.file = replace(self.file, **changes)  # type: ignore[arg-type]
            self.file.save(self.folder)
        await asyncio.to_thread(sessions.start_recorder, self.folder)

    async def do(self, what: str) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            with sessions.connect("s1") as recorder:
                return sessions.do(recorder, what)

        return await asyncio.to_thread(ask)

    def log(self, run: int = 1) -> list[session_log.Entry]:
        lines = (self.folder / f"run-{run}.log").read_text().splitlines()
        return [session_log.decode(line) for line in lines]

    def pid(self) -> int:
        with sessions.connect("s1") as sock:
            raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(raw[:4], "little")

    async def gone(self) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while sessions.wait_until_delivered("s1", 0) is not None:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        for seat in self.seats:
            await seat.close()
        with contextlib.suppress(Failed):
            os.kill(self.pid(), signal.SIGTERM)
            await self.gone()


class Seat:
    """The customer's terminal, as far as the recorder knows."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.printed = b""
        self._reader = reader
        self._writer = writer
        self._unpacker = Unpacker()
        self._waiting: list[bytes] = []

    def send(self, message: Message) -> None:
        self._writer.write(pack(encode(message)))

    def types(self, text: str) -> None:
        self.send(Input(TERMINAL, "", text.encode()))

    async def next(self) -> Message:
        async with asyncio.timeout(WAIT_SECONDS):
            while not self._waiting:
                data = await self._reader.read(65536)
                if not data:
                    raise EOFError
                self._waiting += self._unpacker.feed(data)
        return decode(self._waiting.pop(0))

    async def until(self, kind: type) -> Message:
        while True:
            message = await self.next()
            if isinstance(message, Output):
                self.printed += message.data
            if isinstance(message, kind):
                return message

    async def until_printed(self, text: bytes) -> None:
        while text not in self.printed:
            await self.until(Output)

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def take_seat(host: Host) -> Seat:
    sock = await asyncio.to_thread(sessions.connect, "s1")
    seat = Seat(*await asyncio.open_connection(sock=sock))
    seat.send(Attach("", 80, 24))
    host.seats.append(seat)
    await seat.until(Attached)
    return seat


@pytest.fixture
async def broker() -> AsyncIterator[BrokerEnd]:
    async with broker_end() as end:
        yield end


@pytest.fixture
async def host(broker: BrokerEnd, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    with tempfile.TemporaryDirectory(prefix="host-") as home:  # short: sockets are in it
        host = Host(Path(home), monkeypatch, broker.url)
        yield host
        await host.close()


async def nobody_types(broker: BrokerEnd) -> None:
    """Wait until the customer's turn is over."""

    def told() -> list[Message]:
        return [one for one in broker.heard if isinstance(one, Turn)]

    await broker.until(lambda: bool(told()) and told()[-1] == Turn(TERMINAL, "", ""), "no turn")


async def sit(host: Host, broker: BrokerEnd, **changes: object) -> Seat:
    """Start, take the seat, and have alice watch."""
    await host.start(**changes)
    seat = await take_seat(host)
    await seat.until_printed(b"$ ")
    await broker.until_heard(Hello)
    await broker.send(Joined("v1", "alice"))
    await broker.until_in(LOG, b'"joined"')
    return seat


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
    assert [entry["event"] for entry in host.log()] == [
        "started", "consented", "opened", "attached", "link_up", "joined", "entered", "typed",
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


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"mode": "watch"}, "mode"),
        ({"until": 1.0}, "expired"),
        ({}, "no-terminal"),
    ],
)
async def test_a_broker_that_types_beyond_the_grant_achieves_nothing(
    host: Host, broker: BrokerEnd, changes: dict[str, Any], why: str
) -> None:
    seat = await sit(host, broker, **changes)
    terminal = "run-2.terminal-1.cast" if why == "no-terminal" else TERMINAL
    if why == "expired":
        await broker.until_in(LOG, b'"expired"')
    for _ in range(3):
        await broker.send(Input(terminal, "v1", b"echo inject''ed\r"))
    await broker.until_in(LOG, b'"refused"')
    seat.types("echo cle''an\r")
    await seat.until_printed(b"clean")
    assert b"inject" not in seat.printed
    refused = [entry for entry in host.log() if entry["event"] == "refused"]
    assert [(entry["why"], entry["person"]) for entry in refused] == [(why, "alice")]


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


@pytest.mark.parametrize(
    "attack",
    [
        encode(Input(TERMINAL, "nobody", b"echo inject''ed\r")),
        encode(Held(LOG, 2**40)),
        encode(Held("run-9.log", 1)),
        encode(Leave("ended")),
        encode(Output(TERMINAL, b"fake")),
        b"\x09garbage",
        b'{"type":"do","command":"end"}',
    ],
)
async def test_a_broker_that_breaks_the_protocol_costs_its_link_alone(
    host: Host, broker: BrokerEnd, attack: bytes
) -> None:
    seat = await sit(host, broker)
    await broker.send_raw(attack)
    await broker.until_heard(Error)
    await broker.until_heard(Hello, 2)
    assert Leave("recorder-lost") not in broker.heard
    seat.types("echo undis''turbed\r")
    await seat.until_printed(b"undisturbed")
    await broker.until_in(TERMINAL, b"undisturbed")
    assert b"inject" not in seat.printed


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
    seat.types("trap '' HUP; sleep 1000 & wait\r")
    await seat.until_printed(b"wait")
    status = await host.do("end")
    assert status["ended"] is True
    await seat.until(Ended)
    assert await broker.until_heard(Leave) == Leave("ended")
    await host.gone()
    assert broker.streams[LOG].endswith(b'"why": "jumpseat end"}\n')


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
        sock = await asyncio.to_thread(sessions.connect, "s1")
        sock.sendall(pack(encode(Attach("", 80, 24))))
        sock.close()
    async with asyncio.timeout(WAIT_SECONDS):
        while (await host.do("status"))["seated"]:
            pass
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
