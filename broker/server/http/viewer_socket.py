"""``GET /api/sessions/ID/watch`` and ``…/page``: an engineer, or a customer's page, in one session.

What each may send is the link's role; from here on they are both viewers.
"""

import time
from collections.abc import Callable
from contextlib import aclosing

import structlog
from aiohttp import web

from broker.server.http.api import room_of
from broker.server.http.connections import Connections
from broker.server.http.guard import PAGE_SIGN_IN, SIGN_IN
from broker.server.hub import Hub
from broker.server.link_socket import GOING_AWAY, LinkSocket
from broker.server.room import Room
from broker.server.viewer import Viewer
from broker.server.wants import Wanted
from broker.wire.errors import RemoteProtocolError
from broker.wire.link import BROKER_TO_PAGE, BROKER_TO_VIEWER
from broker.wire.messages import Attention, Input, Watch
from broker.wire.names import parse_stream

log = structlog.get_logger()


class ViewerSockets:
    """The handlers of all viewers' links."""

    def __init__(self, hub: Hub, connections: Connections) -> None:
        self._hub = hub
        self._connections = connections

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one engineer until their link ends."""
        room = room_of(self._hub, request)
        sign_in = request[SIGN_IN]
        socket = await LinkSocket.open(request, BROKER_TO_VIEWER)
        with self._connections.opened(lambda: socket.close(GOING_AWAY), sign_in):
            await _serve(room, socket, lambda: room.join(sign_in.name, socket))
        return socket.response

    async def serve_page(self, request: web.Request) -> web.StreamResponse:
        """Serve one customer's page until its link ends."""
        room = room_of(self._hub, request)
        socket = await LinkSocket.open(request, BROKER_TO_PAGE)
        with self._connections.opened(lambda: socket.close(GOING_AWAY), request[PAGE_SIGN_IN]):
            await _serve(room, socket, lambda: room.join_page(socket))
        return socket.response


async def _serve(room: Room, socket: LinkSocket, join: Callable[[], Viewer]) -> None:
    try:
        viewer = join()
        began = time.monotonic()
        facts = {"session": room.session.id, "viewer": viewer.id}
        log.info("viewer joined", **facts, person=viewer.person)
        try:
            async with aclosing(socket.messages()) as messages:
                async for message, _encoded in messages:
                    if viewer.gaze is not None:
                        viewer.gaze.heard()
                    if isinstance(message, Input):
                        room.input(viewer, message)
                    elif isinstance(message, Attention) and viewer.gaze is not None:
                        viewer.gaze.says(message)
                    elif isinstance(message, Wanted):
                        room.want(viewer, message)
                    elif isinstance(message, Watch):
                        parse_stream(message.stream)
                        viewer.watch(message.stream, message.offset)
        finally:
            room.leave(viewer)
            log.info("viewer left", **facts, seconds=round(time.monotonic() - began, 1))
    except RemoteProtocolError as error:
        socket.fail(error.code, error.message)
        log.warning("viewer broke the protocol", code=error.code)
