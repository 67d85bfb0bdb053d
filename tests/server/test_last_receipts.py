"""A broker that is told to stop signs for what it holds of live sessions; hosts are sent that."""

import threading
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker.recording import receipts
from broker.server import receipt_times
from broker.server.stores.recordings import Recordings
from broker.wire.messages import Append, Held
from broker.wire.names import RECEIPTS
from tests.journeys.waiting import PATIENCE_SECONDS
from tests.server.casts import CAST, cast
from tests.server.conftest import Serve
from tests.server.peers import Peer, Site, hello

RECORDING = cast([b"line %d\r\n" % number for number in range(300)])
STOP_SECONDS = 9.0
"""Of a broker in which everything hangs; 10 s later it would have been ended from without."""


@pytest.fixture(autouse=True)
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first receipt of a stream none is due while a test lasts."""
    monkeypatch.setattr(receipt_times, "EVERY_SECONDS", 1000.0)


class HangingDisk:
    """For the recordings of these sessions: it neither writes nor fails, until it goes on."""

    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self.goes_on = threading.Event()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> HangingDisk:
    """The broker's."""
    disk = HangingDisk()
    append = Recordings.append

    def hangs(self: Recordings, session: str, stream: str, offset: int, data: bytes) -> None:
        if session in disk.sessions:
            disk.goes_on.wait(PATIENCE_SECONDS)
        append(self, session, stream, offset, data)

    monkeypatch.setattr(Recordings, "append", hangs)
    return disk


async def linked(client: aiohttp.ClientSession, site: Site, granted: dict[str, Any]) -> Peer:
    """A host whose end of the link stays when the broker goes."""
    host = Peer(await client.ws_connect(f"{site.url}/api/host", max_msg_size=0))
    host.answers_pings = False  # it is read when the broker has gone
    await host.send(hello(granted))
    return host


async def not_signed_for(host: Peer, session: str) -> None:
    """3000 bytes are held, and receipts speak for 2000 of them."""
    await host.send(Append(CAST, 0, RECORDING[:2000]))
    await host.covered(session, CAST, 2000)
    await host.send(Append(CAST, 2000, RECORDING[2000:3000]))
    await host.wait(Held, lambda held: held.offset == 3000)


def signed(data: Path, session: str) -> int:
    """Up to where the broker's own receipts speak for the recording."""
    found = receipts.read(session, (data / "recordings" / session / RECEIPTS).read_bytes())
    assert found.bad is None
    offset: int = found.chain.held[CAST].fields["offset"]
    return offset


async def test_hosts_that_are_here_get_their_last_receipts(serve: Serve, data: Path) -> None:
    async with aiohttp.ClientSession() as client:
        async with serve() as site:
            hosts = {}
            for _ in range(10):
                granted = await site.grant()
                hosts[granted["session"]] = await linked(client, site, granted)
            for session, host in hosts.items():
                await not_signed_for(host, session)
        for session, host in hosts.items():
            assert await host.closed() is None
            last = host.signed(session).chain.held[CAST]
            assert (last.fields["offset"], signed(data, session)) == (3000, 3000)


async def test_those_of_a_host_that_is_not_lie_there_for_it(serve: Serve, data: Path) -> None:
    async with serve() as site:
        granted = await site.grant()
        async with site.connected(granted) as (host, _):
            await not_signed_for(host, granted["session"])
    assert signed(data, granted["session"]) == 3000


async def test_a_disk_that_hangs_keeps_neither_others_nor_the_broker_from_it(
    serve: Serve, data: Path, disk: HangingDisk
) -> None:
    async with aiohttp.ClientSession() as client:
        async with serve() as site:
            hangs, granted = await site.grant(), await site.grant()
            stuck = await linked(client, site, hangs)
            host = await linked(client, site, granted)
            await not_signed_for(stuck, hangs["session"])
            await not_signed_for(host, granted["session"])
            disk.sessions.add(hangs["session"])
            await stuck.send(Append(CAST, 3000, RECORDING[3000:4000]))
            told = time.monotonic()
        assert time.monotonic() - told < STOP_SECONDS
        await host.closed()
        assert signed(data, granted["session"]) == 3000
        assert host.signed(granted["session"]).chain.held[CAST].fields["offset"] == 3000
        assert signed(data, hangs["session"]) == 2000
        disk.goes_on.set()  # or its thread would be waited for
