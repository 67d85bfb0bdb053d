"""The broker's end of the protocol, for tests of the host.

Real sockets and the real codec: it holds what it gets and says what it is told to; what a
hostile broker would do, a test makes it do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from broker.recording.receipts import lines
from broker.wire.codec import MAX_DATA_BYTES, decode, encode, is_text
from broker.wire.messages import (
    Append,
    Complete,
    Held,
    Hello,
    Leave,
    Message,
    Ping,
    Pong,
    Welcome,
)
from broker.wire.names import RECEIPTS
from tests.recording.receipts_made import Signer

WAIT_SECONDS = 40.0


class BrokerEnd:
    """One broker, for one host."""

    def __init__(self) -> None:
        self.streams: dict[str, bytearray] = {}
        self.heard: list[Message] = []
        self.links = 0
        self.came: list[str] = []
        """What came through the newest link, in order: a message's type, of bytes the stream."""
        self.holding = True
        self.answering = True
        self.completing = True
        """Whether it signs that a session is complete."""
        self.signer = Signer()
        """Signs when a test has it ``sign``, and at a session's end."""
        self.receipts_sent = 0
        self._link: ServerConnection | None = None
        self._changed = asyncio.Condition()
        self._server: Server
        self.url = ""

    async def serve(self) -> None:
        self._server = await serve(self._host, "127.0.0.1", 0, compression=None, ping_interval=None)
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def send(self, message: Message) -> None:
        await self.send_raw(encode(message))

    async def send_raw(self, encoded: bytes) -> None:
        assert self._link is not None
        with contextlib.suppress(ConnectionClosed):  # what it had sent before is still to be read
            await self._link.send(encoded.decode() if is_text(encoded) else encoded)

    async def sign(self) -> None:
        """Sign for all that is here, and send what was signed."""
        if not self.signer.file:
            self.signer.begins().links()
        for name, copy in self.streams.items():
            last = self.signer.chain.held.get(name)
            if len(copy) > (last.fields["offset"] if last else 0):
                self.signer.holds(name, bytes(copy))
        await self.send_receipts()

    async def send_receipts(self) -> None:
        """Send what was signed, from where the host's end."""
        at, self.receipts_sent = self.receipts_sent, len(self.signer.file)
        for offset in range(at, self.receipts_sent, MAX_DATA_BYTES):
            piece = self.signer.file[offset : offset + MAX_DATA_BYTES]
            await self.send(Append(RECEIPTS, offset, piece))

    def has_signed(self, receipts: bytes) -> None:
        """Go on after these, as a broker that was restored from a backup."""
        self.signer = Signer(self.signer.key)
        self._adopt(receipts)

    def _adopt(self, receipts: bytes) -> None:
        for line in lines(receipts):
            self.signer.time = self.signer.chain.take(line).time
        self.signer.chain.check()
        self.signer.file += receipts

    async def cut(self) -> None:
        """Drop the connection without a word."""
        assert self._link is not None
        self._link.transport.abort()

    async def until(self, true: Callable[[], bool], what: str) -> None:
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(true), WAIT_SECONDS)
            except TimeoutError:
                raise AssertionError(f"never: {what}; heard {self.heard[-5:]}") from None

    async def until_heard(self, kind: type, times: int = 1) -> Message:
        def found() -> list[Message]:
            return [message for message in self.heard if type(message) is kind]

        await self.until(lambda: len(found()) >= times, f"{times} x {kind.__name__}")
        return found()[times - 1]

    async def until_in(self, stream: str, text: bytes, times: int = 1) -> None:
        await self.until(
            lambda: self.streams.get(stream, bytearray()).count(text) >= times,
            f"{text!r} in {stream}",
        )

    async def _host(self, link: ServerConnection) -> None:
        self._link = link
        self.links += 1
        self.came = []
        async for raw in link:
            message = decode(raw)
            self.came.append(
                message.stream if isinstance(message, Append) else type(message).__name__
            )
            if self.answering:
                await self._take(message)
            async with self._changed:
                if not isinstance(message, Append | Ping):
                    self.heard.append(message)
                self._changed.notify_all()

    async def _take(self, message: Message) -> None:
        if isinstance(message, Hello):
            held = {name: len(copy) for name, copy in self.streams.items()}
            held[RECEIPTS] = len(self.signer.file)
            await self.send(Welcome(1, "b1", 0.0, held))
            self.receipts_sent = message.receipts
            await self.send_receipts()
        elif isinstance(message, Complete):
            assert message.streams == {name: len(copy) for name, copy in self.streams.items()}
            if self.completing:
                await self.sign()
                self.signer.completes()
                await self.send_receipts()
        elif isinstance(message, Append) and message.stream == RECEIPTS:
            assert message.offset == len(self.signer.file)
            self._adopt(message.data)
        elif isinstance(message, Append):
            copy = self.streams.setdefault(message.stream, bytearray())
            assert message.offset == len(copy)
            copy += message.data
            if self.holding:
                await self.send(Held(message.stream, len(copy)))
        elif isinstance(message, Ping):
            await self.send(Pong(message.n))
        elif isinstance(message, Leave):
            self._link = None


@contextlib.asynccontextmanager
async def broker_end() -> AsyncIterator[BrokerEnd]:
    """A broker that serves while the block runs."""
    broker = BrokerEnd()
    await broker.serve()
    try:
        yield broker
    finally:
        await broker.close()
