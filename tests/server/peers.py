"""The other ends of the broker's links, small and strict: a host and a viewer made of wire."""

import asyncio
import hashlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp

from broker.recording import receipts
from broker.recording.receipts import Receipts
from broker.wire import codec
from broker.wire.messages import (
    PROTOCOL,
    Append,
    Complete,
    Error,
    Hello,
    Leave,
    Message,
    Ping,
    Pong,
    Present,
    Snapshot,
    Streams,
    Watch,
    Watching,
    Welcome,
)
from broker.wire.names import RECEIPTS

M = TypeVar("M")
VIEW_TOKEN = hashlib.sha256(b"a page's view token").hexdigest()
PATIENCE_SECONDS = 40.0


class Peer:
    """One end of a link that a test drives by hand. Answers pings while it is reading."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.heard: list[Message] = []
        self.answers_pings = True
        self.receipts = b""
        """As a host's copy of them; what a test lets it have already, and what it is sent."""

    async def send(self, message: Message) -> None:
        await self.send_raw(codec.encode(message))

    async def send_raw(self, encoded: bytes) -> None:
        if encoded and codec.is_text(encoded):
            await self.ws.send_str(encoded.decode("utf-8", "surrogateescape"))
        else:
            await self.ws.send_bytes(encoded)

    async def next(self) -> Message | None:
        """The next message but for pings; None when the broker has closed."""
        while True:
            async with asyncio.timeout(PATIENCE_SECONDS):
                got = await self.ws.receive()
            if got.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return None
            message = codec.decode(got.data)
            if isinstance(message, Ping):
                if self.answers_pings:
                    await self.send(Pong(message.n))
                continue
            self.heard.append(message)
            if isinstance(message, Append) and message.stream == RECEIPTS:
                assert message.offset == len(self.receipts), "a host's copy ends elsewhere"
                self.receipts += message.data
            return message

    async def wait(self, kind: type[M], test: Callable[[M], bool] = lambda _: True) -> M:
        """Read on to the first message of this kind that passes."""
        while True:
            message = await self.next()
            assert message is not None, f"closed while waiting for {kind.__name__}"
            if isinstance(message, kind) and test(message):
                return message

    def signed(self, session: str) -> Receipts:
        """The receipts that it has, every line of them checked."""
        found = receipts.read(session, self.receipts)
        assert found.bad is None, found.bad
        return found

    async def covered(self, session: str, stream: str, offset: int) -> Receipts:
        """Read on until receipts speak for the stream up to here."""
        while True:
            found = self.signed(session)
            last = found.chain.held.get(stream)
            if last is not None and last.fields["offset"] >= offset:
                return found
            assert await self.next() is not None, "closed before a receipt came"

    async def deliver(self, session: str, streams: dict[str, int]) -> Receipts:
        """Have it signed that the session is complete, and leave, as a host does at its end."""
        await self.send(Complete(streams))
        while (found := self.signed(session)).chain.complete is None:
            assert await self.next() is not None, "closed before it was complete"
        await self.send(Leave("ended"))
        assert await self.closed() is None
        return found

    async def meanwhile(self, work: Awaitable[M]) -> M:
        """Wait for something else, and answer pings until it is done."""
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self.closed())
            try:
                return await work
            finally:
                reading.cancel()

    async def closed(self) -> Error | None:
        """Read on to the end: the error that the broker gave for it, if it did."""
        error = None
        while (message := await self.next()) is not None:
            if isinstance(message, Error):
                error = message
        return error


class Viewer(Peer):
    """Keeps what it is sent of each stream as a browser would: a screen's start, and bytes on."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__(ws)
        self.snapshots: dict[str, list[Snapshot]] = defaultdict(list)
        self.since: dict[str, int] = {}
        self.data: dict[str, bytearray] = defaultdict(bytearray)
        self.names: list[str] = []
        self.watching: Watching | None = None
        self.present: Present | None = None

    async def next(self) -> Message | None:
        message = await super().next()
        if isinstance(message, Snapshot):
            self.snapshots[message.stream].append(message)
            self.since[message.stream] = message.offset
            self.data[message.stream].clear()
        elif isinstance(message, Append):
            start = self.since.setdefault(message.stream, message.offset)
            assert message.offset == start + len(self.data[message.stream]), "a hole"
            self.data[message.stream] += message.data
        elif isinstance(message, Streams):
            self.names = message.names
        elif isinstance(message, Watching):
            self.watching = message
        elif isinstance(message, Present):
            self.present = message
        return message

    async def watch(self, stream: str, offset: int) -> None:
        self.snapshots[stream].clear()
        self.since.pop(stream, None)
        self.data[stream].clear()
        await self.send(Watch(stream, offset))

    async def reaches(self, stream: str, end: int) -> None:
        while self.since.get(stream, 0) + len(self.data[stream]) < end:
            assert await self.next() is not None, "closed too early"


class Site:
    """What a test has of a running broker."""

    def __init__(
        self, url: str, engineer: aiohttp.ClientSession, host: aiohttp.ClientSession
    ) -> None:
        self.url = url
        self.engineer = engineer
        """Signed in, with the broker's Origin."""
        self.host = host
        """A program at a customer's: no cookie, no Origin."""

    async def invite(self, minutes: int = 60) -> str:
        async with self.engineer.post("/api/cases", json={"title": "pool import hangs"}) as got:
            case = await got.json()
        body = {"case": case["id"], "minutes": minutes}
        async with self.engineer.post("/api/invitations", json=body) as got:
            assert got.status == 201, await got.text()
            code: str = (await got.json())["code"]
            return code

    async def grant(self, view_token: str = VIEW_TOKEN) -> dict[str, Any]:
        """A session: ``session``, ``token``, ``until``; an empty view token: without a page."""
        body = {
            "code": await self.invite(),
            "grant": {"mode": "control", "seconds": 600, "away": "pause"},
            "host": {"name": "nas", "user": "carol"},
            "page": hashlib.sha256(view_token.encode()).hexdigest() if view_token else "",
        }
        async with self.host.post("/api/invitations/redeem", json=body) as got:
            assert got.status == 201, await got.text()
            granted: dict[str, Any] = await got.json()
            return granted

    async def summary(self, session: str) -> dict[str, Any]:
        async with self.engineer.get(f"/api/sessions/{session}") as got:
            told: dict[str, Any] = await got.json()
            return told

    async def stream(self, session: str, name: str, query: str = "") -> bytes:
        async with self.engineer.get(f"/api/sessions/{session}/streams/{name}{query}") as got:
            assert got.status == 200, await got.text()
            return await got.read()

    @asynccontextmanager
    async def connected(
        self, granted: dict[str, Any], run: int = 1, kept: bytes = b""
    ) -> AsyncIterator[tuple[Peer, Welcome]]:
        """The session's host, welcomed; ``kept``: its receipts."""
        async with self.host.ws_connect("/api/host", max_msg_size=0) as ws:
            peer = Peer(ws)
            peer.receipts = kept
            await peer.send(hello(granted, run, kept=len(kept)))
            yield peer, await peer.wait(Welcome)

    @asynccontextmanager
    async def viewing(self, session: str) -> AsyncIterator[Viewer]:
        """An engineer's viewer, told who, what and how things are."""
        url = f"/api/sessions/{session}/watch"
        async with self.engineer.ws_connect(url, max_msg_size=0) as ws:
            yield await joined(ws)

    @asynccontextmanager
    async def customer(
        self, session: str, view_token: str = VIEW_TOKEN
    ) -> AsyncIterator[aiohttp.ClientSession]:
        """A browser in which the customer's page was opened by its link."""
        jar = aiohttp.CookieJar(unsafe=True)
        headers = {"Origin": self.url}
        body = {"session": session, "token": view_token}
        async with aiohttp.ClientSession(self.url, headers=headers, cookie_jar=jar) as browser:
            async with browser.post("/api/customer/sign-in", json=body) as got:
                assert got.status == 200, await got.text()
            yield browser

    @asynccontextmanager
    async def paging(self, session: str) -> AsyncIterator[Viewer]:
        """The customer's page of a session, told who, what and how things are."""
        async with (
            self.customer(session) as browser,
            browser.ws_connect(f"/api/sessions/{session}/page", max_msg_size=0) as ws,
        ):
            yield await joined(ws)


async def joined(ws: aiohttp.ClientWebSocketResponse) -> Viewer:
    """A viewer on this connection, once it was told how things are."""
    viewer = Viewer(ws)
    while viewer.present is None:
        assert await viewer.next() is not None
    return viewer


def hello(granted: dict[str, Any], run: int = 1, protocol: int = PROTOCOL, kept: int = 0) -> Hello:
    """A host's first message."""
    return Hello(
        protocol, granted["session"], granted["token"], run, "boot", 0.0, 0.0, time.time(), "test",
        kept,
    )  # fmt: skip
