"""A websocket as one end of a link: the thin shell round ``wire.link`` for hosts and viewers.

Reading is asynchronous, writing never waits. A timer asks a silent peer and gives up on a dead
one; there is no task for it, as there are many idle links.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator

from aiohttp import WSMsgType, web

from broker.server.outbox import Outbox, frame_of
from broker.wire import codec
from broker.wire.link import BROKER_TO_HOST, Link, LinkState, Role
from broker.wire.messages import Error, Message, Ping

_WRITE_HIGH_BYTES = 512 * 1024
_WRITE_LOW_BYTES = 128 * 1024
_PAUSED_PING_SECONDS = 1.0
_CLOSE_SECONDS = 5.0
# A screen may be large; a peer that has so much unread and is sent more does not read at all.
_MOST_BACKLOG_BYTES = 32 * 1024 * 1024
# Beyond what the codec allows, so that it is the codec that says so; far beyond, aiohttp does.
# People paste megabytes and deserve to be told; of a stranger, no more is taken in than that.
_MOST_OF_HOST_BYTES = 2 * codec.MAX_MESSAGE_BYTES
_MOST_OF_VIEWER_BYTES = 4 * 1024 * 1024
# Linux's struct tcp_info: tcpi_last_data_recv, in milliseconds, after eight bytes and eleven words.
_TCP_INFO = struct.Struct("@52xI")

NORMAL, GOING_AWAY = 1000, 1001
_POLICY = 1008


class LinkSocket:
    """One peer's websocket. For the loop's thread; ``messages`` for one reader."""

    def __init__(self, request: web.Request, ws: web.WebSocketResponse, role: Role) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("gone before it was answered")
        transport.set_write_buffer_limits(high=_WRITE_HIGH_BYTES, low=_WRITE_LOW_BYTES)
        self._loop = asyncio.get_running_loop()
        self._ws = ws
        self._transport = transport
        self._writer = request.writer
        self._outbox = Outbox(transport)
        self._link = Link(role, self._loop.time())
        self._paused = False
        self._timer = self._loop.call_at(self._link.due, self._tick)

    @classmethod
    async def open(cls, request: web.Request, role: Role) -> "LinkSocket":
        """Answer the upgrade. Raises ConnectionError where the peer has gone already."""
        most = _MOST_OF_HOST_BYTES if role is BROKER_TO_HOST else _MOST_OF_VIEWER_BYTES
        ws = web.WebSocketResponse(compress=False, max_msg_size=most, timeout=_CLOSE_SECONDS)
        await ws.prepare(request)
        return cls(request, ws, role)

    @property
    def response(self) -> web.WebSocketResponse:
        """What a request's handler has to return."""
        return self._ws

    @property
    def left(self) -> bool:
        """Whether the peer said that it goes, rather than being lost."""
        return self._link.state is LinkState.LEFT

    @property
    def silent_seconds(self) -> float:
        """How long ago the peer was last heard."""
        return self._loop.time() - self._link.heard

    @property
    def backlog(self) -> int:
        """Bytes sent and not yet taken by the kernel."""
        return self._outbox.backlog

    async def messages(self) -> AsyncGenerator[tuple[Message, bytes], None]:
        """Every message in order, with its encoding where that is binary.

        Ends with the connection. Raises RemoteProtocolError for what the peer may not send; the
        link is then of no more use.
        """
        try:
            while True:
                got = await self._ws.receive()
                if got.type is not WSMsgType.BINARY and got.type is not WSMsgType.TEXT:
                    return
                message = codec.decode(got.data)
                before = self._link.state
                answer = self._link.receive(message, self._loop.time())
                if self._link.state is not before:
                    self._tick_again_at(self._link.due)  # who has greeted is asked sooner
                if answer is not None:
                    self.send(answer)
                if isinstance(message, Error):
                    return
                yield message, got.data if got.type is WSMsgType.BINARY else b""
        finally:
            self._timer.cancel()
            self._link.drop()

    def send(self, message: Message) -> None:
        """Send one message with the others of this tick of the loop."""
        self.send_frame(frame_of(message))

    def send_frame(self, encoded_frame: bytes) -> None:
        """Send a frame that was encoded once for several. Gives up on a peer that never reads."""
        if self._outbox.backlog > _MOST_BACKLOG_BYTES:
            self._transport.abort()
        else:
            self._outbox.send(encoded_frame)

    async def drained(self) -> None:
        """Return when the peer has read most of what it was sent. Raises ConnectionError."""
        self._outbox.flush()
        await self._writer.drain()

    def pause(self) -> None:
        """This end will not read for a while: keep the link up meanwhile."""
        self._paused = True
        self._tick_again_at(self._loop.time())

    def resume(self) -> None:
        """This end reads again; the peer's silence so far was our own doing."""
        self._paused = False

    def fail(self, code: str, message: str) -> None:
        """Tell the peer what is wrong and close."""
        self.send(Error(code, message))
        self.close(_POLICY)

    def close(self, websocket_code: int) -> None:
        """Close once what was sent has been written, or in a few seconds in any case."""
        if not self._transport.is_closing():
            self._outbox.close(websocket_code)
            self._loop.call_later(_CLOSE_SECONDS, self._transport.abort)

    def _tick(self) -> None:
        if self._transport.is_closing():
            return
        now = self._loop.time()
        self._link.stir(now - self._seconds_without_bytes())
        if self._paused:
            self.send(Ping(0))  # a sign of life for the peer, whose answer waits unread
            self._tick_again_at(now + _PAUSED_PING_SECONDS)
            return
        ping = self._link.tick(now)
        if ping is not None:
            self.send(ping)
        if self._link.state is LinkState.LOST:
            self._transport.abort()
        else:
            self._tick_again_at(self._link.due)

    def _seconds_without_bytes(self) -> float:
        """How long nothing has come by what the kernel knows: messages are seen here when whole."""
        sock = self._transport.get_extra_info("socket")
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
        return float(_TCP_INFO.unpack(info)[0]) / 1000

    def _tick_again_at(self, when: float) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_at(when, self._tick)
