import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from broker.wire import codec
from broker.wire.messages import (
    Append,
    Attention,
    Declined,
    Error,
    Held,
    Input,
    Joined,
    Leave,
    Left,
    Message,
    Pong,
    Present,
    Streams,
    Watch,
    Watching,
)
from tests.server.casts import CAST, LOG, cast, entry, started
from tests.server.conftest import Serve
from tests.server.peers import PATIENCE_SECONDS, Peer, Site, hello


async def test_the_customer_is_shown_as_the_log_and_the_link_tell(site: Site) -> None:
    granted = await site.grant()
    session = granted["session"]
    assert (await site.summary(session))["presence"]["state"] == "waiting"
    async with site.viewing(session) as viewer:
        async with site.connected(granted) as (host, _):
            await viewer.wait(Present, lambda present: present.state == "empty")
            log = started() + entry(1.0, "attached", terminal=CAST)
            await host.send(Append(LOG, 0, log))
            shown = await viewer.wait(Present, lambda present: present.state == "at-keyboard")
            assert shown.since == 1_700_000_001.0
            told = await site.summary(session)
            assert told["recorder"] == {"uid": 0, "user": "root"}
            assert told["protected"] is True
        await viewer.wait(Present, lambda present: present.state == "link-lost")
        async with site.connected(granted) as (host, _):
            await viewer.wait(Present, lambda present: present.state == "at-keyboard")
            await host.send(Leave("disconnected"))
            await viewer.wait(Present, lambda present: present.state == "disconnected")


async def test_a_second_connection_replaces_the_first(site: Site) -> None:
    granted = await site.grant()
    async with site.connected(granted) as (first, _), site.connected(granted) as (second, _):
        error = await first.closed()
        assert error is not None
        assert error.code == "replaced"
        await second.send(Append(CAST, 0, cast([])))
        await second.wait(Held)
        assert (await site.summary(granted["session"]))["presence"]["state"] == "empty"


async def test_a_greeting_that_comes_late_replaces_nobody(site: Site) -> None:
    granted = await site.grant()
    async with site.connected(granted, run=2) as (host, _):
        assert (await _greeted(site, hello(granted, run=1))).code == "late"
        before = replace(hello(granted, run=2), t=-1.0)
        assert (await _greeted(site, before)).code == "late"
        await host.send(Append(CAST, 0, cast([])))
        await host.wait(Held)


async def test_who_watches_is_told_to_all(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as first:
        assert first.watching == Watching("v1", {"v1": "alice"})
        async with site.connected(granted) as (host, _):
            assert await host.wait(Joined) == Joined("v1", "alice")
            async with site.viewing(granted["session"]) as second:
                assert second.watching == Watching("v2", {"v1": "alice", "v2": "alice"})
                assert await first.wait(Watching) == Watching("v1", {"v1": "alice", "v2": "alice"})
                assert await host.wait(Joined) == Joined("v2", "alice")
            assert await host.wait(Left) == Left("v2")
        async with site.connected(granted) as (host, _):
            assert await host.wait(Joined) == Joined("v1", "alice"), "all of them, each time"


async def test_keys_go_to_the_host_or_nowhere(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer:
        await viewer.send(Input(CAST, "", b"lost"))
        assert (await viewer.wait(Declined)).reason == "link-lost"
        async with site.connected(granted) as (host, _):
            await host.wait(Joined)
            await viewer.send(Input(CAST, "v77", b"ls\r"))
            assert await host.wait(Input) == Input(CAST, "v1", b"ls\r")
            await host.send(Append(LOG, 0, started() + entry(2.0, "ended", by="customer", why="x")))
            await viewer.wait(Present, lambda present: present.state == "ended")
            await viewer.send(Input(CAST, "", b"late"))
            assert (await viewer.wait(Declined)).reason == "ended"


async def test_a_session_that_ended_is_kept_and_closed(serve: Serve) -> None:
    async with serve() as site:
        granted = await site.grant()
        log = started() + entry(9.0, "ended", by="customer", why="end")
        async with site.connected(granted) as (host, _):
            await host.send(Append(LOG, 0, log))
            await host.wait(Held)
            await host.deliver(granted["session"], {LOG: len(log)})
            kept = host.receipts
    async with serve() as site:
        told = await site.summary(granted["session"])
        assert told["presence"]["state"] == "ended"
        assert told["ended"] == 1_700_000_009.0
        assert told["shell"] == {"uid": 1000, "user": "carol", "program": "/bin/sh"}
        assert await site.stream(granted["session"], LOG) == log
        assert (await _greeted(site, hello(granted, kept=len(kept)))).code == "ended"


async def test_after_a_restart_the_link_is_lost_but_not_what_is_known(serve: Serve) -> None:
    async with serve() as site:
        never, cut, broken = [await site.grant() for _ in range(3)]
        for granted, more in ((cut, entry(5.0, "disconnected")), (broken, b"")):
            async with site.connected(granted) as (host, _):
                await host.send(Append(LOG, 0, started() + more))
                await host.wait(Held)
    async with serve() as site:
        states = {}
        for granted in (never, cut, broken):
            told = await site.summary(granted["session"])
            states[granted["session"]] = told["presence"]["state"]
        assert list(states.values()) == ["waiting", "disconnected", "link-lost"]


async def test_a_host_that_never_comes_back_is_gone_since_it_went(serve: Serve) -> None:
    """However often the broker itself was away since."""
    seen: list[list[tuple[str, float]]] = []
    async with serve() as site:
        lost, killed = [await site.grant() for _ in range(2)]
        for granted, reason in ((lost, ""), (killed, "recorder-lost")):
            async with site.connected(granted) as (host, _):
                await host.send(Append(LOG, 0, started()))
                await host.wait(Held)
                if reason:
                    await host.send(Leave(reason))
                    assert await host.closed() is None
        sessions = [one["session"] for one in (lost, killed)]

        async def told() -> list[str]:
            return [(await site.summary(one))["presence"]["state"] for one in sessions]

        async with asyncio.timeout(PATIENCE_SECONDS):
            while await told() != ["link-lost", "recorder-lost"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    for _ in range(3):
        async with serve() as site:
            there = [(await site.summary(one))["presence"] for one in sessions]
            seen.append([(one["state"], one["since"]) for one in there])
    assert [state for state, _ in seen[0]] == ["link-lost", "recorder-lost"]
    assert seen[0] == seen[1] == seen[2]


async def _greeted(site: Site, first: Message | bytes) -> Error:
    async with site.host.ws_connect("/api/host") as ws:
        peer = Peer(ws)
        if isinstance(first, bytes):
            await peer.send_raw(first)
        else:
            await peer.send(first)
        error = await peer.closed()
        assert error is not None
        return error


async def test_hosts_that_are_not_let_in(site: Site) -> None:
    granted, other = await site.grant(), await site.grant()
    wrong = {**granted, "token": other["token"]}
    assert (await _greeted(site, hello(wrong))).code == "bad-token"
    assert (await _greeted(site, hello({**granted, "session": "../x"}))).code == "bad-token"
    assert (await _greeted(site, hello(granted, protocol=9))).code == "protocol-version"
    for senseless in (hello(granted, run=0), hello(granted, run=100_000), hello(granted, kept=-1)):
        assert (await _greeted(site, senseless)).code == "malformed"
    assert (await _greeted(site, Append(LOG, 0, b"x"))).code == "unexpected"


BROKEN: dict[str, tuple[bytes, str]] = {
    "no bytes": (b"", "malformed"),
    "no such type": (b"\x77abc", "unknown-type"),
    "cut short": (b"\x01\x20abc", "malformed"),
    "a path": (codec.encode(Append("../../etc/passwd", 0, b"x")), "bad-stream-name"),
    "a path inside": (codec.encode(Append("run-1.log/../../x", 0, b"x")), "bad-stream-name"),
    "not JSON": (b"{nope", "malformed"),
    "a wrong field": (json.dumps({"type": "ping", "n": "one"}).encode(), "malformed"),
    "the other side's": (codec.encode(Held(LOG, 3)), "unexpected"),
    "too long": (b"\x01\x07run-1.log" + bytes(codec.MAX_MESSAGE_BYTES), "too-long"),
}


@pytest.mark.parametrize(("encoded", "code"), BROKEN.values(), ids=BROKEN)
async def test_a_host_that_breaks_the_protocol_loses_its_link_only(
    site: Site, encoded: bytes, code: str
) -> None:
    granted, other = await site.grant(), await site.grant()
    async with site.connected(other) as (bystander, _), site.connected(granted) as (host, _):
        await host.send(Append(LOG, 0, started()))
        await host.wait(Held)
        await host.send_raw(encoded)
        error = await host.closed()
        assert error is not None
        assert error.code == code
        await bystander.send(Append(LOG, 0, started()))
        await bystander.wait(Held)
    async with site.connected(granted) as (_, welcome):
        assert welcome.held[LOG] == len(started()), "nothing held is lost"


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        (codec.encode(Append(LOG, 0, b"x")), "unexpected"),
        (codec.encode(Watch("../x", 0)), "bad-stream-name"),
        (codec.encode(Input(LOG, "", b"x")), "bad-terminal"),
        (codec.encode(Attention("", "asleep")), "malformed"),
        (b"\x02\x01", "malformed"),
        (b"\x02\x00\x00" + bytes(codec.MAX_MESSAGE_BYTES), "too-long"),
    ],
)
async def test_a_viewer_that_breaks_the_protocol_loses_its_link_only(
    site: Site, encoded: bytes, code: str
) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as other, site.viewing(granted["session"]) as bad:
        await bad.send(Pong(1))
        await bad.send_raw(encoded)
        error = await bad.closed()
        assert error is not None
        assert error.code == code
        left: Any = await other.wait(Watching, lambda told: told.viewers == {"v1": "alice"})
        assert left.you == "v1"


async def test_a_message_far_too_long_costs_the_link(site: Site) -> None:
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        await host.ws.send_bytes(bytes(1_000_000))
        await host.closed()


async def test_garbage_in_a_log_is_kept_and_passed_over(site: Site) -> None:
    granted = await site.grant()
    log = (
        started()
        + b'{"t": 1, "event": "attached", "terminal": 7}\n'
        + b"\xff\xfe not json\n[]\n{}\n"
        + b'{"t": "x", "event": "idle"}\n'
        + b'{"t": 2, "event": "idle", "since": "yesterday"}\n'
        + b'{"t": 3, "event": "link_up", "wall": 1, "broker_wall": 1, "cause": "a", "since": []}\n'
        + b'{"t": 1e999, "event": "ended", "by": 1, "why": 2}\n'
        + entry(5.0, "detached", terminal=CAST, why="closed")
    )
    async with site.connected(granted) as (host, _):
        for at in range(0, len(log), 7):
            await host.send(Append(LOG, at, log[at : at + 7]))
        await host.wait(Held, lambda held: held.offset == len(log))
        assert (await site.summary(granted["session"]))["presence"]["state"] == "away"
    async with site.engineer.get(f"/api/sessions/{granted['session']}/timeline") as got:
        assert got.status == 200
        told = await got.json()
    assert told["last"] == 5.0
    assert await site.stream(granted["session"], LOG) == log


async def test_streams_are_told_when_they_appear(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer, site.connected(granted) as (host, _):
        assert viewer.names == []
        await viewer.watch(CAST, -1)
        data = cast([b"hello"])
        await host.send(Append(CAST, 0, data))
        await viewer.wait(Streams, lambda streams: streams.names == [CAST])
        await viewer.reaches(CAST, len(data))


async def test_a_viewer_may_ping_before_there_is_anything_to_watch(site: Site) -> None:
    granted = await site.grant()
    async with site.viewing(granted["session"]) as viewer:
        await viewer.send_raw(b'{"type":"ping","n":4}')
        assert await viewer.wait(Pong) == Pong(4)
