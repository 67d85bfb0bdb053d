"""``GET /api/host``: the link of a customer's host, from its hello to its end."""

import time
from collections.abc import Callable, Mapping
from contextlib import aclosing

import structlog
from aiohttp import web

from broker.server.access import is_token_of, new_id
from broker.server.http.connections import Connections
from broker.server.hub import Hub
from broker.server.link_socket import GOING_AWAY, NORMAL, LinkSocket
from broker.server.receipt_sender import send_receipts
from broker.server.room import Room
from broker.server.signing import NoReceipts
from broker.wire.errors import RemoteProtocolError
from broker.wire.link import BROKER_TO_HOST
from broker.wire.messages import PROTOCOL, Append, Complete, Declined, Hello, Leave, Turn, Welcome

log = structlog.get_logger()

_MOST_RUN = 99_999  # as streams are named


class HostSockets:
    """The handler of all hosts' links."""

    def __init__(self, hub: Hub, connections: Connections) -> None:
        self._hub = hub
        self._connections = connections
        self._instance = new_id()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one host until its link ends."""
        socket = await LinkSocket.open(request, BROKER_TO_HOST)
        with self._connections.opened(lambda: socket.close(GOING_AWAY)):
            try:
                await self._serve(socket)
            except RemoteProtocolError as error:
                socket.fail(error.code, error.message)
                log.warning("host broke the protocol", code=error.code)
        return socket.response

    async def _serve(self, socket: LinkSocket) -> None:
        room: Room | None = None
        stop: Callable[[], None] | None = None
        reason: str | None = None
        began = time.monotonic()
        try:
            async with aclosing(socket.messages()) as messages:
                async for message, encoded in messages:
                    if isinstance(message, Append) and room is not None:
                        room.append(socket, message, encoded)
                        if room.full:
                            await self._wait_for_space(room, socket)
                    elif isinstance(message, Turn) and room is not None:
                        room.turn(socket, message)
                    elif isinstance(message, Declined) and room is not None:
                        room.declined(socket, message)
                    elif isinstance(message, Complete) and room is not None:
                        self._complete(room, socket, message.streams)
                    elif isinstance(message, Hello):
                        room = await self._welcome(message, socket)
                        work = send_receipts(room.receipts, socket, message.receipts)
                        stop = room.tasks.spawn(work, f"send receipts {room.session.id}")
                    elif isinstance(message, Leave):
                        reason = message.reason
                        socket.close(NORMAL)
                        break
        finally:
            if stop is not None:
                stop()
            if room is not None:
                room.disconnect(socket, reason)
                seconds = round(time.monotonic() - began, 1)
                log.info("host gone", session=room.session.id, left=reason, seconds=seconds)

    async def _welcome(self, hello: Hello, socket: LinkSocket) -> Room:
        room = await self._admit(hello)
        held = room.connect(socket, hello)
        socket.send(Welcome(PROTOCOL, self._instance, time.time(), held))
        room.greet(socket)
        log.info("host connected", session=room.session.id, run=hello.run)
        return room

    async def _admit(self, hello: Hello) -> Room:
        if hello.protocol != PROTOCOL:
            raise RemoteProtocolError(
                "protocol-version", f"this broker speaks protocol {PROTOCOL}, not {hello.protocol}"
            )
        if hello.receipts < 0 or not 0 < hello.run <= _MOST_RUN:
            raise RemoteProtocolError("malformed", "hello: fields run, receipts")
        room = self._hub.room(hello.session)
        if room is None or not is_token_of(room.session, hello.token):
            raise RemoteProtocolError("bad-token", "no session with this token")
        await room.receipts.open()
        if room.standing.deleted is not None:
            raise RemoteProtocolError("ended", "the broker has deleted its copy of this session")
        # A host that lost the last receipts may come for them.
        if room.completed and hello.receipts >= room.receipts.size:
            raise RemoteProtocolError("ended", "the session is over and complete")
        return room

    def _complete(self, room: Room, socket: LinkSocket, streams: Mapping[str, int]) -> None:
        """The answer are the receipts that follow, or an error. Raises RemoteProtocolError."""
        room.receipts.check_complete(streams)
        room.tasks.spawn(self._sign(room, socket, streams), f"complete {room.session.id}")

    async def _sign(self, room: Room, socket: LinkSocket, streams: Mapping[str, int]) -> None:
        try:
            await room.receipts.complete(streams)
        except NoReceipts:  # everything is held, and the host can do nothing about it
            await self._hub.complete(room)
            socket.fail("ended", "the session is over; its receipts can't be continued")
        except Exception:  # whatever it is, the host must know; it is logged where tasks are
            socket.fail("incomplete", "the broker can't sign that the session is complete now")
            raise

    async def _wait_for_space(self, room: Room, socket: LinkSocket) -> None:
        socket.pause()
        try:
            await room.space()
        finally:
            socket.resume()
