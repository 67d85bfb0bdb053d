"""Links on the host: messages over a unix socket, as an asyncio protocol.

Writes never wait. ``full`` says that more is queued than the other end takes (256 KiB), and
``on_room`` is called when it has taken it; whoever sends in bulk looks at the one and goes on
with the other.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from pathlib import Path
from typing import Callable, Optional, Tuple, cast

from broker.wire.codec import Unpacker, append_head, decode, encode, pack
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Error, Message

QUEUE_BYTES = 256 * 1024
_CREDENTIALS = struct.Struct("3i")
_LENGTH = struct.Struct(">I")


def listening_socket(path: Path, uid: int, gid: int) -> socket.socket:
    """A socket for this user (and root) to connect to, in the place of one that nobody has."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    if os.geteuid() == 0:
        os.chown(path, uid, gid)
    return listening


class PackedLink(asyncio.Protocol):
    """One end of a link on this host, for encoded messages.

    ``on_encoded`` gets every message in order and may raise RemoteProtocolError, which is told to
    the other end and closes this link and nothing else. ``on_closed`` is called once.
    """

    def __init__(
        self,
        on_encoded: Callable[[bytes], None],
        on_closed: Callable[[], None],
        on_room: Callable[[], None] = lambda: None,
    ) -> None:
        self.full = False
        self.on_room = on_room
        self._on_encoded = on_encoded
        self._on_closed = on_closed
        self._unpacker = Unpacker()
        self._transport: Optional[asyncio.Transport] = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=QUEUE_BYTES)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        try:
            for encoded in self._unpacker.feed(data):
                self._on_encoded(encoded)
        except RemoteProtocolError as error:
            self.send(Error(error.code, error.message))
            self.close()

    def connection_lost(self, exc: Optional[Exception]) -> None:
        """Called by asyncio."""
        self._transport = None
        self.full = False
        self._on_closed()

    def pause_writing(self) -> None:
        """Called by asyncio."""
        self.full = True

    def resume_writing(self) -> None:
        """Called by asyncio."""
        self.full = False
        self.on_room()

    @property
    def open(self) -> bool:
        """Whether it can still be written to."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, message: Message) -> None:
        """Send one message; nothing happens where the link is closed."""
        self.pass_on(encode(message))

    def pass_on(self, encoded: bytes) -> None:
        """Send one message that is encoded already."""
        self._write(pack(encoded))

    def send_append(self, stream: str, offset: int, data: bytes) -> None:
        """Send a piece of a stream, copied once."""
        head = append_head(stream, offset)
        self._write(b"".join((_LENGTH.pack(len(head) + len(data)), head, data)))

    def close(self) -> None:
        """Send what is queued, then close."""
        if self._transport is not None:
            self._transport.close()

    def pause(self) -> None:
        """Read nothing more until ``resume``."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self.open and self._transport is not None and not self._transport.is_reading():
            self._transport.resume_reading()

    def peer(self) -> Tuple[int, int]:
        """Process and user at the other end when it connected, as the kernel says."""
        if self._transport is None:
            return 0, -1
        sock = self._transport.get_extra_info("socket")
        raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, _ = _CREDENTIALS.unpack(raw)
        return pid, uid

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


class LocalLink(PackedLink):
    """The same for messages; each callback is told which link it is."""

    def __init__(
        self,
        on_message: Callable[[LocalLink, Message], None],
        on_closed: Callable[[LocalLink], None],
        on_room: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(
            lambda encoded: on_message(self, decode(encoded)), lambda: on_closed(self), on_room
        )
