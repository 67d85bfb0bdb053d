"""What one websocket is sent: frames encoded once for all, joined over one tick of the loop.

Nothing here waits. Whoever fills an outbox looks at ``backlog`` and decides what to do about a
peer that reads too slowly.
"""

import asyncio
import struct

from broker.wire import codec
from broker.wire.messages import Message

_TEXT, _BINARY, _CLOSE = 0x1, 0x2, 0x8
_JOIN_BYTES = 256 * 1024  # beyond it, joining would only cost memory


def frame(payload: codec.Buffer, *, text: bool) -> bytes:
    """One whole websocket message as a server sends it: a single unmasked frame (RFC 6455, 5.2)."""
    return _frame(_TEXT if text else _BINARY, payload)


def frame_of(message: Message) -> bytes:
    """The frame of one message of the protocol."""
    encoded = codec.encode(message)
    return frame(encoded, text=codec.is_text(encoded))


def _frame(opcode: int, payload: codec.Buffer) -> bytes:
    size = len(payload)
    if size < 126:
        head = struct.pack(">BB", 0x80 | opcode, size)
    elif size < 65536:
        head = struct.pack(">BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 127, size)
    return b"".join((head, payload))


class Outbox:
    """Frames on their way to one peer. Unbounded by itself: callers mind ``backlog``."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._frames: list[bytes] = []
        self._pending_bytes = 0

    @property
    def backlog(self) -> int:
        """Bytes that were sent here and have not reached the kernel."""
        return self._pending_bytes + self._transport.get_write_buffer_size()

    def send(self, encoded_frame: bytes) -> None:
        """Send one frame with the others of this tick; to a closing connection, not at all."""
        if not self._frames:
            self._loop.call_soon(self.flush)
        self._frames.append(encoded_frame)
        self._pending_bytes += len(encoded_frame)
        if self._pending_bytes > _JOIN_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the transport now."""
        frames, self._frames, self._pending_bytes = self._frames, [], 0
        if frames and not self._transport.is_closing():
            self._transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def close(self, code: int) -> None:
        """Say goodbye with a websocket close code, and close once all has been written."""
        self.send(_frame(_CLOSE, struct.pack(">H", code)))
        self.flush()
        self._transport.close()
