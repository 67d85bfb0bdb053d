"""Search over all sessions that whoever asks may see."""

import asyncio
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from broker.server.access import BadRequest, Refusal, may_see
from broker.server.at_rest.custody import Custody
from broker.server.http.guard import SIGN_IN
from broker.server.hub import Hub
from broker.server.room import Room
from broker.server.search.find import Hit, TookTooLong, find
from broker.server.search.indexer import Indexer
from broker.server.search.query import BadQuery, Query, read
from broker.server.search.schema import FILE_NAME

log = structlog.get_logger()

_AT_ONCE = 2


class Unsearchable(Refusal):
    """The search takes too long, or the index can't be read at present."""

    status = 503


class Search:
    """The handler; safe to cancel."""

    def __init__(self, hub: Hub, custody: Custody, indexer: Indexer, data: Path) -> None:
        self._hub = hub
        self._custody = custody
        self._indexer = indexer
        self._path = data / FILE_NAME
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def hits(self, request: web.Request) -> web.Response:
        """A page of hits, newest first."""
        try:
            query = read(request.query)
        except BadQuery as error:
            raise BadRequest("bad-query", str(error)) from None
        rooms = {
            room.session.id: room
            for room in self._hub.rooms()
            if may_see(request[SIGN_IN], room.session)
            and _wanted(room, query)
            and self._custody.may_be_found(room)
        }
        try:
            async with self._turns:
                behind = self._indexer.behind  # what comes in meanwhile may not be found
                found, following = await asyncio.to_thread(find, self._path, query, list(rooms))
        except TookTooLong:
            raise Unsearchable(
                "took-too-long", "the search took too long; add a word, a session or a time"
            ) from None
        except sqlite3.Error as error:  # its text names tables, never what was searched for
            log.error("search failed", error=str(error))
            raise Unsearchable("no-index", "the search index can't be read at present") from None
        return web.json_response(
            {
                "hits": [_told(hit, rooms[hit.session]) for hit in found],
                "next": None if following is None else str(following),
                "behind": behind,
            }
        )


def _wanted(room: Room, query: Query) -> bool:
    session = room.session
    return query.session in ("", session.id) and query.case in ("", session.case.id)


def _told(hit: Hit, room: Room) -> dict[str, Any]:
    session = room.session
    told = asdict(hit)
    del told["id"]
    return {
        **told,
        "case": {"id": session.case.id, "title": session.case.title},
        "host": session.host_name,
        "engineer": session.engineer,
        "began": session.created,
    }
