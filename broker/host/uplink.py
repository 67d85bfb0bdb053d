"""The uplink: carries messages between the recorder and the broker, and looks into few of them.

The only process on the customer's host that talks to the network while a session runs. It is
started by the recorder with one end of a socket pair, told where to dial, and dials again, with
full jitter, until it is told to leave or the recorder is gone. If it dies, nothing is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections import deque
from typing import Deque

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException

from broker.host.tasks import first_of
from broker.wire.codec import (
    MAX_MESSAGE_BYTES,
    Unpacker,
    decode,
    encode,
    is_text,
    pack,
    type_name,
)
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Dial, Hello, Leave, LinkDown, LinkUp, Message

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_OPEN_SECONDS = 10.0
_GOODBYE_SECONDS = 1.0
_READ_BYTES = 256 * 1024
_HELLO, _LEAVE, _DOWN = (
    f'{{"type":"{type_name(kind)}"'.encode() for kind in (Hello, Leave, LinkDown)
)


class _RecorderGone(Exception):
    pass


class _TimeToLeave(Exception):
    pass


class _GivenUp(Exception):
    pass


class _Recorder:
    """The uplink's end of the socket pair."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._unpacker = Unpacker()
        self._waiting: Deque[bytes] = deque()  # bounded by one read

    async def next(self) -> bytes:
        """The next encoded message. Raises _RecorderGone. Safe to cancel: none is lost."""
        while not self._waiting:
            try:
                data = await self._reader.read(_READ_BYTES)
            except ConnectionError:  # killed with messages of ours unread
                data = b""
            if not data:
                raise _RecorderGone
            self._waiting.extend(self._unpacker.feed(data))
        return self._waiting.popleft()

    def tell(self, message: Message) -> None:
        self._writer.write(pack(encode(message)))

    async def pass_on(self, encoded: bytes) -> None:
        self._writer.write(pack(encoded))
        try:
            await self._writer.drain()
        except ConnectionError:
            raise _RecorderGone from None


async def _up(recorder: _Recorder, broker: ClientConnection) -> None:
    """Recorder to broker, from the greeting on: what came before was meant for the last link."""
    encoded = await recorder.next()
    while not encoded.startswith((_HELLO, _LEAVE)):
        encoded = await recorder.next()
    while not encoded.startswith(_DOWN):
        await broker.send(encoded.decode() if is_text(encoded) else encoded)
        if encoded.startswith(_LEAVE):
            raise _TimeToLeave
        encoded = await recorder.next()
    raise _GivenUp


async def _down(recorder: _Recorder, broker: ClientConnection) -> None:
    """Broker to recorder, until one of them goes."""
    async for message in broker:
        await recorder.pass_on(message.encode() if isinstance(message, str) else message)


async def _carry(recorder: _Recorder, broker: ClientConnection) -> str:
    """Carry both ways; why it ended. The recorder's going, or telling us to, is raised."""
    try:
        await first_of(_up(recorder, broker), _down(recorder, broker))
    except _RecorderGone:
        await broker.send(encode(Leave("recorder-lost")).decode())
        raise
    return f"closed by the broker ({broker.close_code})"


async def _dial(url: str, recorder: _Recorder, attempt: int) -> str:
    """One connection, from dialling to its end; why it ended."""
    try:
        broker = await connect(
            url,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=_OPEN_SECONDS,
            close_timeout=_GOODBYE_SECONDS,
            ping_interval=None,  # the recorder and the broker ask each other, end to end
        )
    except InvalidURI:
        return "not a URL of a broker"
    except InvalidHandshake as error:
        return f"not answered as by a broker: {error}"
    except (OSError, asyncio.TimeoutError) as error:
        return str(error) or "no answer"
    try:
        recorder.tell(LinkUp(attempt))
        return await _carry(recorder, broker)
    except _GivenUp:
        # Not a close handshake: whoever is silent would not answer it.
        broker.transport.abort()
        return "given up"
    except WebSocketException as error:
        return type(error).__name__
    finally:
        await broker.close()


async def run(sock: socket.socket) -> None:
    """Serve the recorder at the other end of ``sock`` until it leaves or is gone."""
    recorder = _Recorder(*await asyncio.open_connection(sock=sock))
    loop = asyncio.get_running_loop()
    with contextlib.suppress(_RecorderGone, _TimeToLeave, RemoteProtocolError):
        dial = decode(await recorder.next())
        if not isinstance(dial, Dial):
            return
        attempt = 0
        while True:
            attempt += 1
            began = loop.time()
            recorder.tell(LinkDown(await _dial(dial.url, recorder, attempt)))
            if loop.time() - began > _LONGEST_PAUSE_SECONDS:
                attempt = 0
            await _pause(recorder, attempt)


async def _pause(recorder: _Recorder, attempt: int) -> None:
    """Wait before dialling again; the recorder may leave meanwhile."""
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(attempt, 10))

    async def listen() -> None:
        while not (await recorder.next()).startswith(_LEAVE):
            pass  # meant for the link that is gone
        raise _TimeToLeave

    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(listen(), random.uniform(0, longest))  # noqa: S311 - jitter, no secret


def main(fd: int) -> int:
    """Run as a process; ``fd`` is our end of the recorder's socket pair."""
    asyncio.run(run(socket.socket(fileno=fd)))
    return 0
