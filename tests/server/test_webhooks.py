"""News, from a host's link to a receiver that is a real server."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from broker.server.configuration import Configuration
from broker.server.news import News
from broker.server.stores import deliveries
from broker.server.webhooks.message import body_of
from broker.server.webhooks.sender import Pace
from broker.server.webhooks.settings import Webhook
from broker.wire.messages import Append, Held, Leave
from tests.server.casts import LOG, entry, started
from tests.server.conftest import Serve
from tests.server.peers import Peer, Site
from tests.server.receiver import HANG, KEY, PATH, PATIENCE_SECONDS, Receiver

QUICK = Pace(timeout=PATIENCE_SECONDS, waits=(0.02,) * 4)
SLOW = Pace(timeout=600.0, waits=(600.0,))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().serving() as receiver:
        yield receiver


def to(*webhooks: Webhook) -> Configuration:
    return Configuration(webhooks=webhooks)


async def begin(host: Peer, granted: dict[str, Any]) -> bytes:
    """A log that is live: the broker knows its times."""
    log = started() + entry(0.1, "link_up", wall=0, broker_wall=time.time(), cause="", since=0.1)
    await host.send(Append(LOG, 0, log))
    await host.wait(Held)
    assert granted["session"]
    return log


async def news_of(site: Site, count: int = 1) -> dict[str, Any]:
    """A session of which ``count`` things were told."""
    granted = await site.grant()
    async with site.connected(granted) as (host, _):
        log = await begin(host, granted)
        more = b"".join(entry(0.2, "expires_soon", seconds=60 * n) for n in range(1, count + 1))
        await host.send(Append(LOG, len(log), more))
        await host.wait(Held, lambda held: held.offset == len(log + more))
        return granted


async def logged(
    site: Site, test: Callable[[list[dict[str, Any]]], bool] = bool
) -> list[dict[str, Any]]:
    """The delivery log, once it passes."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with site.engineer.get("/api/webhooks/deliveries") as got:
                assert got.status == 200
                text = await got.text()
                assert "xxSECRETxx" not in text
                found: list[dict[str, Any]] = await got.json()
            if test(found):
                return found
            await asyncio.sleep(0.01)


def all_done(found: list[dict[str, Any]]) -> bool:
    return bool(found) and all(one["done"] is not None for one in found)


async def test_what_is_sent_is_signed_and_tells_all(
    serve: Serve, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serve(to(receiver.webhook()), QUICK) as site:
        granted = await site.grant()
        async with site.connected(granted) as (host, _):
            await begin(host, granted)
            await host.send(Leave("disconnected"))
            assert await host.closed() is None
        await receiver.has(lambda received: len(received) == 1)
        (got,) = receiver.received
        (row,) = await logged(site, all_done)
    assert got.is_signed()
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    assert got.headers["content-type"] == "application/json"
    text = "nas, case pool import hangs: the customer disconnected; the host goes on recording"
    data = got.told["data"]
    assert got.told == {
        "type": "left",
        "timestamp": got.told["timestamp"],
        "text": text,
        "data": {
            "session": granted["session"],
            "host": "nas",
            "case": "pool import hangs",
            "kind": "left",
            "text": text,
            "at": data["at"],
        },
    }
    assert row == {
        "id": got.id,
        "webhook": "chat",
        "kind": "left",
        "session": granted["session"],
        "created": row["created"],
        "attempts": 1,
        "status": 204,
        "error": "",
        "next": None,
        "done": row["done"],
    }
    shown = "".join(capsys.readouterr())
    assert row["id"] in shown, "an attempt is logged"
    assert "xxSECRETxx" not in shown
    assert KEY.decode() not in shown


async def test_slack_is_sent_a_text_and_only_the_kinds_it_wants(
    serve: Serve, receiver: Receiver
) -> None:
    slack = receiver.webhook(form="slack", secret=None, kinds=frozenset({"ending"}))
    async with serve(to(slack), QUICK) as site:
        granted = await site.grant()
        async with site.connected(granted) as (host, _):
            log = await begin(host, granted)
            await host.send(Leave("disconnected"))
            assert await host.closed() is None
        async with site.connected(granted) as (host, _):
            await host.send(Append(LOG, len(log), entry(1.0, "ended", by="customer", why="x")))
            await receiver.has(lambda received: len(received) == 1)
    assert receiver.received[0].told == {
        "text": "nas, case pool import hangs: the customer ended the session"
    }
    assert "webhook-signature" not in receiver.received[0].headers
    news = News("s", "nas", "R&D", "left", "<!channel> & <https://evil.test|click>", 0.0)
    assert body_of(news, "slack") == (
        '{"text":"&lt;!channel&gt; &amp; &lt;https://evil.test|click&gt;"}'
    )


async def test_what_fails_is_sent_again_as_it_was(serve: Serve, receiver: Receiver) -> None:
    elsewhere = {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    receiver.answers = [500, HANG, (307, elsewhere)]
    # A busy machine may be too late for such a limit more often than it has to be.
    async with serve(to(receiver.webhook()), Pace(timeout=0.3, waits=(0.02,) * 50)) as site:
        await news_of(site)
        (row,) = await logged(site, all_done)
    assert len(receiver.received) >= 4
    assert row["attempts"] >= 4
    assert (row["status"], row["error"]) == (204, "")
    assert len({(got.id, got.body) for got in receiver.received}) == 1
    assert all(got.is_signed() for got in receiver.received)


@pytest.mark.parametrize(
    ("then", "error"),
    [
        (404, "answered 404; given up"),
        (302, "answered 302: redirects are not followed; given up"),
        (HANG, "no answer within 0.05 s; given up"),
        (None, "can't connect: Connection refused; given up"),
    ],
)
async def test_after_the_last_attempt_it_is_given_up(
    serve: Serve, receiver: Receiver, then: int | None, error: str
) -> None:
    webhook = receiver.webhook()
    if then is None:
        async with Receiver().serving() as gone:
            webhook = gone.webhook()
    else:
        receiver.then = then
    timeout = 0.05 if then == HANG else PATIENCE_SECONDS
    async with serve(to(webhook), Pace(timeout=timeout, waits=(0.01, 0.01))) as site:
        await news_of(site)
        (row,) = await logged(site, all_done)
    assert (row["attempts"], row["status"], row["error"]) == (3, then or None, error)


async def test_a_receiver_is_left_alone_as_long_as_it_asks_but_not_for_ever(
    serve: Serve, receiver: Receiver
) -> None:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 1200))
    asked = {"5": 120, "300": 300, date: 1200, "99999999": 3600, "soon": 120, "-1": 120}
    receiver.answers = [(429, {"Retry-After": value}) for value in asked]
    async with serve(to(receiver.webhook()), Pace(waits=(120.0,))) as site:
        await news_of(site, len(asked))
        found = await logged(site, lambda found: sum(one["attempts"] for one in found) == 6)
        now = time.time()
    waits = sorted(one["next"] - now for one in found)
    assert len(waits) == len(asked)
    for wait, least in zip(waits, sorted(asked.values()), strict=True):
        assert least - 10 < wait < max(least, 120 * 1.2) + 1


async def test_a_broker_that_stops_goes_on_where_it_was(serve: Serve, receiver: Receiver) -> None:
    async with Receiver().serving() as other:
        gone = other.webhook("gone")
    receiver.answers = [HANG]
    async with serve(to(receiver.webhook(), gone), SLOW) as site:
        granted = await site.grant()
        async with site.connected(granted) as (host, _):
            log = await begin(host, granted)
            await host.send(Leave("disconnected"))
            assert await host.closed() is None
        await receiver.has(lambda received: len(received) == 1)
    async with serve(to(receiver.webhook()), QUICK) as site:
        await receiver.has(lambda received: len(received) == 2)
        first, second = receiver.received
        assert first.id == second.id
        assert first.body == second.body
        found = {one["webhook"]: one for one in await logged(site, all_done)}
        assert found["chat"]["error"] == ""
        assert found["gone"]["error"] == deliveries.GONE_FROM_FILE
        async with site.connected(granted) as (host, _):
            up = {"wall": 0, "broker_wall": time.time(), "cause": "reconnected", "since": 0.2}
            await host.send(Append(LOG, len(log), entry(9.0, "link_up", **up)))
            await receiver.has(lambda received: len(received) == 3)
            await host.send(Leave("disconnected"))
            assert await host.closed() is None
        # It is in the outbox even where the broker stops at once.
    async with serve(to(receiver.webhook()), QUICK) as site:
        await logged(site, lambda found: all_done(found) and len(found) == 4)
    # A broker that stops between an answer and its note sends again, under the same id.
    told = {got.id: got.told["type"] for got in receiver.received}
    assert list(told.values()) == ["left", "returned", "left"]


async def test_a_receiver_that_wants_no_more_is_sent_no_more(
    serve: Serve, receiver: Receiver
) -> None:
    receiver.then = 410
    async with Receiver().serving() as other:
        webhooks = to(receiver.webhook(), other.webhook("other"))
        async with serve(webhooks, QUICK) as site:
            await news_of(site, 3)
            await other.has(lambda received: len(received) == 3)
            await logged(site, all_done)
            await news_of(site)
            await other.has(lambda received: len(received) == 4)
            found = await logged(site, lambda found: all_done(found) and len(found) == 8)
    assert len(receiver.received) == 1
    errors = [one["error"] for one in found if one["webhook"] == "chat"]
    assert errors == ["answered 410: it wants no more; nothing is sent any more"] * 4


async def test_a_slow_receiver_delays_no_other(serve: Serve, receiver: Receiver) -> None:
    receiver.then = HANG
    async with Receiver().serving() as quick:
        webhooks = to(receiver.webhook(), quick.webhook("quick"))
        async with serve(webhooks, Pace(timeout=60.0, waits=())) as site:
            await news_of(site, 10)
            await quick.has(lambda received: len(received) == 10)
            await receiver.has(bool)
            found = await logged(site, lambda found: len(found) == 20)
            assert len(receiver.received) == 1
            assert {one["done"] is None for one in found if one["webhook"] == "chat"} == {True}
    minutes = [got.told["text"].split(" in ")[1] for got in quick.received]
    assert minutes == ["60 s", *(f"{n} min" for n in range(2, 11))], "in order"


async def test_of_too_many_the_oldest_are_given_up(
    serve: Serve, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MOST_WAITING", 3)
    monkeypatch.setattr(deliveries, "MOST_KEPT", 4)
    receiver.then = 503
    async with serve(to(receiver.webhook()), SLOW) as site:
        await news_of(site, 5)
        found = await logged(site, lambda found: len(found) == 5)
    assert [one["error"] for one in found[3:]] == [deliveries.TOO_MANY] * 2
    assert all(one["done"] is None for one in found[:3])
    receiver.then = 204
    async with serve(to(receiver.webhook()), QUICK) as site:
        mine = (await news_of(site, 5))["session"]
        await receiver.has(lambda got: any(one.told["data"]["session"] == mine for one in got))
        found = await logged(site)
    assert len(found) <= 4 + 3, "no more are kept"


async def test_who_has_the_list_open_is_told_and_nobody_of_the_past(serve: Serve) -> None:
    async with serve() as site:
        await news_of(site)
        async with site.engineer.ws_connect("/api/sessions/live") as ws:
            granted = await news_of(site)
            told: dict[str, Any] = {"type": ""}
            async with asyncio.timeout(PATIENCE_SECONDS):
                while told["type"] != "news":
                    told = await ws.receive_json()
    news = told["news"]
    assert (news["session"], news["kind"]) == (granted["session"], "ending")
    assert news["text"] == "nas, case pool import hangs: the grant ends in 60 s"
    assert set(news) == {"session", "host", "case", "kind", "text", "at"}


async def test_who_reads_the_list_too_slowly_loses_news_and_not_the_list(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker.server.http.live_socket._NEWS_BACKLOG_BYTES", 0)
    async with site.engineer.ws_connect("/api/sessions/live") as ws:
        granted = await news_of(site)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                told = await ws.receive_json()
                assert told["type"] == "session"
                if told["session"]["presence"]["state"] == "link-lost":
                    break
        assert told["session"]["id"] == granted["session"]


def test_where_the_secret_of_an_address_is_not_shown() -> None:
    webhook = Receiver().webhook()
    assert PATH not in repr(webhook)
    assert repr(KEY) not in repr(webhook)
