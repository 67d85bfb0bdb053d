"""What becomes of sessions when they are complete: sealed, deleted when due, or kept.

One thing at a time of each session, off the loop; one that waits for its disk keeps no other
waiting. Whatever is done to streams is signed first, so that whoever verifies knows what happened
to them, and a crash leaves nothing that the receipts don't explain.
"""

import asyncio
import time
from hashlib import sha256
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.exc import SQLAlchemyError

from broker.recording.receipts import BadReceipts
from broker.server.at_rest import retention, sealing, standing
from broker.server.at_rest.opened import IDLE_SECONDS
from broker.server.at_rest.retention import Subject
from broker.server.at_rest.settings import AtRest, Retention
from broker.server.hub import Hub
from broker.server.room import Room
from broker.server.search.indexer import Indexer
from broker.server.signing import NoReceipts
from broker.server.stores.deliveries import Deliveries
from broker.server.stores.keeps import Keep, Keeps
from broker.server.stores.recordings import Recordings
from broker.server.tasks import Tasks

log = structlog.get_logger()

CHECK_SECONDS = 3600.0
"""How often it is looked for sessions that are due to be deleted."""
_ROUND_SECONDS = 15.0
_SAY_SECONDS = 10.0
"""So long whoever seals or deletes waits until it is signed: a full disk may take nothing."""
_EMPTY = (0, sha256().hexdigest())


class CantDelete(Exception):
    """A sentence that says why; nothing was deleted."""


class Custody:
    """For the loop's thread. ``start`` it when the hub has loaded its sessions."""

    def __init__(
        self,
        hub: Hub,
        recordings: Recordings,
        keeps: Keeps,
        deliveries: Deliveries,
        indexer: Indexer,
        tasks: Tasks,
        at_rest: AtRest,
        retention: Retention,
    ) -> None:
        self._hub = hub
        self._recordings = recordings
        self._keeps = keeps
        self._deliveries = deliveries
        self._indexer = indexer
        self._tasks = tasks
        self._at_rest = at_rest
        self._retention = retention
        self._kept: list[Keep] = []
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._failed: set[str] = set()
        """Sessions that can't be sealed: tried again when somebody asks, and each hour."""
        self._woken = asyncio.Event()

    async def start(self) -> None:
        """Know what is kept, leave nothing in the index that is not to be there, and begin."""
        await self.read_keeps()
        for room in self._hub.rooms():
            if not self.may_be_found(room):
                self._indexer.forget(room.session.id)
        deleted = [room.session.id for room in self._hub.rooms() if room.standing.deleted]
        await self._deliveries.forget(deleted)  # a crash may have come between
        self._hub.when_complete(self._woken.set)
        self._tasks.spawn(self._run(), "custody")

    def may_be_found(self, room: Room) -> bool:
        """Whether the index may hold what was in its terminals."""
        stands = room.standing
        return stands.deleted is None and (self._at_rest.search or not stands.seals)

    # --- keeping ------------------------------------------------------------------------------

    def kept(self, room: Room) -> Keep | None:
        """By what the session is kept, if it is."""
        session = room.session
        return next((one for one in self._kept if one.holds(session.id, session.case.title)), None)

    async def read_keeps(self) -> list[Keep]:
        """Take in what is kept now, and tell it."""
        self._kept = await self._keeps.all()
        for room in self._hub.rooms():
            self._tell_kept(room)
        return self._kept

    def _tell_kept(self, room: Room) -> None:
        keep = self.kept(room)
        told = None if keep is None else {"by": keep.by, "why": keep.why, "since": keep.since}
        room.keep(told)

    # --- sealing ------------------------------------------------------------------------------

    def is_due(self, room: Room) -> bool:
        """Whether a session is complete and not, or not only, sealed to today's recipients."""
        wanted = set(self._at_rest.recipients)
        seals = room.standing.seals
        return _is_complete(room) and (
            not seals.keys() >= room.copies.keys()
            or any(set(seal.recipients) != wanted for seal in seals.values())
        )

    async def seal(self, room: Room) -> tuple[int, list[str]]:
        """Seal what of a complete session is not sealed to today's recipients.

        How many streams that were, and sentences about those that it could not be done with.
        """
        async with self._turn(room):
            return await self._seal(room)

    def _turn(self, room: Room) -> asyncio.Lock:
        return self._turns.setdefault(room.session.id, asyncio.Lock())

    async def _seal(self, room: Room) -> tuple[int, list[str]]:
        folder = self._recordings.folder(room.session.id)
        await asyncio.to_thread(sealing.tidy, folder, room.standing)
        stands = await asyncio.to_thread(standing.read, folder)
        due = await asyncio.to_thread(sealing.due, folder, stands, self._at_rest.recipients)
        if stands.complete is None:
            return 0, ["its receipts don't say that it is complete"]
        if not due:
            return 0, []
        signed = await asyncio.to_thread(standing.signed, folder)
        if not self._at_rest.search:
            self._indexer.forget(room.session.id)
        done, problems = 0, []
        for name in due:
            try:
                await self._seal_stream(room, name, signed.get(name, _EMPTY))
                done += 1
            except (sealing.CantSeal, NoReceipts, BadReceipts) as error:
                problems.append(str(error))
            except OSError as error:
                problems.append(f"{name}: {error.strerror or error}")
        stands = await asyncio.to_thread(standing.read, folder)
        await asyncio.to_thread(sealing.tidy, folder, stands)
        room.stand(stands)
        session = room.session.id
        log.info("sealed", session=session, streams=done)
        for problem in problems:
            log.error("not sealed", session=session, why=problem)
        return done, problems

    async def _seal_stream(self, room: Room, name: str, signed: tuple[int, str]) -> None:
        to = self._at_rest.recipients
        path = self._recordings.path(room.session.id, name)
        seal = await asyncio.to_thread(sealing.write, path, signed, to, self._recordings.opened)
        try:
            async with asyncio.timeout(_SAY_SECONDS):
                await room.receipts.say(
                    "sealed",
                    stream=name,
                    size=seal.size,
                    sha256=seal.sha256,
                    recipients=list(seal.recipients),
                )
        except TimeoutError:
            raise sealing.CantSeal(f"{name}: the disk does not take that it is sealed") from None
        await asyncio.to_thread(sealing.put, path)

    # --- deleting -----------------------------------------------------------------------------

    async def delete(self, room: Room, by: str, why: str) -> None:
        """Sign the tombstone, then delete the streams and what was made of them.

        Raises CantDelete and OSError; of what was left then, the next start deletes the rest.
        Where the disk takes no tombstone, it is deleted when it does.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        session = room.session.id
        self._tasks.spawn(self._delete_and_tell(room, by, why, done), f"delete {session}")
        try:
            async with asyncio.timeout(_SAY_SECONDS):
                await asyncio.shield(done)
        except TimeoutError:
            done.cancel()
            told = "the disk has not taken its tombstone yet; it is deleted when it has"
            raise CantDelete(told) from None

    async def _delete_and_tell(
        self, room: Room, by: str, why: str, done: asyncio.Future[None]
    ) -> None:
        try:
            await self._delete(room, by, why)
        except (CantDelete, OSError, SQLAlchemyError) as error:
            if done.done():
                log.error("not deleted", session=room.session.id, why=str(error))
            else:
                done.set_exception(error)
                done.exception()  # who asked may have gone
        else:
            if not done.done():
                done.set_result(None)
        finally:
            done.cancel()

    async def _delete(self, room: Room, by: str, why: str) -> None:
        async with self._turn(room):
            keep = self.kept(room)
            if room.standing.deleted is not None:
                raise CantDelete("it was deleted before")
            if keep is not None:
                raise CantDelete(f"it is kept, says {keep.by}: {keep.why}")
            if room.connected:
                raise CantDelete("its host is connected")
            if not room.completed and room.until > now():
                raise CantDelete("it goes on: its grant has not ended")
            folder = self._recordings.folder(room.session.id)
            try:
                await room.receipts.say("deleted", by=by, why=why)
            except (NoReceipts, BadReceipts) as error:
                raise CantDelete(f"no tombstone can be signed: {error}") from None
            room.stand(await asyncio.to_thread(standing.read, folder))
            self._indexer.forget(room.session.id)
            self._recordings.opened.forget(folder)
            await asyncio.to_thread(sealing.remove, folder)
            await self._deliveries.forget([room.session.id])
            log.info("deleted", session=room.session.id, by=by)

    # --- by itself ----------------------------------------------------------------------------

    async def _run(self) -> None:
        checked = float("-inf")
        while True:
            self._woken.clear()
            await asyncio.to_thread(self._recordings.opened.let_go, IDLE_SECONDS)
            await self._seal_due()
            at = asyncio.get_running_loop().time()
            if at >= checked + CHECK_SECONDS:
                checked = at
                self._failed.clear()
                await self._delete_due()
            try:
                async with asyncio.timeout(_ROUND_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _seal_due(self) -> None:
        if not self._at_rest.recipients:
            return
        for room in list(self._hub.rooms()):
            session = room.session.id
            if not self._is_to_seal(room) or session in self._failed:
                continue
            try:
                _, problems = await self.seal(room)
            except OSError as error:
                problems = [error.strerror or type(error).__name__]
                log.error("not sealed", session=session, why=problems[0])
            if problems:
                self._failed.add(session)

    def _is_to_seal(self, room: Room) -> bool:
        """Complete, and not all of it sealed yet, to whomever."""
        if not _is_complete(room) or room.standing.seals.keys() >= room.copies.keys():
            return False
        return not self._at_rest.search or self._indexer.is_indexed(room.session.id)

    async def _delete_due(self) -> None:
        rooms = {room.session.id: room for room in self._hub.rooms() if not room.standing.deleted}
        subjects = [
            Subject(one.session.id, one.session.case.title, completed(one), bool(self.kept(one)))
            for one in rooms.values()
        ]
        for session, why in retention.due(subjects, self._retention, now()):
            try:
                await self.delete(rooms[session], retention.BY, why)
            except CantDelete as error:
                log.warning("not deleted", session=session, why=str(error))
            except OSError as error:
                log.error("not deleted", session=session, why=error.strerror)
            except SQLAlchemyError as error:
                log.error("webhooks not forgotten", session=session, why=type(error).__name__)


def now() -> float:
    """Unix time, by which it is reckoned what is due."""
    return time.time()


def _is_complete(room: Room) -> bool:
    if room.standing.deleted is not None:
        return False
    return room.standing.complete is not None or room.session.completed is not None


def completed(room: Room) -> float | None:
    """When the session was complete, Unix time."""
    return room.standing.completed or room.session.completed
