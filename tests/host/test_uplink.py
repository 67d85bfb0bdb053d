from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from broker.host.invocation import command
from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.messages import (
    Dial,
    Hello,
    Input,
    Leave,
    LinkDown,
    LinkUp,
    Message,
    Ping,
    Pong,
    Welcome,
)
from tests.host.broker_end import WAIT_SECONDS, BrokerEnd, broker_end

DIAL_SECONDS = 10.0
HELLO = Hello(2, "s1", "secret", 1, "boot", 0.0, 0.0, 0.0, "0", 0)


class RecorderEnd:
    """The recorder's end of a real uplink's socket pair."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.process = process
        self.writer = writer
        self._reader = reader
        self._unpacker = Unpacker()
        self._waiting: list[bytes] = []

    def send(self, message: Message) -> None:
        self.writer.write(pack(encode(message)))

    async def next(self) -> Message:
        async with asyncio.timeout(WAIT_SECONDS):
            while not self._waiting:
                self._waiting += self._unpacker.feed(await self._reader.read(65536))
        return decode(self._waiting.pop(0))

    async def until(self, kind: type) -> Message:
        while not isinstance(message := await self.next(), kind):
            pass
        return message


@contextlib.asynccontextmanager
async def uplink(url: str) -> AsyncIterator[RecorderEnd]:
    ours, theirs = socket.socketpair()
    with theirs:
        fd = theirs.fileno()
        process = await asyncio.create_subprocess_exec(*command("uplink", str(fd)), pass_fds=(fd,))
    reader, writer = await asyncio.open_connection(sock=ours)
    end = RecorderEnd(process, reader, writer)
    end.send(Dial(url.replace("http", "ws") + "/api/host"))
    try:
        yield end
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        async with asyncio.timeout(WAIT_SECONDS):
            await process.wait()


@pytest.fixture
async def broker() -> AsyncIterator[BrokerEnd]:
    async with broker_end() as end:
        yield end


async def test_it_carries_both_ways(broker: BrokerEnd) -> None:
    async with uplink(broker.url) as recorder:
        assert await recorder.next() == LinkUp(1)
        recorder.send(HELLO)
        assert isinstance(await recorder.next(), Welcome)
        recorder.send(Ping(3))
        assert await recorder.next() == Pong(3)
        keys = Input("run-1.terminal-1.cast", "v1", bytes(range(256)))
        await broker.send(keys)
        assert await recorder.next() == keys


async def test_it_dials_again_and_forgets_what_the_last_link_was_meant_to_get(
    broker: BrokerEnd,
) -> None:
    async with uplink(broker.url) as recorder:
        await recorder.until(LinkUp)
        recorder.send(HELLO)
        await recorder.until(Welcome)
        await broker.cut()
        recorder.send(Ping(99))
        await recorder.until(LinkDown)
        recorder.send(Ping(99))
        await recorder.until(LinkUp)
        recorder.send(HELLO)
        await recorder.until(Welcome)
        recorder.send(Ping(1))
        assert await recorder.until(Pong) == Pong(1)
        assert broker.links == 2


async def test_told_to_give_a_link_up_it_makes_a_new_one(broker: BrokerEnd) -> None:
    async with uplink(broker.url) as recorder:
        await recorder.until(LinkUp)
        recorder.send(HELLO)
        await recorder.until(Welcome)
        recorder.send(LinkDown("the broker is silent"))
        assert await recorder.next() == LinkDown("given up")
        assert isinstance(await recorder.next(), LinkUp)


async def test_told_to_leave_it_says_so_and_ends(broker: BrokerEnd) -> None:
    async with uplink(broker.url) as recorder:
        await recorder.until(LinkUp)
        recorder.send(HELLO)
        await recorder.until(Welcome)
        recorder.send(Leave("disconnected"))
        assert await broker.until_heard(Leave) == Leave("disconnected")
        async with asyncio.timeout(WAIT_SECONDS):
            assert await recorder.process.wait() == 0


async def test_a_recorder_that_is_gone_is_told_of(broker: BrokerEnd) -> None:
    async with uplink(broker.url) as recorder:
        await recorder.until(LinkUp)
        recorder.send(HELLO)
        await recorder.until(Welcome)
        recorder.writer.close()
        assert await broker.until_heard(Leave) == Leave("recorder-lost")


async def test_it_leaves_also_while_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with uplink(f"http://127.0.0.1:{port}") as recorder:
        down = await recorder.until(LinkDown)
        assert isinstance(down, LinkDown)
        assert "refused" in down.why.lower() or "connect" in down.why.lower()
        recorder.send(Leave("disconnected"))
        async with asyncio.timeout(WAIT_SECONDS):
            assert await recorder.process.wait() == 0


async def test_what_is_no_broker_is_said_to_be_none() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, uplink(f"http://127.0.0.1:{port}") as recorder:
        down = await recorder.until(LinkDown)
        assert isinstance(down, LinkDown)
        assert "not answered as by a broker" in down.why


async def test_one_whose_recorder_is_gone_does_not_dial_on() -> None:
    """It would for ten seconds, where whoever it has reached does not answer."""
    reached, gone = asyncio.Event(), asyncio.Event()

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    silent = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
    host, port = silent.sockets[0].getsockname()
    async with silent, uplink(f"http://{host}:{port}") as recorder:
        async with asyncio.timeout(WAIT_SECONDS):
            await reached.wait()
        recorder.writer.close()
        async with asyncio.timeout(DIAL_SECONDS - 1):
            assert await recorder.process.wait() == 0
        await gone.wait()
