"""What a session's logs tell: its timeline, away reports and drift; read in a thread."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakValueDictionary

from aiohttp import web

from broker.recording import away, timeline
from broker.recording.session_log import Entry
from broker.server.access import BadRequest, NotFound
from broker.server.http.api import room_of
from broker.server.hub import Hub
from broker.server.log_reader import LogReader
from broker.server.stores.recordings import Recordings

_AT_ONCE = 4
"""Threads that reports may take; the others write what hosts send."""

_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


class Reports:
    """Handlers of what is told from logs as they are held, one at a time for each session."""

    def __init__(self, hub: Hub, recordings: Recordings) -> None:
        self._hub = hub
        self._recordings = recordings
        self._threads = asyncio.Semaphore(_AT_ONCE)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def timeline(self, request: web.Request) -> web.Response:
        """What happened in the session."""
        return await self._told(request, lambda entries: timeline.as_json(timeline.tell(entries)))

    async def away(self, request: web.Request) -> web.Response:
        """What happened while the customer, or the link, was not there."""
        return await self._told(request, away.tell)

    async def drift(self, request: web.Request) -> web.Response:
        """How the host differs between two fingerprints."""
        start, end = _number(request, "from"), _number(request, "to")
        try:
            return await self._told(request, lambda entries: away.between(entries, start, end))
        except ValueError as error:
            raise NotFound("unknown-fingerprint", str(error)) from None

    async def _told(
        self, request: web.Request, tell: Callable[[Iterator[Entry]], dict[str, Any]]
    ) -> web.Response:
        room = room_of(self._hub, request)
        session = room.session.id
        turn = self._turns.setdefault(session, asyncio.Lock())
        async with turn, self._threads:
            logs = [
                (name, room.copies[name].held)
                for name in room.stream_names()
                if room.copies[name].stream.is_log
            ]
            body = await asyncio.to_thread(
                lambda: json.dumps(tell(self._entries(session, logs))).encode()
            )
        return web.Response(body=body, content_type="application/json")

    def _entries(self, session: str, logs: list[tuple[str, int]]) -> Iterator[Entry]:
        for name, held in logs:
            reader = LogReader()
            for piece in self._recordings.pieces(session, name, held):
                yield from reader.feed(piece)


def _number(request: web.Request, name: str) -> int | None:
    """Raises BadRequest."""
    asked = request.query.get(name)
    if asked is None:
        return None
    if not _NUMBER.fullmatch(asked):
        raise BadRequest("bad-request", f"{name}: the number of a fingerprint")
    return int(asked)
