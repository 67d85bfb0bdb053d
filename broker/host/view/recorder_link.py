"""The customer's end of a connection to the recorder, for a loop that must never wait for it."""

from __future__ import annotations

import contextlib
import socket
from typing import Iterator

from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.messages import Message

KEYS_BYTES = 1024 * 1024
"""So much waits at most for a recorder that does not read: what is typed beyond it is lost."""
_READ_BYTES = 64 * 1024


class RecorderLink:
    """Messages over one connection; takes the socket over and closes it."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._unpacker = Unpacker()
        self._pending = bytearray()

    def fileno(self) -> int:
        """The connection, to wait for."""
        return self._sock.fileno()

    @property
    def waiting(self) -> bool:
        """Whether something waits to be sent: ``flush`` when the connection takes it."""
        return bool(self._pending)

    def send(self, message: Message) -> bool:
        """Send; False where too much waits already, and this is dropped. Raises OSError."""
        packed = pack(encode(message))
        if len(self._pending) + len(packed) > KEYS_BYTES:
            return False
        self._pending += packed
        self.flush()
        return True

    def flush(self) -> None:
        """Send what the connection takes now. Raises OSError where it is gone."""
        if self._pending:
            with contextlib.suppress(BlockingIOError):
                del self._pending[: self._sock.send(self._pending)]

    def receive(self) -> Iterator[Message]:
        """What has come, after one read.

        Raises EOFError where the recorder has closed the connection, OSError where it is gone,
        RemoteProtocolError where it makes no sense.
        """
        try:
            data = self._sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            raise EOFError
        for encoded in self._unpacker.feed(data):
            yield decode(encoded)

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()
