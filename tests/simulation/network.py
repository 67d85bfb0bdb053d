"""The network between host and broker, and the socket pair between recorder and uplink.

A connection is TCP as its ends see it: in order and whole, until it ends. A path that swallows
packets delays them, since TCP sends them again when it heals, and an end that goes meanwhile is
not told to the other. What a link allows beyond that, appends that come twice or in another order,
is made here as well.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextvars import Context
from typing import Any

from broker.wire import codec
from broker.wire.link import BROKER_TO_HOST, Link, LinkState
from broker.wire.messages import Append, Error, Held, Message, Ping, Welcome
from tests.simulation.loop import LIFE, Gone, Life, VirtualLoop

_QUEUE_BYTES = 256 * 1024
_ROOM_BYTES = 64 * 1024
_DIAL_SECONDS = 10.0
_PAUSED_PING_SECONDS = 1.0
_NOBODYS = Context()


class Network:
    """All paths between the host and the broker, and how they are now."""

    def __init__(self, loop: VirtualLoop, chance: random.Random) -> None:
        self.loop = loop
        self.chance = chance
        self.up_until = self.down_until = 0.0
        """Until when packets to the broker, and to the host, are swallowed."""
        self.bytes_per_second = 1e7
        self.latency = 0.01
        self.odd = False
        """Whether appends may come twice or out of order."""
        self.listener: Callable[[Connection], None] | None = None
        """Who answers at the broker's."""
        self.connections: list[Connection] = []

    async def dial(
        self, url: str, on_message: Callable[[bytes], None], on_flow: Callable[[bool], None]
    ) -> HostEnd:
        """As the uplink dials. Raises OSError."""
        trip = 2 * self.latency
        later = max(self.up_until, self.down_until) - self.loop.time()
        if later > _DIAL_SECONDS:
            await asyncio.sleep(_DIAL_SECONDS)
            raise TimeoutError("no answer")
        await asyncio.sleep(trip + max(0.0, later))
        if self.listener is None:
            raise ConnectionRefusedError("refused")
        connection = Connection(self, on_message, on_flow)
        self.connections.append(connection)
        self.listener(connection)
        return connection.host

    def at(self, when: float, what: Callable[..., object], *args: object) -> None:
        """What is on its way arrives, whatever becomes of who has sent it."""
        self.loop.call_at(when, what, *args, context=_NOBODYS)

    def reset(self) -> None:
        """Every connection breaks, and both ends are told."""
        for one in list(self.connections):
            one.host.closed(1006)
            one.broker.closed()


class Way:
    """One direction of a connection."""

    def __init__(self, connection: Connection, up: bool, take: Callable[[bytes], None]) -> None:
        self.queued = 0
        """Bytes that were sent and not taken in."""
        self.reading = True
        self._network = connection.network
        self._up = up
        self._take = take
        self._free = self._arrives = 0.0
        self._waiting: deque[bytes] = deque()
        self.on_room: Callable[[], None] = lambda: None

    def send(self, encoded: bytes) -> None:
        """Send a message, which arrives in some time."""
        network = self._network
        self.queued += len(encoded)
        now = network.loop.time()
        self._free = max(self._free, now) + len(encoded) / network.bytes_per_second
        when = self._free + network.latency * network.chance.uniform(0.8, 1.5)
        swallowed = network.up_until if self._up else network.down_until
        if when < swallowed:
            # Sent again, with ever longer pauses: some time after it heals.
            when = swallowed + network.chance.uniform(0.0, min(4.0, swallowed - now))
        self._arrives = max(self._arrives, when)
        network.at(self._arrives, self._arrived, encoded)

    def _arrived(self, encoded: bytes) -> None:
        self._waiting.append(encoded)
        self.read()

    def read(self) -> None:
        """Take in what has arrived, while it is read."""
        while self._waiting and self.reading:
            encoded = self._waiting.popleft()
            self.queued -= len(encoded)
            self._take(encoded)
        if self.queued < _ROOM_BYTES:
            self.on_room()


class Connection:
    """One connection, made by the uplink and answered by the broker."""

    def __init__(
        self,
        network: Network,
        on_message: Callable[[bytes], None],
        on_flow: Callable[[bool], None],
    ) -> None:
        self.network = network
        self.host = HostEnd(self, on_message, on_flow)
        self.broker = BrokerEnd(self)

    def tell(self, up: bool, what: Callable[[], None]) -> None:
        """One end has gone; the other learns of it if packets get through."""
        network = self.network
        swallowed = network.up_until if up else network.down_until
        if swallowed <= network.loop.time():
            # After what was sent before it.
            way = self.host.way if up else self.broker.way
            when = max(network.loop.time() + network.latency, way._arrives)
            network.at(when, what)

    def over(self) -> None:
        """Both ends are gone."""
        if self in self.network.connections and self.host.gone and self.broker.gone:
            self.network.connections.remove(self)


class HostEnd:
    """The uplink's end: what it has of ``BrokerSocket``."""

    def __init__(
        self,
        connection: Connection,
        on_message: Callable[[bytes], None],
        on_flow: Callable[[bool], None],
    ) -> None:
        self._connection = connection
        self._life = LIFE.get()
        self._on_message = on_message
        self._on_flow = on_flow
        self._full = False
        self._kept: bytes | None = None
        self.gone = False
        self.close_code = 1000
        self.transport = self
        self.way = Way(connection, True, self._to_broker)
        self.way.on_room = self._has_room
        self._closed = asyncio.get_running_loop().create_future()

    def _to_broker(self, encoded: bytes) -> None:
        self._connection.broker.arrived(encoded)

    def pass_on(self, encoded: bytes) -> None:
        """Send one message."""
        if self.gone:
            return
        network = self._connection.network
        if network.odd and not codec.is_text(encoded):
            kept, self._kept = self._kept, None
            if kept is None and network.chance.random() < 0.2:
                self._kept = encoded  # the next one overtakes it
                return
            self.way.send(encoded)
            if kept is not None:
                self.way.send(kept)
            elif network.chance.random() < 0.2:
                self.way.send(encoded)
        else:
            if self._kept is not None:
                self.way.send(self._kept)
                self._kept = None
            self.way.send(encoded)
        if not self._full and self.way.queued > _QUEUE_BYTES:
            self._full = True
            self._on_flow(True)

    def _has_room(self) -> None:
        if self._full and not self.gone:
            self._full = False
            self._life.run(self._on_flow, False)

    def arrived(self, encoded: bytes) -> None:
        """Called by the network."""
        if not self.gone and not self._life.over:
            self._life.run(self._on_message, encoded)

    def closed(self, code: int) -> None:
        """The connection is gone."""
        if not self.gone:
            self.gone = True
            self.close_code = code
            if not self._closed.done():
                self._closed.set_result(None)
        self._connection.over()

    def abort(self) -> None:
        """Drop it."""
        if not self.gone:
            self._connection.tell(True, self._connection.broker.closed)
            self.closed(1006)

    async def close(self) -> None:
        """Say goodbye."""
        self.abort()

    async def wait_closed(self) -> None:
        """Wait for its end."""
        await asyncio.shield(self._closed)

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._connection.broker.way.reading = False

    def resume_reading(self) -> None:
        """Read on."""
        way = self._connection.broker.way
        if not way.reading:
            way.reading = True
            way.read()


class BrokerEnd:
    """The broker's end: what a room and the host's handler have of ``LinkSocket``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._loop = connection.network.loop
        self.life: Life
        self.gone = False
        self.way = Way(connection, False, connection.host.arrived)
        self.on_sent: Callable[[Message], None]
        self.on_complaint: Callable[[Error], None]
        self._came: deque[bytes] = deque()
        self._look: asyncio.Future[None] | None = None
        self._paused = False
        self._link = Link(BROKER_TO_HOST, self._loop.time())
        self._timer: asyncio.TimerHandle | None = None

    def serve(
        self,
        life: Life,
        on_sent: Callable[[Message], None],
        on_complaint: Callable[[Error], None],
    ) -> None:
        """This process of the broker's has it from now on."""
        self.life, self.on_sent, self.on_complaint = life, on_sent, on_complaint
        self._tick_again_at(self._link.due)

    def arrived(self, encoded: bytes) -> None:
        """Called by the network."""
        if self.gone or self.life.over:
            return
        self._link.stir(self._loop.time())
        self._came.append(encoded)
        self._wake()

    def closed(self) -> None:
        """The connection is gone."""
        if not self.gone:
            self.gone = True
            if not self.life.over:
                self._wake()
        self._connection.over()

    def _wake(self) -> None:
        if self._look is not None and not self._look.done():
            self._look.set_result(None)

    async def messages(self) -> AsyncGenerator[tuple[Message, bytes], None]:
        """As LinkSocket has it."""
        try:
            while True:
                while not self._came and not self.gone:
                    self._look = self._loop.create_future()
                    await self._look
                if not self._came:
                    return
                encoded = self._came.popleft()
                message = codec.decode(encoded)
                before = self._link.state
                answer = self._link.receive(message, self._loop.time())
                if self._link.state is not before:
                    self._tick_again_at(self._link.due)
                if answer is not None:
                    self.send(answer)
                if isinstance(message, Error):
                    self.on_complaint(message)
                    return
                yield message, encoded if not codec.is_text(encoded) else b""
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._link.drop()

    @property
    def left(self) -> bool:
        """As LinkSocket has it."""
        return self._link.state is LinkState.LEFT

    @property
    def silent_seconds(self) -> float:
        """As LinkSocket has it."""
        return self._loop.time() - self._link.heard

    @property
    def backlog(self) -> int:
        """As LinkSocket has it."""
        return self.way.queued

    def send(self, message: Message) -> None:
        """Send one message."""
        if self.life.over:
            raise Gone
        if not self.gone:
            if isinstance(message, Held | Welcome | Append):
                self.on_sent(message)
            self.way.send(codec.encode(message))

    async def drained(self) -> None:
        """As LinkSocket has it."""
        await asyncio.sleep(0)
        if self.gone:
            raise ConnectionResetError("gone")

    def pause(self) -> None:
        """This end will not read for a while."""
        self._paused = True
        self._connection.host.way.reading = False
        self._tick_again_at(self._loop.time())

    def resume(self) -> None:
        """This end reads again."""
        self._paused = False
        way = self._connection.host.way
        way.reading = True
        way.read()

    def fail(self, code: str, message: str) -> None:
        """Tell the peer what is wrong and close."""
        self.send(Error(code, message))
        self.close(1008)

    def close(self, code: int) -> None:
        """Close once what was sent has been written."""
        if not self.gone:
            self._connection.tell(False, lambda: self._connection.host.closed(code))
            self.closed()

    def _tick(self) -> None:
        if self.gone:
            return
        now = self._loop.time()
        if self._paused:
            self.send(Ping(0))
            self._tick_again_at(now + _PAUSED_PING_SECONDS)
            return
        ping = self._link.tick(now)
        if ping is not None:
            self.send(ping)
        if self._link.state is LinkState.LOST:
            self.close(1006)
        else:
            self._tick_again_at(self._link.due)

    def _tick_again_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._tick)


class Pipe:
    """One end of the socket pair between recorder and uplink, as an asyncio transport."""

    def __init__(self, loop: VirtualLoop, life: Life, protocol: Any) -> None:  # noqa: ANN401
        self._loop = loop
        self.life = life
        self.protocol = protocol
        self.other: Pipe
        self._closing = False
        self._reading = True
        self._full = False
        self._unsent: list[bytes] = []
        """Of this end, which the other has not read."""
        self._queued = 0
        self._due = False

    def write(self, data: bytes) -> None:
        """As transports have it."""
        if self._closing or self.life.over:
            return
        self._unsent.append(bytes(data))
        self._queued += len(data)
        self.other.wake()
        if not self._full and self._queued > _QUEUE_BYTES:
            self._full = True
            self.protocol.pause_writing()

    def wake(self) -> None:
        """There may be something to read."""
        if not self._due:
            self._due = True
            self._loop.call_at(self._loop.time() + 0.0001, self._read, context=_NOBODYS)

    def _read(self) -> None:
        self._due = False
        if self.life.over or not self._reading or self._closing:
            return
        other = self.other
        if other._unsent:
            data = b"".join(other._unsent)
            other._unsent.clear()
            other._queued = 0
            self.life.run(self.protocol.data_received, data)
            if other._full and not other.life.over:
                other._full = False
                other.life.run(other.protocol.resume_writing)
        if other._closing or other.life.over:
            self.close()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """As transports have it."""

    def is_closing(self) -> bool:
        """As transports have it."""
        return self._closing

    def is_reading(self) -> bool:
        """As transports have it."""
        return self._reading

    def pause_reading(self) -> None:
        """As transports have it."""
        self._reading = False

    def resume_reading(self) -> None:
        """As transports have it."""
        self._reading = True
        self.wake()

    def close(self) -> None:
        """As transports have it."""
        if not self._closing:
            self._closing = True
            self.other.wake()
            if not self.life.over:
                self._loop.call_soon(self.life.run, self.protocol.connection_lost, None)


def pair(loop: VirtualLoop, one: Life, ours: Any, other: Life, theirs: Any) -> Pipe:  # noqa: ANN401
    """Connect two protocols; our end."""
    near, far = Pipe(loop, one, ours), Pipe(loop, other, theirs)
    near.other, far.other = far, near
    one.run(ours.connection_made, near)
    other.run(theirs.connection_made, far)
    return near
