import asyncio
import json
import socket

import avt

from broker.server import viewer as viewer_module
from broker.wire.messages import Append, Held, Input, Joined, Present
from tests.server.casts import CAST, LOG, cast, entry, started
from tests.server.conftest import Serve
from tests.server.peers import Peer, Site, Viewer


def texts(data: bytes, cols: int = 80, rows: int = 24) -> list[str]:
    """The screen that a recording leaves, played from its first line."""
    terminal = avt.Vt(cols, rows, 0)
    for line in data.decode().split("\n")[1:-1]:
        _, code, text = json.loads(line)
        if code == "o":
            terminal.feed_str(text)
    return [line.text for line in terminal.view()]


def seen(viewer: Viewer, stream: str) -> list[str]:
    """The screen that this viewer has by now, from its snapshot and what followed."""
    snapshot = viewer.snapshots[stream][-1]
    terminal = avt.Vt(snapshot.cols, snapshot.rows, 0)
    terminal.feed_str(snapshot.data.decode())
    for line in bytes(viewer.data[stream]).decode().split("\n")[:-1]:
        _, code, text = json.loads(line)
        if code == "o":
            terminal.feed_str(text)
    return [line.text for line in terminal.view()]


async def bring(host: Peer, stream: str, data: bytes, start: int = 0) -> None:
    """Send a stream's bytes as a host does: never more than a window ahead of what is held."""
    held = sent = start
    while held < len(data):
        while sent < len(data) and sent - held < 2_000_000:
            piece = data[sent : sent + 60_000]
            await host.send(Append(stream, sent, piece))
            sent += len(piece)
        held = (await host.wait(Held, lambda held: held.stream == stream)).offset


def screenfuls(count: int) -> list[bytes]:
    return [b"\x1b[%dH\x1b[2Kline %d \xe6\xbc\xa2\r\n" % (n % 24 + 1, n) for n in range(count)]


async def test_who_joins_late_sees_the_same_screen(site: Site) -> None:
    granted = await site.grant()
    data = cast(screenfuls(20_000))
    async with site.connected(granted) as (host, _):
        await bring(host, CAST, data)
        async with site.viewing(granted["session"]) as viewer:
            await viewer.watch(CAST, -1)
            await viewer.reaches(CAST, len(data))
            assert seen(viewer, CAST) == texts(data)
            assert viewer.since[CAST] > len(data) // 2, "a snapshot, not a replay"


async def test_from_an_offset_every_byte_comes(site: Site) -> None:
    granted = await site.grant()
    data = cast(screenfuls(30_000))
    async with site.connected(granted) as (host, _), site.viewing(granted["session"]) as viewer:
        await bring(host, CAST, data[:1_000_000])
        await viewer.watch(CAST, 0)
        await bring(host, CAST, data, 1_000_000)
        await viewer.reaches(CAST, len(data))
        assert bytes(viewer.data[CAST]) == data
        assert not viewer.snapshots[CAST]


async def test_joining_in_the_middle_of_a_flood_leaves_no_hole(site: Site) -> None:
    granted = await site.grant()
    data = cast(screenfuls(60_000))
    async with site.connected(granted) as (host, _), asyncio.TaskGroup() as group:
        group.create_task(bring(host, CAST, data))

        async def join(offset: int) -> None:
            async with site.viewing(granted["session"]) as viewer:
                await viewer.watch(CAST, offset)
                await viewer.reaches(CAST, len(data))
                start = viewer.since[CAST]
                assert bytes(viewer.data[CAST]) == data[start:]

        for offset in (0, -1, 0, -1):
            group.create_task(join(offset))


async def test_a_viewer_that_stops_reading_slows_nobody_and_gets_a_snapshot(site: Site) -> None:
    granted = await site.grant()
    data = cast(screenfuls(400_000))
    assert len(data) > 8 * viewer_module.SKIP_BYTES
    async with (
        site.connected(granted) as (host, _),
        site.viewing(granted["session"]) as quick,
        site.viewing(granted["session"]) as stuck,
    ):
        slow_socket = stuck.ws.get_extra_info("socket")
        slow_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        log = started() + entry(1.0, "attached", terminal=CAST)
        await host.send(Append(LOG, 0, log))
        for viewer in (quick, stuck):
            await viewer.watch(LOG, 0)
            await viewer.watch(CAST, 0)
        async with asyncio.TaskGroup() as group:
            group.create_task(bring(host, CAST, data))
            await quick.reaches(CAST, len(data))  # while the other reads nothing at all
        assert bytes(quick.data[CAST]) == data

        more = entry(2.0, "detached", terminal=CAST, why="closed")
        await host.send(Append(LOG, len(log), more))
        await stuck.reaches(CAST, len(data))
        while len(stuck.data[LOG]) < len(log + more):
            assert await stuck.next() is not None
        assert bytes(stuck.data[LOG]) == log + more, "of a log it misses nothing"
        assert stuck.snapshots[CAST], "it skipped what it could not take"
        assert seen(stuck, CAST) == texts(data)


async def test_the_room_goes_on_when_a_viewer_dies(site: Site) -> None:
    granted = await site.grant()
    data = cast(screenfuls(5_000))
    async with site.connected(granted) as (host, _), site.viewing(granted["session"]) as viewer:
        async with site.viewing(granted["session"]) as dying:
            await dying.watch(CAST, 0)
            await bring(host, CAST, data[:100_000])
            dying.ws.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        await bring(host, CAST, data, 100_000)
        await viewer.watch(CAST, 0)
        await viewer.reaches(CAST, len(data))
        assert bytes(viewer.data[CAST]) == data


async def test_a_viewer_that_knows_more_than_the_broker_waits_for_it(serve: Serve) -> None:
    """It saw live what an earlier broker did not get to hold; the host sends that again."""
    data = cast(screenfuls(100))
    cut = 1000
    async with serve() as site:
        granted = await site.grant()
        async with site.connected(granted) as (host, _):
            await bring(host, CAST, data[:cut])
    async with (
        serve() as site,
        site.connected(granted) as (host, _),
        site.viewing(granted["session"]) as viewer,
    ):
        await viewer.watch(CAST, cut + 500)
        await viewer.send(Input(CAST, "", b"x"))  # so that the watch has been seen
        await host.wait(Input)
        await bring(host, CAST, data, cut)
        await viewer.reaches(CAST, len(data))
        assert bytes(viewer.data[CAST]) == data[cut + 500 :]


async def test_signing_out_ends_what_was_open(site: Site) -> None:
    granted = await site.grant()
    async with site.connected(granted) as (host, _), site.viewing(granted["session"]) as viewer:
        await host.wait(Joined)
        async with site.engineer.post("/api/sign-out", json={}) as got:
            assert got.status == 200
        assert await viewer.closed() is None
        assert viewer.ws.close_code == 1001


async def test_a_recording_that_is_none_is_shown_as_it_is(site: Site) -> None:
    granted = await site.grant()
    async with site.connected(granted) as (host, _), site.viewing(granted["session"]) as viewer:
        await bring(host, CAST, b"no asciicast\n" * 10)
        await viewer.watch(CAST, -1)
        await viewer.reaches(CAST, 130)
        assert not viewer.snapshots[CAST]
        assert viewer.present is not None
        assert isinstance(viewer.present, Present)
