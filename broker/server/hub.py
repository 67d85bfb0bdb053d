"""All sessions of this broker, and who wants to be told when one of them changes."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from broker.recording.presence import Shown
from broker.recording.session_log import Entry
from broker.server.at_rest import sealing, standing
from broker.server.room import Room, Services
from broker.server.stores.metadata import Metadata, Session
from broker.server.telling import Telling

_SOON_SECONDS = 1.0  # a growing stream's size is news, but not for every write

Listener = Callable[[dict[str, Any]], None]


class Hub:
    """Session id to room. For the loop's thread."""

    def __init__(self, metadata: Metadata, services: Services, telling: Telling) -> None:
        self._metadata = metadata
        self._services = services
        self._telling = telling
        self._rooms: dict[str, Room] = {}
        self._listeners: set[Listener] = set()
        self._changed_at_once: dict[str, Room] = {}
        self._changed: dict[str, Room] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._unsaved: dict[str, Room] = {}
        self._saved: dict[str, Shown] = {}
        self._saving = False
        self._when_complete: Callable[[], None] | None = None

    async def load(self) -> None:
        """Take over every session that an earlier broker left. Raises OSError."""
        now = time.time()
        for session in await self._metadata.sessions():
            room = self._open(session)
            await asyncio.to_thread(self._restore, room, now)
            for copy in room.copies.values():
                self._services.indexer.grew(session.id, session.created, copy.name, copy.held)
            self._telling.follow(session, room.shown, restarted=now)
            self._note(room, True)

    def add(self, session: Session) -> Room:
        """A session that was just granted."""
        room = self._open(session)
        self._telling.follow(session, room.shown)
        self._note(room, True)
        return room

    def carried(self, session: Session) -> Room:
        """A session that was carried here by hand: nothing that happened in it is news."""
        room = self._open(session)
        self._note(room, True)
        return room

    def room(self, session_id: str) -> Room | None:
        """The room of one session."""
        return self._rooms.get(session_id)

    def rooms(self) -> Iterable[Room]:
        """All of them."""
        return self._rooms.values()

    def summaries(self) -> list[dict[str, Any]]:
        """Every session, newest first."""
        return [room.summary() for room in reversed(self._rooms.values())]

    async def complete(self, room: Room) -> None:
        """The session is over, all of it is held, and that is signed. Noted once."""
        if room.completed:
            return
        now = time.time()
        await self._metadata.complete(room.session.id, now)
        room.session = replace(room.session, completed=now)
        if self._when_complete is not None:
            self._when_complete()

    def when_complete(self, call: Callable[[], None]) -> None:
        """Have this called whenever a session is complete."""
        self._when_complete = call

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with a session's summary whenever that is another."""
        self._listeners.add(listener)

    def unlisten(self, listener: Listener) -> None:
        """Call it no more."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """Tell nobody any more."""
        self._listeners.clear()
        for room in self._rooms.values():
            room.receipts.close()
        if self._timer is not None:
            self._timer.cancel()

    def _open(self, session: Session) -> Room:
        room = Room(session, self._services, self._note, self._heard, self.complete)
        self._rooms[session.id] = room
        self._saved[session.id] = session.shown
        return room

    def _restore(self, room: Room, now: float) -> None:
        recordings, session = self._services.recordings, room.session
        finished = session.completed is not None
        read = recordings.sizes if finished else recordings.settle
        folder = recordings.folder(session.id)
        stands = standing.read(folder)
        sealing.tidy(folder, stands)
        room.restore(stands, read(session.id), now)

    def _heard(self, room: Room, entries: list[tuple[Entry, float]]) -> None:
        self._telling.read(room.session.id, entries)

    def _note(self, room: Room, at_once: bool) -> None:
        if at_once:
            self._telling.see(room.session.id, room.shown)
        if at_once and self._saved.get(room.session.id) != room.shown:
            self._unsaved[room.session.id] = room
            if not self._saving:
                self._saving = True
                self._services.tasks.spawn(self._save(), "save presence")
        if not self._listeners:
            return
        loop = asyncio.get_running_loop()
        if at_once:
            if not self._changed_at_once:
                loop.call_soon(self._tell_now)
            self._changed_at_once[room.session.id] = room
        else:
            self._changed[room.session.id] = room
            if self._timer is None:
                self._timer = loop.call_later(_SOON_SECONDS, self._tell_later)

    async def _save(self) -> None:
        """Note presence for commands that run beside the broker."""
        try:
            while self._unsaved:
                session_id, room = self._unsaved.popitem()
                self._saved[session_id] = room.shown
                await self._metadata.note_presence(session_id, room.shown)
        finally:
            self._saving = False

    def _tell_now(self) -> None:
        rooms, self._changed_at_once = self._changed_at_once, {}
        for session_id in rooms:
            self._changed.pop(session_id, None)
        self._tell(rooms)

    def _tell_later(self) -> None:
        self._timer = None
        rooms, self._changed = self._changed, {}
        self._tell(rooms)

    def _tell(self, rooms: dict[str, Room]) -> None:
        for room in rooms.values():
            summary = room.summary()
            for listener in list(self._listeners):
                listener(summary)
