"""What the broker signs of one session, and when.

On the loop there is only bookkeeping: digests are taken, lines signed and written in threads, one
batch at a time, and nobody is told of a line that is not durable. A broker goes on with a chain
that an earlier one began, but not before the host was here: a host that has more of it than we do
shows that we were restored from a backup, and another line in the place of one that was signed
would make liars of us. What the host has is then taken in first, if it is ours.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from broker.recording.receipts import BadReceipts, Phase
from broker.recording.session_log import Entry
from broker.server.identity import Identity
from broker.server.ingest import Copy, DurableFile
from broker.server.link_socket import LinkSocket
from broker.server.receipt_times import ReceiptTimes
from broker.server.signing import NoReceipts, Signed, SigningChain, Statement, now
from broker.server.stores.recordings import Recordings
from broker.server.tasks import Tasks
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Append, Held, Refused
from broker.wire.names import RECEIPTS, parse_stream
from broker.wire.stream import WINDOW_BYTES

log = structlog.get_logger()

_MOST_NUMBER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class _Asked:
    statement: Statement
    done: asyncio.Future[None] = field(default_factory=asyncio.Future)

    def answer(self, error: Exception | None = None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
            self.done.exception()  # nobody has to wait for it


class SessionReceipts:
    """One session's. For the loop's thread; owned by its room.

    ``stuck()`` is called when more was written, or can't be. ``completed()`` is awaited when it is
    durable that the session is complete, and before anybody is told; it may be awaited again.
    """

    def __init__(
        self,
        session: str,
        recordings: Recordings,
        identity: Identity,
        tasks: Tasks,
        copies: Mapping[str, Copy],
        *,
        stuck: Callable[[], None],
        completed: Callable[[], Awaitable[None]],
    ) -> None:
        self.size = 0
        """Bytes that are durable, may be told, and are a chain of ours; 0 until ``open``."""
        self.completing: Mapping[str, int] | None = None
        """All streams with their sizes, where that these are all is signed or about to be."""
        self._session = session
        self._recordings = recordings
        self._tasks = tasks
        self._copies = copies
        self._stuck = stuck
        self._completed = completed
        self._opening = asyncio.Lock()
        self._signing = SigningChain(session, identity)
        self._file: DurableFile | None = None
        self._why_none: str | None = None
        self._linked = False
        self._lacking = 0
        """What the host has where that is more than what is here."""
        self._lender: LinkSocket | None = None
        self._offered = bytearray()
        self._times = ReceiptTimes()
        self._asked: list[_Asked] = []
        self._untold = False
        """It is durable that the session is complete, and nobody has noted it yet."""
        self._working = False
        self._rests = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._grown = asyncio.Event()
        self._sent = 0
        self._sent_more = asyncio.Event()

    @property
    def stuck(self) -> str | None:
        """Why nothing can be written at present, for people."""
        return self._file.stuck if self._file is not None else None

    async def open(self) -> None:
        """Read what is there, once. What is no chain of ours is left alone, and nothing is signed.

        Safe to cancel. Raises OSError; it can then be tried again.
        """
        async with self._opening:
            if self._file is not None:
                return
            try:
                size = await asyncio.to_thread(self._signing.load, self._recordings)
                self.completing = self._signing.chain.complete
                if self.completing is not None:
                    await self._completed()
            except NoReceipts as none:
                self._give_up(str(none))
                size = 0
            self._file = DurableFile(
                self._recordings,
                self._session,
                RECEIPTS,
                held=size,
                tasks=self._tasks,
                progressed=self._stuck,
            )
            self.size = size
            self._take_stock()

    # --- the host -----------------------------------------------------------------------------

    def link(self, run: int, t: float, host_has: int) -> None:
        """The host greets: its run, its session time in seconds, and how much it has of these.

        Call after ``open``.
        """
        if self._file is None or self._why_none is not None:
            return
        self._linked = True
        self._lender = None
        self._offered.clear()
        self._lacking = host_has if host_has > self._file.held else 0
        if self._may_cover:
            milliseconds = min(max(int(t * 1000), 0), _MOST_NUMBER)
            self._ask("linked", run=run, t=milliseconds)
        self._stir()

    def take(self, socket: LinkSocket, message: Append) -> None:
        """The host sends of what it has and we lack."""
        file = self._file
        if file is None or not self._lacking:
            return
        have = file.received + len(self._offered)
        if message.offset > have:
            socket.send(Refused(RECEIPTS, have))
            return
        self._lender = socket
        self._offered += message.data[have - message.offset :]
        if len(self._offered) > WINDOW_BYTES:
            self._offered.clear()  # no host of ours sends so far ahead
        self._stir()

    async def carried(self, receipts: bytes) -> None:
        """Go on after what was carried here by hand, in the host's place: whole lines, all of them.

        They must be the chain's and ours. Call after ``open``; durable on return. Raises
        NoReceipts.
        """
        if self._file is None or self._why_none is not None:
            raise NoReceipts(self._why_none or "they were not opened")
        self._linked = True  # nobody has more of them than this
        if len(receipts) > self._file.received:
            self._lacking = len(receipts)
            self._offered[:] = receipts[self._file.received :]
        self._stir()
        await self.grown(len(receipts) - 1)

    def check_complete(self, streams: Mapping[str, int]) -> None:
        """Raise RemoteProtocolError unless these are the session's streams, all of them held."""
        held = {one.name: one.held for one in self._copies.values() if one.received}
        if _not_empty(streams) != held or any(one.unwritten for one in self._copies.values()):
            raise RemoteProtocolError("incomplete", "the broker holds other streams than these")
        if self.completing is not None and _not_empty(self.completing) != held:
            raise RemoteProtocolError("incomplete", "the session was complete with other streams")
        for name in streams:
            parse_stream(name)

    async def complete(self, streams: Mapping[str, int]) -> None:
        """The session is over and these are all of its streams, every byte of them held.

        Returns when that is signed, durable and noted, or somebody else waits for it. Raises
        NoReceipts, and BadReceipts where a receipt says otherwise. Cancelled, it is said all the
        same.
        """
        if self.completing is None:
            self.completing = dict(streams)
            try:
                await self.say("complete", streams=self.completing)
            except BadReceipts:
                self.completing = None
                raise

    # --- streams ------------------------------------------------------------------------------

    def grew(self, stream: Copy) -> None:
        """More of the stream is held."""
        self._times.grew(stream.name, stream.held, settled=not stream.unwritten)
        self._stir()

    def hear(self, run: int, entries: Iterable[Entry]) -> None:
        """What has ended, by the run's log, gets its receipts as soon as it is held."""
        for entry in entries:
            if entry["event"] == "closed" and str(entry["terminal"]) in self._copies:
                self._times.finish(str(entry["terminal"]))
            elif entry["event"] == "ended":
                for one in self._copies.values():
                    if one.stream.run == run:
                        self._times.finish(one.name)

    # --- whoever else has to say or to ask something ------------------------------------------

    async def begin(self) -> None:
        """See to it that the chain begins with the key that is current now.

        For a session that was just granted: its host knows no later key. Raises as ``say``.
        """
        if self._file is None:
            await self.say("began")

    async def say(self, kind: str, **fields: object) -> None:
        """Sign one more statement, such as ``sealed`` or ``deleted``: it is durable on return.

        Raises NoReceipts, BadReceipts where it may not be said now, and OSError. Cancelled, it is
        said all the same.
        """
        await self.open()
        if self._why_none is not None:
            raise NoReceipts(self._why_none)
        asked = self._ask(kind, **fields)
        self._stir()
        await asyncio.shield(asked.done)

    async def written(self) -> bytes:
        """The file as it lies there, also where it is no chain of ours. Raises OSError."""
        if self._file is not None and self._why_none is None:
            return await self.read(0, self.size)
        return await asyncio.to_thread(self._recordings.receipts, self._session)

    async def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset``. Raises OSError."""
        if size <= 0:
            return b""
        read = self._recordings.read
        return await asyncio.to_thread(read, self._session, RECEIPTS, offset, size)

    async def grown(self, offset: int) -> None:
        """Return when there is more than ``offset`` bytes. Safe to cancel."""
        while self.size <= offset:
            await self._grown.wait()

    @property
    def live(self) -> bool:
        """Whether a host was here, so that more may come to be signed for."""
        return self._linked and self.completing is None

    async def catch_up(self) -> None:
        """Sign for all that is held now, without waiting for when that is due. Safe to cancel.

        Durable on return, as far as it could be signed.
        """
        self._times.hurry()
        self._stir()
        while self._working:
            await self._rests.wait()

    def note_sent(self, upto: int) -> None:
        """The host that is here has, or was sent, so many bytes of these."""
        self._sent = upto
        self._sent_more.set()
        self._sent_more = asyncio.Event()

    async def sent(self) -> None:
        """Return when the host that is here was sent all of them. Safe to cancel."""
        while self._sent < self.size:
            await self._sent_more.wait()

    def close(self) -> None:
        """Begin nothing by itself any more."""
        self._give_up_timer()
        self._linked = False

    # --- inside -------------------------------------------------------------------------------

    @property
    def _may_cover(self) -> bool:
        """Whether receipts may be signed. Not to be asked while a batch is under way."""
        over = self._signing.chain.phase in (Phase.COMPLETE, Phase.DELETED)
        return self._linked and self.completing is None and not over

    def _ask(self, kind: str, **fields: object) -> _Asked:
        asked = _Asked(Statement(kind, now(), fields))
        self._asked.append(asked)
        return asked

    def _take_stock(self) -> None:
        for name, last in self._signing.chain.held.items():
            self._times.covered(name, last.fields["offset"])
        for one in self._copies.values():
            self._times.grew(one.name, one.held, settled=not one.unwritten)

    def _stir(self) -> None:
        """Begin what is due, or see to it that it is begun when it is."""
        self._give_up_timer()
        if self._working or self._file is None or self._why_none is not None:
            return
        loop = asyncio.get_running_loop()
        if self._lacking:
            begin = b"\n" in self._offered
        elif self._asked or self._untold:
            begin = True
        else:
            when = self._times.next() if self._may_cover else None
            begin = when is not None and when <= loop.time()
            if when is not None and not begin:
                self._timer = loop.call_at(when, self._stir)
        if begin:
            self._working = True
            self._rests.clear()
            self._tasks.spawn(self._work(self._file), f"receipts {self._session}")

    async def _work(self, file: DurableFile) -> None:
        try:
            await (self._adopt(file) if self._lacking else self._sign(file))
        finally:
            self._working = False
            self._rests.set()
        self._stir()

    async def _sign(self, file: DurableFile) -> None:
        asked, self._asked = self._asked, []
        completing = any(one.statement.kind == "complete" for one in asked)
        try:
            signed = await self._signed(asked, completing=completing)
            if signed.lines:
                file.take(file.received, signed.lines)
                await file.written()
            for name, offset in signed.offsets.items():
                self._times.covered(name, offset)
            self._untold |= completing and self._signing.chain.complete is not None
            if self._untold:
                await self._completed()
                self._untold = False
        except asyncio.CancelledError:
            for one in asked:
                one.done.cancel()
            raise
        except Exception as error:
            for one in asked:
                one.answer(error)
            raise
        for at, one in enumerate(asked):
            if at in signed.refused:
                log.warning("not said", session=self._session, why=signed.refused[at].why)
            one.answer(signed.refused.get(at))
        self._share(file)

    async def _signed(self, asked: list[_Asked], *, completing: bool) -> Signed:
        at = asyncio.get_running_loop().time()
        due: Mapping[str, int] = {}
        if completing:
            due = self._times.all(at)
        elif self._may_cover:
            due = self._times.due(at)
        if not asked and not due:
            return Signed(b"")
        try:
            return await asyncio.to_thread(
                self._signing.sign,
                [one.statement for one in asked],
                [(self._copies[name], upto) for name, upto in due.items()],
            )
        except Exception as error:
            self._give_up(str(error))
            raise

    async def _adopt(self, file: DurableFile) -> None:
        """Take in the whole lines that the host has sent, if they are the chain's and ours."""
        lender = self._lender
        whole = bytes(self._offered[: self._offered.rfind(b"\n") + 1])
        try:
            await asyncio.to_thread(self._signing.take_over, whole)
        except BadReceipts as bad:
            log.error("not our receipts", session=self._session, why=str(bad))
            if self._lender is lender:  # else it is another link's by now
                self._offered.clear()
            return
        file.take(file.received, whole)
        del self._offered[: len(whole)]
        await file.written()
        if lender is not None:
            lender.send(Held(RECEIPTS, file.held))
        log.info("receipts restored", session=self._session, size=file.held)
        self.completing = self._signing.chain.complete
        self._untold = self.completing is not None
        self._take_stock()
        if file.held >= self._lacking:
            self._lacking = 0
        if not self._untold:
            self._share(file)

    def _share(self, file: DurableFile) -> None:
        self.size = file.held
        self._grown.set()
        self._grown = asyncio.Event()

    def _give_up(self, why: str) -> None:
        self._why_none = why
        log.error("no receipts", session=self._session, why=why)

    def _give_up_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _not_empty(streams: Mapping[str, int]) -> dict[str, int]:
    return {name: size for name, size in streams.items() if size}
