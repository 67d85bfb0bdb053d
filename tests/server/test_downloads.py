import json

import pytest

from broker.wire.messages import Append, Held
from tests.server.casts import CAST, LOG, cast, entry, started
from tests.server.peers import Site

DATA = cast([b"line %d\r\n" % number for number in range(20_000)])


@pytest.fixture
async def session(site: Site) -> str:
    """A session with a recording and a log of two runs, held."""
    granted = await site.grant()
    log = (
        started()
        + entry(1.0, "joined", viewer="v1", person="alice")
        + entry(2.0, "link_lost", why="x", since=2.0)
    )
    later = started(2) + entry(9.0, "ended", by="customer", why="done")
    async with site.connected(granted) as (host, _):
        for stream, data in ((LOG, log), ("run-2.log", later), (CAST, DATA)):
            for at in range(0, len(data), 60_000):
                await host.send(Append(stream, at, data[at : at + 60_000]))
            size = len(data)
            await host.wait(Held, lambda held, size=size: held.offset == size)  # type: ignore[misc]
    name: str = granted["session"]
    return name


async def test_the_bytes_that_are_held(site: Site, session: str) -> None:
    async with site.engineer.get(f"/api/sessions/{session}/streams/{CAST}?download") as got:
        assert await got.read() == DATA
        assert got.headers["Content-Type"] == "application/x-asciicast"
        name = f"{session}.{CAST}"
        assert got.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    async with site.engineer.get(f"/api/sessions/{session}/streams/{LOG}") as got:
        assert got.headers["Content-Type"] == "application/x-ndjson"
        assert "Content-Disposition" not in got.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299", 100, 300),
        ("bytes=100-", 100, len(DATA)),
        ("bytes=-50", len(DATA) - 50, len(DATA)),
        ("bytes=0-99999999", 0, len(DATA)),
        ("bytes=-99999999", 0, len(DATA)),
    ],
)
async def test_ranges(site: Site, session: str, asked: str, start: int, end: int) -> None:
    url = f"/api/sessions/{session}/streams/{CAST}"
    async with site.engineer.get(url, headers={"Range": asked}) as got:
        assert got.status == 206
        assert got.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
        assert await got.read() == DATA[start:end]


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=5-2", "lines=1-2", "bytes=a-b"])
async def test_ranges_that_are_not_there(site: Site, session: str, asked: str) -> None:
    url = f"/api/sessions/{session}/streams/{CAST}"
    async with site.engineer.get(url, headers={"Range": asked}) as got:
        assert got.status == 416
        assert (await got.json())["error"]["code"] == "bad-range"


async def test_as_version_3(site: Site, session: str) -> None:
    head, *events = (await site.stream(session, CAST, "?as=v3")).decode().splitlines()
    assert json.loads(head)["version"] == 3
    assert len(events) == 20_000
    assert sum(json.loads(event)[0] for event in events) == pytest.approx(200.0)


async def test_what_there_is_none_of(site: Site, session: str) -> None:
    for path in (f"{session}/streams/run-9.log", "nosuch/streams/run-1.log"):
        async with site.engineer.get(f"/api/sessions/{path}") as got:
            assert got.status == 404
            assert (await got.json())["error"]["code"].startswith("unknown-")


async def test_the_live_list_tells_of_each_session_and_each_change(site: Site) -> None:
    first = await site.grant()
    async with site.engineer.ws_connect("/api/sessions/live") as live:
        told = await live.receive_json(timeout=10)
        assert (told["type"], told["session"]["id"]) == ("session", first["session"])
        second = await site.grant()
        told = await live.receive_json(timeout=10)
        assert told["session"]["id"] == second["session"]
        async with site.connected(second) as (host, _):
            told = await live.receive_json(timeout=10)
            assert told["session"]["presence"]["state"] == "empty"
            await host.send(Append(CAST, 0, DATA[:1000]))
            while not told["session"]["streams"] or not told["session"]["streams"][0]["size"]:
                told = await live.receive_json(timeout=10)
            assert told["session"]["streams"] == [{"name": CAST, "size": 1000}]
    async with site.engineer.get("/api/sessions") as got:
        ids = [session["id"] for session in await got.json()]
    assert ids == [second["session"], first["session"]], "newest first"
