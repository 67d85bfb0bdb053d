"""One append-only file at the broker: what has been received, what of it is held, and the writer.

Pure bookkeeping on the loop; every write and fdatasync runs in a thread, one at a time a stream,
and takes along whatever came in meanwhile (group commit). ``held`` moves only when a write has
returned, and the bytes stay in memory until then, so a write that failed is made again from them.
"""

import asyncio
import errno
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

import structlog

from broker.server.prefix import Prefix
from broker.server.stores.recordings import Recordings
from broker.server.tasks import Tasks
from broker.wire.names import parse_stream
from broker.wire.stream import Receiver

log = structlog.get_logger()

_BATCH_BYTES = 1024 * 1024
_GATHER_SECONDS = 0.02
"""A write waits so long for company: a sync for each key would cost keys more than all the rest."""
_RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0)


class DurableFile:
    """One file of a session. ``progressed`` is called when more is held or writing is stuck.

    Its memory is what is received and not held; who feeds it stops while that is too much.
    """

    def __init__(
        self,
        recordings: Recordings,
        session: str,
        name: str,
        *,
        held: int,
        tasks: Tasks,
        progressed: Callable[[], None],
    ) -> None:
        self.name = name
        self.stuck: str | None = None
        """Why nothing can be written at present, for people."""
        self._recordings = recordings
        self._session = session
        self._receiver = Receiver(held)
        self._tail: deque[bytes] = deque()
        self._tasks = tasks
        self._progressed = progressed
        self._writing = False
        self._grown = asyncio.Event()

    @property
    def received(self) -> int:
        """The offset up to which bytes are here, durable or not."""
        return self._receiver.received

    @property
    def held(self) -> int:
        """The offset up to which bytes are durable."""
        return self._receiver.held

    @property
    def unwritten(self) -> int:
        """Bytes that are in memory only."""
        return self._receiver.received - self._receiver.held

    def take(self, offset: int, data: bytes) -> bytes:
        """Take in an append: the bytes of it that are new, and written from now on.

        Raises wire.stream.Beyond, changing nothing, where they would leave a hole.
        """
        known = self._receiver.append(offset, len(data))
        new = data[known:] if known else data
        if new:
            self._tail.append(new)
            if not self._writing:
                self._writing = True
                self._tasks.spawn(self._write(), f"write {self._session} {self.name}")
        return new

    async def written(self) -> None:
        """Return when what is here now is held. Safe to cancel."""
        upto = self.received
        while self.held < upto:
            await self._grown.wait()

    def tail(self, offset: int) -> Iterator[bytes]:
        """What is received and not held, from ``offset`` (not below ``held``) on, in pieces."""
        at = self.held
        for piece in self._tail:
            if at + len(piece) > offset:
                yield piece[max(0, offset - at) :]
            at += len(piece)

    async def _write(self) -> None:
        try:
            failures = 0
            while self._tail:
                if self.unwritten < _BATCH_BYTES:
                    await asyncio.sleep(_GATHER_SECONDS)
                count, data = self._batch()
                if not await self._append(data):
                    await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
                    failures += 1
                    continue
                failures = 0
                for _ in range(count):
                    self._tail.popleft()
                self._receiver.hold(self.held + len(data))
                self._grown.set()
                self._grown = asyncio.Event()
                self._progressed()
        finally:
            self._writing = False

    async def _append(self, data: bytes) -> bool:
        try:
            await asyncio.to_thread(self._store, self.held, data)
        except OSError as error:
            if self.stuck is None:
                log.error("write failed", session=self._session, stream=self.name, error=str(error))
                self.stuck = _tell(error)
                self._progressed()
            return False
        if self.stuck is not None:
            log.info("write goes on", session=self._session, stream=self.name)
            self.stuck = None
        return True

    def _store(self, offset: int, data: bytes) -> None:
        """In a thread; all or nothing. Raises OSError."""
        self._recordings.append(self._session, self.name, offset, data)

    def _batch(self) -> tuple[int, bytes]:
        count = size = 0
        for piece in self._tail:
            if count and size + len(piece) > _BATCH_BYTES:
                break
            count += 1
            size += len(piece)
        pieces = list(islice(self._tail, count))
        return count, pieces[0] if count == 1 else b"".join(pieces)


class Copy(DurableFile):
    """The copy of one of the host's streams."""

    def __init__(
        self,
        recordings: Recordings,
        session: str,
        name: str,
        *,
        held: int,
        tasks: Tasks,
        progressed: "Callable[[Copy], None]",
    ) -> None:
        super().__init__(
            recordings,
            session,
            name,
            held=held,
            tasks=tasks,
            progressed=lambda: progressed(self),
        )
        self.stream = parse_stream(name)
        self._prefix = Prefix()

    def digest(self, upto: int) -> tuple[int, str]:
        """How much is durable, at least ``upto``, and its SHA-256. Blocking: for a thread.

        After a restart, what was there before is read once. Raises OSError.
        """
        read = partial(self._recordings.read, self._session, self.name)
        return self._prefix.digest(upto, read)

    def _store(self, offset: int, data: bytes) -> None:
        super()._store(offset, data)
        self._prefix.extend(offset, data)


def _tell(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the broker's disk is full"
    return "the broker's disk reports an error"
