"""Takes the broker's receipts off the link, and has them checked and kept without the loop waiting.

One batch at a time, in order, in a thread: a check takes milliseconds, a comparison reads the
stream. What is waiting is bounded; a broker that sends more loses its link, and on the next one
goes on from what is kept by then.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Callable, Dict, Protocol, TypeVar

from broker.host.receipts import Contradiction, Kept, ReceiptsFile, Taken
from broker.host.tasks import spawn
from broker.recording.receipts import MOST_LINE_BYTES, BadReceipts
from broker.wire.errors import RemoteProtocolError
from broker.wire.stream import WINDOW_BYTES, Beyond

_RETRY_SECONDS = 5.0
_T = TypeVar("_T")


class Listener(Protocol):
    """Who wants to know of receipts: the connection."""

    @property
    def ended(self) -> bool:
        """Whether the session has."""

    def receipts_kept(self) -> None:
        """There are more of them."""

    def contradicted(self, found: Contradiction) -> None:
        """One of them says other than what is here."""

    def receipts_refused(self, bad: BadReceipts) -> None:
        """What came, or was kept, is no receipts of this session: it has to come again."""

    def receipts_missing(self, why: str) -> None:
        """They can't be kept or read now; it is tried again."""


class Receiving:
    """The receiving end of a session's receipts."""

    def __init__(
        self, file: ReceiptsFile, listener: Listener, failed: Callable[[BaseException], None]
    ) -> None:
        self.kept = Kept(size=file.size)
        """What is durable, as far as the loop knows; until the file is read, its size alone."""
        self._file = file
        self._listener = listener
        self._waiting = bytearray()
        self._more = asyncio.Event()
        self._loaded = asyncio.Event()
        spawn(self._work(), failed)

    async def loaded(self) -> None:
        """Wait until what earlier runs have kept is read. Safe to cancel."""
        await self._loaded.wait()

    def append(self, offset: int, data: bytes) -> None:
        """Take in a piece; what is there already is ignored.

        Raises RemoteProtocolError where it lies beyond that, or where too much is waiting.
        """
        received = self.kept.size + len(self._waiting)
        if offset > received:
            raise Beyond(offset, received)
        new = data[received - offset :]
        if len(self._waiting) + len(new) > WINDOW_BYTES:
            raise RemoteProtocolError("too-fast", "receipts come faster than they can be checked")
        self._waiting += new
        self._more.set()

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes of what is kept, at ``offset``. Raises OSError."""
        return self._file.read(offset, size)

    def facts(self, ends: Dict[str, int]) -> Dict[str, Any]:
        """For ``jumpseat status``: how many, when the last, how much of the streams none covers."""
        covered = self.kept.offsets
        return {
            "statements": self.kept.count,
            "last": None if self.kept.last is None else self.kept.last / 1000,
            "complete": self.kept.complete,
            "beyond": sum(max(0, end - covered.get(name, 0)) for name, end in ends.items()),
        }

    async def _work(self) -> None:
        self._took(await self._done(self._file.load))
        self._loaded.set()
        while True:
            await self._more.wait()
            self._more.clear()
            # Of a line that does not end, no end is waited for.
            lines = bytes(self._waiting[: self._waiting.rfind(b"\n") + 1])
            if not lines and len(self._waiting) > MOST_LINE_BYTES:
                lines = bytes(self._waiting)
            if lines:
                take = partial(self._file.take, lines, ended=self._listener.ended)
                self._took(await self._done(take))

    async def _done(self, work: Callable[[], _T]) -> _T:
        """Have it done in a thread, as often as the disk makes it necessary."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await loop.run_in_executor(None, work)
            except OSError as error:
                self._listener.receipts_missing(f"the disk: {error.strerror}")
                await asyncio.sleep(_RETRY_SECONDS)

    def _took(self, taken: Taken) -> None:
        before, self.kept = self.kept, taken.kept
        del self._waiting[: taken.kept.size - before.size]
        if self._waiting:
            self._more.set()
        for one in taken.contradictions:
            self._listener.contradicted(one)
        if taken.bad is not None:
            self._waiting.clear()
            self._listener.receipts_refused(taken.bad)
        self._listener.receipts_kept()
