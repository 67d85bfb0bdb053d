"""Frames that come twice, late, cut short, too long, or again from long ago, in both directions."""

import random
from collections import deque
from enum import Enum

from broker.wire.codec import MAX_MESSAGE_BYTES
from tests.faults.crashes.tap import Frame, frame


class How(Enum):
    """What is done to a frame."""

    TWICE = "twice"
    LATE = "late"
    """After the one that follows."""
    CUT = "cut"
    TOO_LONG = "too-long"
    AGAIN = "again"
    """One of the last hundred, once more."""
    LOST = "lost"


class Meddler:
    """Does so to one frame in ``every``, by chance. Of what it sees it keeps a hundred frames."""

    def __init__(self, seed: str, how: How, every: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - to be the same again
        self._how = how
        self._every = every
        self._seen: dict[bool, deque[bytes]] = {side: deque(maxlen=100) for side in (True, False)}
        self._late: dict[bool, bytes] = {True: b"", False: b""}
        self.done = 0

    def __call__(self, one: Frame, from_host: bool) -> list[bytes]:
        """What is passed on in the frame's place."""
        if one.message is None:
            return [one.raw]
        passed = [one.raw, self._late[from_host]]
        self._late[from_host] = b""
        self._seen[from_host].append(one.raw)
        if self._chance.randrange(self._every) == 0:
            self.done += 1
            passed = self._meddled(one, from_host, passed)
        return [piece for piece in passed if piece]

    def _meddled(self, one: Frame, from_host: bool, passed: list[bytes]) -> list[bytes]:
        if self._how is How.TWICE:
            return [one.raw, *passed]
        if self._how is How.AGAIN:
            return [*passed, self._chance.choice(self._seen[from_host])]
        if self._how is How.LATE:
            self._late[from_host] = one.raw
            return passed[1:]
        if self._how is How.LOST:
            return passed[1:]
        payload = one.payload[: self._chance.randrange(len(one.payload))]
        if self._how is How.TOO_LONG:
            payload = one.payload.ljust(MAX_MESSAGE_BYTES + 1, b" ")
        return [frame(one.opcode, payload, masked=from_host), *passed[1:]]
