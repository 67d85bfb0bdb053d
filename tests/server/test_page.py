"""The customer's page: who may open it, what it sees, and what passes from it to the host."""

import hashlib
import json
import time

import aiohttp
import pytest

from broker.server import access
from broker.wire import codec
from broker.wire.messages import (
    Act,
    Append,
    Attention,
    Declined,
    Held,
    Input,
    Joined,
    Left,
    Present,
    Propose,
    Streams,
    Watching,
)
from tests.server.casts import CAST, LOG, cast, entry, started
from tests.server.conftest import Serve
from tests.server.peers import VIEW_TOKEN, Site

ACT = Act(json.dumps({"session": "s", "run": 1, "n": 1, "do": "take_back"}), "ab" * 32)


async def opening(site: Site, session: str, token: str, origin: str | None = None) -> str:
    """What comes of an attempt to open a page: a code, or empty."""
    headers = {"Origin": origin or site.url}
    body = {"session": session, "token": token}
    async with site.host.post("/api/customer/sign-in", json=body, headers=headers) as got:
        return (await got.json())["error"]["code"] if got.status >= 400 else ""


async def test_a_page_is_opened_by_its_own_link_only(site: Site) -> None:
    mine, other, without = await site.grant(), await site.grant("b" * 64), await site.grant("")
    assert await opening(site, mine["session"], VIEW_TOKEN) == ""
    hashed = hashlib.sha256(VIEW_TOKEN.encode()).hexdigest()
    for session, token in (
        (mine["session"], "b" * 64),
        (other["session"], VIEW_TOKEN),
        (mine["session"], hashed),  # what the broker keeps opens nothing
        (without["session"], ""),
        (without["session"], VIEW_TOKEN),
        ("nosuch", VIEW_TOKEN),
        ("../../x", VIEW_TOKEN),
    ):
        assert await opening(site, session, token) == "bad-link"
    assert await opening(site, mine["session"], VIEW_TOKEN, "http://evil.test") == "bad-origin"


async def test_guessing_at_pages_is_slowed(site: Site) -> None:
    granted = await site.grant()
    for _ in range(access._TRIES):
        assert await opening(site, granted["session"], "x") == "bad-link"
    assert await opening(site, granted["session"], VIEW_TOKEN) == "too-many-tries"


async def test_the_cookie_of_a_page(site: Site) -> None:
    session = (await site.grant())["session"]
    body = {"session": session, "token": VIEW_TOKEN}
    async with site.engineer.post("/api/customer/sign-in", json=body) as got:
        cookie = got.cookies[f"{next(iter(site.engineer.cookie_jar)).key}-page-{session}"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/api"
    assert cookie.value != VIEW_TOKEN


async def test_a_page_stays_open_for_so_long(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    session = (await site.grant())["session"]
    async with site.customer(session) as browser:
        now = time.time()
        for after, expected in ((11 * 3600, 200), (13 * 3600, 401)):
            monkeypatch.setattr(time, "time", lambda after=after: now + after)
            async with browser.get(f"/api/customer/sessions/{session}") as got:
                assert got.status == expected


async def test_some_hours_after_the_end_the_link_opens_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as site:
        granted = await site.grant()
        session = granted["session"]
        async with site.connected(granted) as (host, _):
            log = started() + entry(9.0, "ended", by="x", why="end")
            await host.send(Append(LOG, 0, log))
            await host.wait(Held)
            await host.deliver(session, {LOG: len(log)})
        assert await opening(site, session, VIEW_TOKEN) == ""
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 13 * 3600)
        assert await opening(site, session, VIEW_TOKEN) == "bad-link"
    async with serve() as site:
        assert await opening(site, session, VIEW_TOKEN) == "bad-link"


async def test_the_page_sees_what_engineers_see(site: Site) -> None:
    granted = await site.grant()
    session = granted["session"]
    data = cast([b"hello\r\n"] * 100)
    async with site.connected(granted) as (host, _), site.paging(session) as page:
        assert page.watching == Watching("p1", {"p1": "customer's page"})
        async with site.viewing(session) as engineer:
            everybody = {"p1": "customer's page", "v2": "alice"}
            assert engineer.watching == Watching("v2", everybody)
            assert await page.wait(Watching) == Watching("p1", everybody)
            await host.send(Append(CAST, 0, data))
            await page.wait(Streams, lambda streams: streams.names == [CAST])
            await page.watch(CAST, -1)
            await page.reaches(CAST, len(data))
            await host.send(Append(LOG, 0, started() + entry(1.0, "attached", terminal=CAST)))
            await page.wait(Present, lambda present: present.state == "at-keyboard")
            assert (await site.summary(session))["viewers"] == ["alice"]
        # Of the page itself the host is told nothing: it is the customer's own.
        assert await host.wait(Left) == Left("v2")
        told = [one for one in host.heard if isinstance(one, Joined | Left)]
        assert told == [Joined("v2", "alice"), Left("v2")]


async def test_the_page_is_told_the_summary(site: Site) -> None:
    session = (await site.grant())["session"]
    async with (
        site.customer(session) as browser,
        browser.get(f"/api/customer/sessions/{session}") as got,
    ):
        told = await site.summary(session)
        del told["kept"]  # by whom and why is not for customers
        assert await got.json() == told


async def test_an_act_reaches_the_host_as_it_is_or_is_declined(site: Site) -> None:
    granted = await site.grant()
    async with site.paging(granted["session"]) as page:
        await page.send(ACT)
        assert (await page.wait(Declined)).reason == "link-lost"
        async with site.connected(granted) as (host, _):
            await page.wait(Present, lambda present: present.state == "empty")
            await page.send(ACT)
            assert await host.wait(Act) == ACT
            await page.send(Act("x" * 40_000, ACT.mac))
            assert (await page.wait(Declined)).reason == "too-long"
            for _ in range(200):
                await page.send(ACT)
            assert (await page.wait(Declined)).reason == "too-fast"


@pytest.mark.parametrize(
    "message",
    [Input(CAST, "", b"x"), Propose("", CAST, "ls", "", ""), Attention("", "hidden")],
    ids=["input", "propose", "attention"],
)
async def test_a_page_does_not_do_what_engineers_do(
    site: Site, message: Input | Propose | Attention
) -> None:
    granted = await site.grant()
    async with site.paging(granted["session"]) as page, site.connected(granted) as (host, _):
        await page.send_raw(codec.encode(message))
        error = await page.closed()
        assert error is not None
        assert error.code == "unexpected"
        assert not any(isinstance(one, Input | Propose | Attention) for one in host.heard)


async def test_pages_do_not_take_the_engineers_places(site: Site) -> None:
    granted = await site.grant()
    session = granted["session"]
    async with site.customer(session) as browser:
        sockets = [await browser.ws_connect(f"/api/sessions/{session}/page") for _ in range(21)]
        got = await sockets[-1].receive()
        assert got.type is aiohttp.WSMsgType.TEXT
        assert "too-many-viewers" in got.data
        async with site.viewing(session):
            pass
        for socket in sockets:
            await socket.close()


async def test_a_sign_out_of_an_engineer_closes_no_page(site: Site) -> None:
    granted = await site.grant()
    async with site.paging(granted["session"]) as page, site.viewing(granted["session"]) as viewer:
        async with site.engineer.post("/api/sign-out", json={}) as got:
            assert got.status == 200
        await viewer.closed()
        await page.wait(Watching, lambda told: list(told.viewers) == ["p1"])
