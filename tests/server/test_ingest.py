import asyncio
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.server.ingest import Copy
from broker.server.stores.recordings import Recordings
from broker.server.tasks import Tasks
from broker.wire.messages import Append, Held, Refused
from broker.wire.names import RECEIPTS
from broker.wire.stream import Beyond
from tests.server.casts import CAST, cast
from tests.server.conftest import Serve
from tests.server.peers import Site


class SlowDisk(Recordings):
    """A real disk whose every append waits until the test lets it through."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.let_through = threading.Semaphore(0)
        self.began = threading.Semaphore(0)
        self.appends: list[int] = []

    def append(self, session: str, stream: str, offset: int, data: bytes) -> None:
        self.appends.append(len(data))
        self.began.release()
        self.let_through.acquire()
        super().append(session, stream, offset, data)


def copy_on(recordings: Recordings, tasks: Tasks, told: asyncio.Queue[int]) -> Copy:
    recordings.prepare()
    return Copy(
        recordings, "s1", CAST, held=0, tasks=tasks,
        progressed=lambda copy: told.put_nowait(copy.held),
    )  # fmt: skip


async def test_held_only_after_the_disk_has_it_and_the_rest_is_taken_along(tmp_path: Path) -> None:
    disk, tasks, told = SlowDisk(tmp_path / "r"), Tasks(), asyncio.Queue[int]()
    copy = copy_on(disk, tasks, told)
    copy.take(0, b"first")
    assert await asyncio.to_thread(disk.began.acquire, timeout=10)
    for number in range(10):
        copy.take(copy.received, b"%d" % number)
    assert (copy.held, copy.received, told.empty()) == (0, 15, True)
    assert b"".join(copy.tail(3)) == b"st0123456789"

    disk.let_through.release(2)
    assert await told.get() == 5
    assert await told.get() == 15
    assert disk.appends == [5, 10], "what came meanwhile is one batch"
    assert disk.read("s1", CAST, 0, 100) == b"first0123456789"
    await tasks.close()


PIECES = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 120)), max_size=30)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(pieces=PIECES)
def test_any_order_of_pieces_gives_a_prefix_of_the_original(
    pieces: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    original = bytes(range(256)) * 3

    async def send() -> None:
        recordings = Recordings(tmp_path_factory.mktemp("r") / "recordings")
        tasks, told = Tasks(), asyncio.Queue[int]()
        copy = copy_on(recordings, tasks, told)
        reached = 0
        for offset, size in pieces:
            piece = original[offset : offset + size]
            if offset > reached:
                with pytest.raises(Beyond):
                    copy.take(offset, piece)
            else:
                new = copy.take(offset, piece)
                assert original[reached : reached + len(new)] == new
                reached += len(new)
            assert copy.received == reached
        while copy.held < reached:
            await told.get()
        assert recordings.read("s1", CAST, 0, 10_000) == original[:reached] if reached else True
        await tasks.close()

    asyncio.run(send())


async def test_exactly_once_however_often_it_is_sent(site: Site) -> None:
    granted = await site.grant()
    data = cast([b"line %d\r\n" % number for number in range(200)])
    async with site.connected(granted) as (host, welcome):
        assert welcome.held == {RECEIPTS: 0}
        await host.send(Append(CAST, 0, data[:500]))
        await host.send(Append(CAST, 900, data[900:]))
        assert await host.wait(Refused) == Refused(CAST, 500)
        await host.send(Append(CAST, 100, data[100:700]))
        await host.send(Append(CAST, 0, data[:50]))
        await host.send(Append(CAST, 700, data[700:]))
        await host.wait(Held, lambda held: held.offset == len(data))
    assert await site.stream(granted["session"], CAST) == data


async def test_a_new_link_is_told_of_no_more_than_it_sent(site: Site) -> None:
    """A host takes a claim beyond that for a lie and gives the broker up."""
    granted = await site.grant()
    data = cast([b"x" * 100] * 100)
    async with site.connected(granted) as (host, _):
        await host.send(Append(CAST, 0, data))
        # Gone at once, with all of it perhaps not yet held.
    async with site.connected(granted) as (host, welcome):
        sent = welcome.held.get(CAST, 0)
        while sent < len(data):
            piece = data[sent : sent + 1000]
            await host.send(Append(CAST, sent, piece))
            sent += len(piece)
            held = await host.wait(Held, lambda held, sent=sent: held.offset == sent)  # type: ignore[misc]
            assert held.offset <= sent
    assert await site.stream(granted["session"], CAST) == data


async def test_a_broker_that_restarts_goes_on_where_it_held(serve: Serve) -> None:
    data = cast([b"line %d\r\n" % number for number in range(3000)])
    async with serve() as site:
        granted = await site.grant()
        async with site.connected(granted) as (host, _):
            await host.send(Append(CAST, 0, data[:60_000]))
            await host.wait(Held)
            await host.send(Append(CAST, 60_000, data[60_000:90_000]))
    async with serve() as site:
        async with site.connected(granted) as (host, welcome):
            held = welcome.held[CAST]
            assert 60_000 <= held <= 90_000
            for offset in range(held, len(data), 50_000):
                await host.send(Append(CAST, offset, data[offset : offset + 50_000]))
            await host.wait(Held, lambda held: held.offset == len(data))
        assert await site.stream(granted["session"], CAST) == data
