"""One viewer of a room: where it is in each stream it watches, and how it catches up.

An engineer, or a customer's page, which sees the same and has other wants.

In a stream a viewer is *live* (it has everything that was received and is sent what arrives as it
arrives) or *behind* (a task reads the recording for it, as fast as the viewer reads). A viewer
whose connection holds more than ``HIGH_BYTES`` unread is sent nothing until it has read on; what
it missed of a recording beyond ``SKIP_BYTES`` is replaced by a fresh snapshot, of a log it misses
nothing. So it costs the room neither memory nor time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from broker.server.at_rest.opened import Sealed
from broker.server.gaze import Gaze
from broker.server.ingest import Copy
from broker.server.link_socket import LinkSocket
from broker.server.outbox import frame, frame_of
from broker.server.screens import NoScreen
from broker.server.wants import BURST, PER_SECOND
from broker.wire import codec
from broker.wire.messages import Append, Declined, Message, Snapshot
from broker.wire.patience import Patience

if TYPE_CHECKING:
    from broker.server.room import Room

log = structlog.get_logger()

HIGH_BYTES = 1024 * 1024
SKIP_BYTES = 2 * 1024 * 1024
_READ_BYTES = 256 * 1024


@dataclass(slots=True)
class _Place:
    """Where a viewer is in one stream."""

    offset: int
    """What it is sent next; -1: wherever a snapshot puts it."""
    live: bool = False
    skips: bool = False
    """It asked for a snapshot or has been live: what it misses may be replaced by a snapshot."""
    slow: bool = False
    """It has not read on as fast as it was sent to, since the last snapshot."""


class Viewer:
    """Owned by its room; for the loop's thread alone."""

    def __init__(
        self, viewer_id: str, person: str, socket: LinkSocket, room: "Room", *, is_page: bool
    ) -> None:
        self.id = viewer_id
        self.person = person
        self.is_page = is_page
        self._patience = Patience(BURST, PER_SECOND)
        self._socket = socket
        self._room = room
        self.gaze = None if is_page else Gaze(socket, self.may_want, self._tell_gaze)
        """Whether an engineer looks; of the customer's page nobody keeps account."""
        self._places: dict[str, _Place] = {}
        self._stop_catching_up: Callable[[], None] | None = None

    def may_want(self) -> bool:
        """Whether it may want something more of the host now, keys aside; that counts as one."""
        return self._patience.spend(time.monotonic())

    def send(self, message: Message) -> None:
        """Send a message that no viewer may miss; they are few and short."""
        self._socket.send(message)

    def send_frame(self, encoded_frame: bytes) -> None:
        """The same, encoded once for all viewers."""
        self._socket.send_frame(encoded_frame)

    def decline(self, reason: str, message: str) -> None:
        """Say that something went nowhere; somebody who reads too slowly has that coming."""
        if self._socket.backlog <= HIGH_BYTES:
            self.send(Declined(self.id, reason, message))

    def watch(self, stream: str, offset: int) -> None:
        """From now on send this stream from ``offset``, or from a snapshot (-1) on."""
        self._places[stream] = _Place(offset, skips=offset < 0)
        self.catch_up(stream)

    def catch_up(self, stream: str) -> None:
        """The stream has appeared or was asked for: read what is there."""
        if stream in self._places and self._stop_catching_up is None:
            work = self._catch_up_all()
            self._stop_catching_up = self._room.tasks.spawn(work, f"catch up {self.id}")

    def relay(self, copy: Copy, offset: int, data: bytes, encoded: bytes) -> None:
        """What has just been received: ``encoded`` is the frame of ``data`` at ``offset``."""
        place = self._places.get(copy.name)
        if place is None or not place.live:
            return
        if self._socket.backlog > HIGH_BYTES:
            place.live, place.slow = False, True
            self.catch_up(copy.name)
            return
        if place.offset != offset:  # it had more than this broker: see _step
            missing = offset + len(data) - place.offset
            if missing <= 0:
                return
            encoded = frame_of(Append(copy.name, place.offset, data[-missing:]))
        self._socket.send_frame(encoded)
        place.offset = offset + len(data)

    def close(self) -> None:
        """Stop reading for it; the room has let go of it."""
        self._places.clear()
        if self.gaze is not None:
            self.gaze.close()
        if self._stop_catching_up is not None:
            self._stop_catching_up()

    def _tell_gaze(self, state: str) -> None:
        self._room.attend(self, state)

    async def _catch_up_all(self) -> None:
        try:
            while behind := [
                (copy, place)
                for name, place in self._places.items()
                if not place.live and (copy := self._room.copies.get(name)) is not None
            ]:
                for copy, place in behind:
                    if self._socket.backlog > HIGH_BYTES:
                        place.slow = True
                        await self._socket.drained()
                    await self._step(copy, place)
        except ConnectionError:
            pass  # it is gone; its socket's reader says so to the room
        except Sealed as sealed:
            self._socket.fail("sealed", sealed.says)
        except OSError as error:
            # The recording can't be read: this viewer has to come back, nobody else notices.
            log.error("read failed", session=self._room.session.id, error=str(error))
            self._socket.fail("unreadable", "the recording can't be read at present")
        finally:
            self._stop_catching_up = None

    async def _step(self, copy: Copy, place: _Place) -> None:
        missed = place.skips and place.slow and copy.held - place.offset > SKIP_BYTES
        if (place.offset < 0 or missed) and not copy.stream.is_log:
            await self._show(copy, place)
        elif place.offset < 0:
            place.offset = 0
        elif place.offset < copy.held:
            size = min(_READ_BYTES, copy.held - place.offset)
            data = await self._room.read(copy.name, place.offset, size)
            for at in range(0, len(data), codec.MAX_DATA_BYTES):
                self._send_append(copy, place, data[at : at + codec.MAX_DATA_BYTES])
        else:
            # No await from here on: what is not held yet is in memory, and after it the viewer
            # is where the stream is. A viewer that is further than that (it saw what an earlier
            # broker received and did not hold) waits there for the host to send it again.
            for piece in copy.tail(place.offset):
                self._send_append(copy, place, piece)
            place.live = place.skips = True
            place.slow = False

    async def _show(self, copy: Copy, place: _Place) -> None:
        try:
            screen = await self._room.screen(copy.name, copy.held)
        except NoScreen as error:
            log.warning("no screen", session=self._room.session.id, error=str(error))
            place.offset = max(place.offset, 0)
            place.skips = False  # then it gets every byte
            return
        shown = Snapshot(copy.name, screen.offset, screen.cols, screen.rows, screen.as_bytes())
        self._socket.send_frame(frame(codec.encode(shown), text=False))
        place.offset, place.slow = screen.offset, False

    def _send_append(self, copy: Copy, place: _Place, data: bytes) -> None:
        append = codec.append_head(copy.name, place.offset) + data
        self._socket.send_frame(frame(append, text=False))
        place.offset += len(data)
