"""Between the uplink and the broker: notes what the host is told, and may meddle with frames."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from broker.wire.codec import decode
from broker.wire.messages import Append, Held, Message, Welcome

_HEAD_END = b"\r\n\r\n"
_DATA = (1, 2)


@dataclass(frozen=True)
class Frame:
    """One frame of a websocket, and as it came."""

    opcode: int
    payload: bytes
    raw: bytes

    @property
    def message(self) -> Message | None:
        """What it says; None: nothing of the protocol's."""
        return decode(self.payload) if self.opcode in _DATA else None


def frame(opcode: int, payload: bytes, *, masked: bool) -> bytes:
    """A whole frame; the mask is zero, which changes nothing."""
    size, bit = len(payload), 0x80 if masked else 0
    if size < 126:
        head = struct.pack(">BB", 0x80 | opcode, bit | size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", 0x80 | opcode, bit | 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, bit | 127, size)
    return head + (bytes(4) if masked else b"") + payload


class Frames:
    """Cuts one direction of a connection into the HTTP head and frames."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._upgraded = False

    def feed(self, data: bytes) -> Iterator[bytes | Frame]:
        """What is whole by now: bytes that are no frames, and frames."""
        self._rest += data
        if not self._upgraded:
            head, found, _ = bytes(self._rest).partition(_HEAD_END)
            if not found:
                return
            self._upgraded = b"upgrade: websocket" in head.lower()
            size = len(head) + len(found) if self._upgraded else len(self._rest)
            yield bytes(self._rest[:size])
            del self._rest[:size]
        while self._upgraded and (one := self._frame()):
            yield one

    def _frame(self) -> Frame | None:
        rest = bytes(self._rest[:14])
        if len(rest) < 2:
            return None
        size, at = rest[1] & 0x7F, 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            if len(rest) < at + wide:
                return None
            size, at = int.from_bytes(rest[at : at + wide], "big"), at + wide
        mask = rest[at : at + 4] if rest[1] & 0x80 else b""
        at += len(mask)
        if len(self._rest) < at + size:
            return None
        raw = bytes(self._rest[: at + size])
        del self._rest[: at + size]
        payload = raw[at:]
        if mask:
            whole = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
            payload = (int.from_bytes(payload, "big") ^ whole).to_bytes(size, "big")
        return Frame(raw[0] & 0x0F, payload, raw)


Meddling = Callable[[Frame, bool], list[bytes]]
"""Given a frame and whether it is the host's: what is passed on in its place."""


class Tap:
    """Listens for hosts in a broker's place, and passes everything on.

    ``held``: how far the broker has said, to anyone, that it holds each stream; noted before the
    host hears of it. ``receipts``: what it sent of that stream.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream.encode()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._address = f"127.0.0.1:{self._socket.getsockname()[1]}".encode()
        self.url = f"http://{self._address.decode()}"
        self.held: dict[str, int] = {}
        self.receipts = bytearray()
        self.meddle: Meddling | None = None
        self.links = 0
        """How often a host was welcomed."""

    async def serve(self) -> None:
        """Serve until cancelled."""
        server = await asyncio.start_server(self._connected, sock=self._socket)
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs = None
        try:
            there, theirs = await asyncio.open_connection(*self._upstream.decode().split(":"))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, theirs, from_host=True))
                group.create_task(self._pass(there, writer, from_host=False))
        except* (OSError, EOFError):
            pass
        finally:
            writer.transport.abort()
            if theirs is not None:
                theirs.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_host: bool
    ) -> None:
        frames = Frames()
        while data := await reader.read(1 << 18):
            for one in frames.feed(data):
                if isinstance(one, bytes):  # the broker answers to its own name only
                    writer.write(one.replace(self._address, self._upstream))
                    continue
                if not from_host:
                    self._note(one.message)
                meddle = self.meddle
                for piece in [one.raw] if meddle is None else meddle(one, from_host):
                    writer.write(piece)
            await writer.drain()
        raise EOFError

    def _note(self, message: Message | None) -> None:
        if isinstance(message, Held):
            self._told(message.stream, message.offset)
        elif isinstance(message, Welcome):
            self.links += 1
            for name, offset in message.held.items():
                self._told(name, offset)
        elif isinstance(message, Append):
            end = message.offset + len(message.data)
            self.receipts[message.offset : end] = message.data

    def _told(self, name: str, offset: int) -> None:
        self.held[name] = max(offset, self.held.get(name, 0))
