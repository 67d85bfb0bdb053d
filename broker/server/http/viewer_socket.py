"""``GET /api/sessions/ID/watch``: an engineer's eyes and hands in one session."""

import time
from contextlib import aclosing

import structlog
from aiohttp import web

from broker.server.http.api import room_of
from broker.server.http.connections import Connections
from broker.server.http.guard import SIGN_IN
from broker.server.hub import Hub
from broker.server.link_socket import GOING_AWAY, LinkSocket
from broker.server.room import Room
from broker.wire.errors import RemoteProtocolError
from broker.wire.link import BROKER_TO_VIEWER
from broker.wire.messages import Input, Watch
from broker.wire.names import parse_stream

log = structlog.get_logger()


class ViewerSockets:
    """The handler of all viewers' links."""

    def __init__(self, hub: Hub, connections: Connections) -> None:
        self._hub = hub
        self._connections = connections

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one viewer until its link ends."""
        room = room_of(self._hub, request)
        sign_in = request[SIGN_IN]
        socket = await LinkSocket.open(request, BROKER_TO_VIEWER)
        with self._connections.opened(lambda: socket.close(GOING_AWAY), sign_in):
            try:
                await self._serve(room, sign_in.name, socket)
            except RemoteProtocolError as error:
                socket.fail(error.code, error.message)
                log.warning("viewer broke the protocol", code=error.code)
        return socket.response

    async def _serve(self, room: Room, person: str, socket: LinkSocket) -> None:
        viewer = room.join(person, socket)
        began = time.monotonic()
        log.info("viewer joined", session=room.session.id, viewer=viewer.id, person=person)
        try:
            async with aclosing(socket.messages()) as messages:
                async for message, _encoded in messages:
                    if isinstance(message, Input):
                        room.input(viewer, message)
                    elif isinstance(message, Watch):
                        parse_stream(message.stream)
                        viewer.watch(message.stream, message.offset)
        finally:
            room.leave(viewer)
            seconds = round(time.monotonic() - began, 1)
            log.info("viewer left", session=room.session.id, viewer=viewer.id, seconds=seconds)
