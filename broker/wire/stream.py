"""The two ends of one stream that is copied by offset. Pure: bytes live elsewhere, offsets here.

A copy is always a byte-for-byte prefix of the original. What the receiver has is ignored when it
is sent again and what lies beyond is refused, so each byte arrives exactly once however often it
is sent, and resuming, catching up and joining late are one mechanism.

The offsets of a stream keep this order on either side::

    0 <= held <= sent <= end           the sender: durable over there, on its way, here
    0 <= held <= received              the receiver: durable, in hand
"""

from __future__ import annotations

from typing import Optional, Tuple

from broker.wire.errors import RemoteProtocolError

WINDOW_BYTES = 4 * 1024 * 1024
"""How much a sender lets be on its way and not yet held; then it waits. Bounds memory."""


class Beyond(RemoteProtocolError):
    """An append lies beyond what the receiver has; the sender goes on from ``received``."""

    def __init__(self, offset: int, received: int) -> None:
        super().__init__("beyond", f"append at {offset}, but the stream ends at {received}")
        self.received = received


class Receiver:
    """The copy: what has been received and what is durable of it."""

    def __init__(self, held: int = 0) -> None:
        self.received = held
        self.held = held

    def append(self, offset: int, size: int) -> int:
        """Take in ``size`` bytes at ``offset``: the number of leading bytes to ignore.

        Equal to ``size`` when all of them were there. Raises Beyond, and changes nothing, when
        accepting them would leave a hole.
        """
        if offset > self.received:
            raise Beyond(offset, self.received)
        known = min(self.received - offset, size)
        self.received += size - known
        return known

    def hold(self, offset: int) -> None:
        """Note that everything below ``offset`` is durable."""
        if not self.held <= offset <= self.received:
            raise ValueError(f"held {self.held} -> {offset} of {self.received}")
        self.held = offset


class Sender:
    """The original: how far it goes, how far it was sent on this link, and how far it is held."""

    def __init__(self) -> None:
        self.end = 0
        self.sent = 0
        self.held = 0
        self._furthest = 0

    def grow(self, end: int) -> None:
        """The original now ends at ``end``, and everything below will never change."""
        if end < self.end:
            raise ValueError(f"a stream never shrinks: {self.end} -> {end}")
        self.end = end

    def next(self, most: int, window: int = WINDOW_BYTES) -> Optional[Tuple[int, int]]:
        """Offset and size of the piece to send next, at most ``most`` bytes; None: wait or done."""
        size = min(self.end - self.sent, most, self.held + window - self.sent)
        return (self.sent, size) if size > 0 else None

    def pass_on(self, size: int) -> None:
        """Note that ``size`` bytes at ``sent`` are on their way."""
        if size < 0 or self.sent + size > self.end:
            raise ValueError(f"sent {self.sent} + {size} of {self.end}")
        self.sent += size
        self._furthest = max(self._furthest, self.sent)

    def hold(self, offset: int) -> None:
        """The receiver holds everything below ``offset``.

        Raises RemoteProtocolError where it claims more than was ever sent, or takes back a claim.
        """
        if not self.held <= offset <= self._furthest:
            raise RemoteProtocolError("bad-held", f"held {offset}, sent {self._furthest}")
        self.held = offset
        self.sent = max(self.sent, offset)  # it was sent before a rewind, and has come after all

    def resume(self, held: int) -> None:
        """A new link: the receiver holds ``held`` and wants the rest.

        That may be less than it once held: it was restored from a backup. Raises
        RemoteProtocolError where it claims more than there is.
        """
        if not 0 <= held <= self.end:
            raise RemoteProtocolError("bad-held", f"resumes at {held} of {self.end}")
        self.held = self.sent = self._furthest = held

    def rewind(self, offset: int) -> None:
        """The receiver refused what lay beyond ``offset``, and has all before it: go on from there.

        Of several refusals under way the later ones may name more than was sent again since. Raises
        RemoteProtocolError where it names more than was ever sent, or less than it held.
        """
        if not self.held <= offset <= self._furthest:
            raise RemoteProtocolError("bad-held", f"refused at {offset}, sent {self._furthest}")
        self.sent = offset
