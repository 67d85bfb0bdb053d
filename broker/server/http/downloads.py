"""Streams to take away: read in a thread, sent as fast as taken."""

import asyncio
from collections.abc import Iterator

from aiohttp import hdrs, web

from broker.recording.asciicast import MIME, BadCast, to_v3
from broker.server.access import NotFound
from broker.server.http.api import readable_room, room_of
from broker.server.hub import Hub
from broker.server.ingest import Copy
from broker.server.room import Room
from broker.server.stores.recordings import Recordings

_CHUNK_BYTES = 256 * 1024
_NDJSON = "application/x-ndjson"


class Downloads:
    """Handlers of what is read from recordings."""

    def __init__(self, hub: Hub, recordings: Recordings) -> None:
        self._hub = hub
        self._recordings = recordings

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a stream that are held by now, or a recording as asciicast v3."""
        room = readable_room(self._hub, request)
        copy = room.copies.get(request.match_info["stream"])
        if copy is None:
            raise NotFound("unknown-stream", "the session has no such stream")
        await room.read(copy.name, 0, 1)  # what can't be read is told while it can be
        response = web.StreamResponse(
            headers={hdrs.CONTENT_TYPE: _NDJSON if copy.stream.is_log else MIME}
        )
        if "download" in request.query:
            name = f"{room.session.id}.{copy.name}"
            response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}"'
        if request.query.get("as") == "v3" and not copy.stream.is_log:
            return await self._send_v3(request, response, room, copy)
        return await self._send(request, response, room, copy)

    async def receipts(self, request: web.Request) -> web.Response:
        """What the broker has signed for of the session, which may be nothing."""
        room = room_of(self._hub, request)
        response = web.Response(body=await room.receipts.written(), content_type="text/plain")
        if "download" in request.query:
            name = f"{room.session.id}.receipts"
            response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}"'
        return response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, room: Room, copy: Copy
    ) -> web.StreamResponse:
        start, end = 0, copy.held
        response.headers[hdrs.ACCEPT_RANGES] = "bytes"
        asked = _range(request)
        if asked is not None:
            start, stop = asked
            if start < 0:
                start = max(0, end + start)
            end = min(end, stop) if stop is not None else end
            if start >= end:
                raise web.HTTPRequestRangeNotSatisfiable
            response.set_status(206)
            response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{copy.held}"
        response.content_length = end - start
        await response.prepare(request)
        for offset in range(start, end, _CHUNK_BYTES):
            size = min(_CHUNK_BYTES, end - offset)
            await response.write(await room.read(copy.name, offset, size))
        return response

    async def _send_v3(
        self, request: web.Request, response: web.StreamResponse, room: Room, copy: Copy
    ) -> web.StreamResponse:
        chunks = self._v3(room.session.id, copy.name, copy.held)
        try:
            chunk = await asyncio.to_thread(next, chunks, None)
        except BadCast as error:
            raise NotFound("not-a-recording", f"it can't be converted: {error}") from None
        await response.prepare(request)
        while chunk is not None:
            await response.write(chunk)
            chunk = await asyncio.to_thread(next, chunks, None)
        return response

    def _v3(self, session: str, stream: str, held: int) -> Iterator[bytes]:
        text: list[str] = []
        size = 0
        for line in to_v3(self._recordings.lines(session, stream, held)):
            text.append(line)
            size += len(line)
            if size >= _CHUNK_BYTES:
                yield "".join(text).encode()
                text, size = [], 0
        yield "".join(text).encode()


def _range(request: web.Request) -> tuple[int, int | None] | None:
    if hdrs.RANGE not in request.headers:
        return None
    try:
        asked = request.http_range
    except ValueError:
        raise web.HTTPRequestRangeNotSatisfiable from None
    return (asked.start or 0, asked.stop)
