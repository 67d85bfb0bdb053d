"""One session at the broker: its streams, its viewers, its host, and what is known of it.

A piece of output passes here once: from the host's link into a stream's copy, to the viewers as
the same bytes, and to the writer. Keys and whatever else viewers want pass the other way, if the
host's link is up, and are kept nowhere. All of it on the loop, none of it waiting.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog

from broker.recording.log_reader import LogReader
from broker.recording.presence import Seen, Shown, State, granted, on_link
from broker.recording.session_log import Entry
from broker.server.at_rest.opened import Sealed
from broker.server.at_rest.standing import Standing
from broker.server.audience import Audience, TooMany
from broker.server.configuration import LONGEST_GRANT_SECONDS
from broker.server.connected_host import ConnectedHost
from broker.server.facts import Facts, learn, reopened
from broker.server.gaze import LOOKING
from broker.server.identity import Identity
from broker.server.ingest import Copy
from broker.server.link_socket import LinkSocket
from broker.server.mirror import Screen
from broker.server.receipts import SessionReceipts
from broker.server.screens import Follower, Screens
from broker.server.search.indexer import Indexer
from broker.server.stores.metadata import Session
from broker.server.stores.recordings import Recordings
from broker.server.summary import summary, told_presence
from broker.server.tasks import Tasks
from broker.server.viewer import Viewer
from broker.server.wants import Wanted, out_of_bounds
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import (
    Act,
    Append,
    Attention,
    Declined,
    Hello,
    Input,
    Joined,
    Left,
    Message,
    Present,
    Refused,
    Streams,
    Turn,
)
from broker.wire.names import RECEIPTS, parse_stream
from broker.wire.stream import Beyond

log = structlog.get_logger()

UNWRITTEN_BYTES = 8 * 1024 * 1024
"""Received and not durable, all streams together; beyond it, the host is no longer read."""

_MOST_STREAMS = 512
_HOST_BACKLOG_BYTES = 64 * 1024
_READ_BYTES = 256 * 1024

_CHANGES = {
    "disconnected": Seen.CUT,
    "recorder-lost": Seen.RECORDER_GONE,
    "ended": Seen.FINISHED,
}


@dataclass(frozen=True, slots=True)
class Services:
    """What every room works with."""

    recordings: Recordings
    screens: Screens
    indexer: Indexer
    identity: Identity
    tasks: Tasks


class Room:
    """Owned by the hub. ``changed(room, at_once)`` is called when its summary is another.

    ``heard(room, entries)``: with what came of a session log, and the Unix time of each entry.
    ``completed(room)`` is awaited when it is signed, and told to nobody yet, that it is complete.
    """

    def __init__(
        self,
        session: Session,
        services: Services,
        changed: "Callable[[Room, bool], None]",
        heard: "Callable[[Room, list[tuple[Entry, float]]], None]",
        completed: "Callable[[Room], Awaitable[None]]",
    ) -> None:
        self.session = session
        self.tasks = services.tasks
        self.copies: dict[str, Copy] = {}
        self.standing = Standing()
        """How its streams lie here; ``stand`` changes it."""
        self.kept: dict[str, Any] | None = None
        """That nobody deletes it: by whom, why and since when."""
        self._recordings = services.recordings
        self._screens = services.screens
        self._indexer = services.indexer
        self._changed = changed
        self._heard = heard
        self._facts = Facts(granted(session.created))
        self._readers: dict[str, LogReader] = {}
        self._followers: dict[str, Follower] = {}
        self._audience = Audience(self, lambda: changed(self, True))
        self._host: ConnectedHost | None = None
        self._space: asyncio.Future[None] | None = None
        self.receipts = SessionReceipts(
            session.id,
            services.recordings,
            services.identity,
            services.tasks,
            self.copies,
            stuck=self._tell_presence,
            completed=lambda: completed(self),
        )
        self._shown = self._show()

    # --- what is there ------------------------------------------------------------------------

    def restore(self, standing: Standing, sizes: dict[str, int], now: float) -> None:
        """Take over what an earlier broker held. Blocking: reads the logs; for a thread.

        Call before anything else, once. Of what can't be read here any more, what was noted
        of the session is told.
        """
        self.standing = standing
        copies = [self._open(name, sizes[name]) for name in sorted(sizes, key=parse_stream)]
        try:
            for copy in copies:
                if copy.stream.is_log:
                    self._read_again(copy)
        except OSError as error:
            if not standing.seals:
                raise
            if not isinstance(error, Sealed):
                log.error("read failed", session=self.session.id, error=str(error))
            self._facts = Facts(granted(self.session.created))
        self._facts = reopened(self._facts, self.session.shown, now)
        self._shown = self._show()

    def stand(self, standing: Standing) -> None:
        """Its streams lie otherwise here now: sealed, or deleted."""
        self.standing = standing
        for follower in self._followers.values():
            follower.close()
        self._followers.clear()
        if standing.deleted is not None:
            self.copies.clear()
            self._readers.clear()
        self._changed(self, True)

    def keep(self, kept: dict[str, Any] | None) -> None:
        """Nobody deletes it from now on; None: that is over."""
        if self.kept != kept:
            self.kept = kept
            self._changed(self, True)

    def summary(self) -> dict[str, Any]:
        """What pages and commands are told of the session."""
        sizes = [(name, self.copies[name].held) for name in self.stream_names()]
        told = summary(self.session, self._facts, self._shown, sizes)
        told |= {**self.standing.told(), "kept": self.kept}
        told["viewers"] = sorted({engineer.person for engineer in self._audience.engineers})
        return told

    @property
    def shown(self) -> Shown:
        """Presence, as people are told of it."""
        return self._shown

    @property
    def connected(self) -> bool:
        """Whether the host is here."""
        return self._host is not None

    @property
    def ended(self) -> bool:
        """Whether its log says that it is over."""
        return self._facts.ended is not None

    @property
    def until(self) -> float:
        """When its grant ends at the latest, Unix time: it may have been extended.

        Its host says so, and no host can say more than a grant may last from when it was here.
        """
        extended = min(self._facts.until or 0.0, self._shown.since + LONGEST_GRANT_SECONDS)
        return max(self.session.until, extended)

    @property
    def completed(self) -> bool:
        """Whether it is signed that the session is over, and every byte of it is held."""
        return self.session.completed is not None

    def stream_names(self) -> list[str]:
        """The session's streams, run after run, each run's log first."""
        return sorted(self.copies, key=parse_stream)

    async def read(self, stream: str, offset: int, size: int) -> bytes:
        """A piece of what is held of a stream. Raises OSError."""
        return await asyncio.to_thread(self._recordings.read, self.session.id, stream, offset, size)

    async def screen(self, stream: str, upto: int) -> Screen:
        """The screen of a recording at ``upto`` or just before. Raises NoScreen."""
        return await self._follow(stream).screen(upto)

    # --- the host -----------------------------------------------------------------------------

    def connect(self, socket: LinkSocket, hello: Hello) -> dict[str, int]:
        """The host is here, in place of one that was: what is held, for its welcome.

        Its receipts must be open. Raises RemoteProtocolError for a greeting that was on its way
        when the host gave up that link, and greeted again on the one that is here.
        """
        held = {name: copy.held for name, copy in self.copies.items()}
        greeted = hello.run, hello.t
        before = self._host
        if before is not None and greeted < before.greeted:
            raise RemoteProtocolError("late", "a later connection of this session is here")
        self._host = ConnectedHost(socket, greeted, dict(held), dict(held))
        if before is not None:
            self._audience.free_turns()
            before.socket.fail("replaced", "another connection of this session took over")
        else:
            self._link(Seen.CONNECTED, time.time())
        self.receipts.link(hello.run, hello.t, hello.receipts)
        return {**held, RECEIPTS: self.receipts.size}

    def greet(self, socket: LinkSocket) -> None:
        """After the welcome: who watches, and who of them does not look."""
        for engineer in self._audience.engineers:
            socket.send(Joined(engineer.id, engineer.person))
            if engineer.gaze is not None and engineer.gaze.state != LOOKING:
                socket.send(Attention(engineer.id, engineer.gaze.state))

    def disconnect(self, socket: LinkSocket, reason: str | None) -> None:
        """This connection is gone; ``reason``: what the host said when it left, if it did."""
        if self._host is not None and self._host.socket is socket:
            self._host = None
            self._audience.free_turns()
            # Lost is since when it was last heard, not since that was noticed.
            since = time.time() - (0.0 if reason else socket.silent_seconds)
            self._link(_CHANGES.get(reason or "", Seen.LOST), since)
            for follower in self._followers.values():
                follower.close()
            if self._facts.presence.state is State.OVER:
                self._followers.clear()  # of an ended session, the summary is enough
                self._readers.clear()

    def append(self, socket: LinkSocket, message: Append, encoded: bytes) -> None:
        """A piece of a stream, and the same as it came.

        Raises RemoteProtocolError for a name that is none and for what comes after the end, and
        TooMany.
        """
        host = self._host
        if host is None or host.socket is not socket:
            return  # the last words of a connection that was replaced; they will come again
        if message.stream == RECEIPTS:
            self.receipts.take(socket, message)
            return
        over = self.receipts.completing
        if over is not None and message.offset + len(message.data) > over.get(message.stream, 0):
            raise RemoteProtocolError("ended", "the session is over and complete")
        copy = self.copies.get(message.stream) or self._appear(message.stream)
        try:
            new = copy.take(message.offset, message.data)
        except Beyond as beyond:
            socket.send(Refused(copy.name, beyond.received))
            return
        host.brings(copy.name, message.offset + len(message.data))
        if not new:
            host.tell_held(copy)
            return
        self._spread(copy, new, encoded if len(new) == len(message.data) else b"")

    def carry(self, name: str, offset: int, data: bytes) -> Copy:
        """A piece of a stream that was carried here by hand; the host is not connected.

        Raises RemoteProtocolError for a name that is none, TooMany, and wire.stream.Beyond.
        """
        copy = self.copies.get(name) or self._appear(name)
        new = copy.take(offset, data)
        if new:
            self._spread(copy, new, b"")
        return copy

    def let_go(self) -> None:
        """Keep no more of an ended session than its summary: it is replayed from the disk."""
        for follower in self._followers.values():
            follower.close()
        if self._facts.ended is not None:
            self._followers.clear()
            self._readers.clear()

    def turn(self, socket: LinkSocket, turn: Turn) -> None:
        """The host says whose keys reach a terminal. Raises RemoteProtocolError for a bad name."""
        if self._host is not None and self._host.socket is socket:
            self._audience.turn(turn)

    def declined(self, socket: LinkSocket, told: Declined) -> None:
        """The host says that it did not do what this viewer wanted; no viewer: what a page did."""
        if self._host is not None and self._host.socket is socket:
            self._audience.decline(told)

    @property
    def full(self) -> bool:
        """Whether so much is not yet durable that the host must not be read on."""
        return sum(copy.unwritten for copy in self.copies.values()) > UNWRITTEN_BYTES

    async def space(self) -> None:
        """Return when the room is no longer full. One caller at a time; safe to cancel."""
        while self.full:
            self._space = asyncio.get_running_loop().create_future()
            try:
                await self._space
            finally:
                self._space = None

    # --- viewers ------------------------------------------------------------------------------

    def join(self, person: str, socket: LinkSocket) -> Viewer:
        """An engineer begins to watch. Raises TooMany."""
        viewer = self._audience.admit(person, socket)
        self._tell(viewer)
        if self._host is not None:
            self._host.socket.send(Joined(viewer.id, person))
        return viewer

    def join_page(self, socket: LinkSocket) -> Viewer:
        """The customer's page begins to watch; the host is not told. Raises TooMany."""
        viewer = self._audience.admit_page(socket)
        self._tell(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """The viewer is gone."""
        if self._audience.leave(viewer) and self._host is not None and not viewer.is_page:
            self._host.socket.send(Left(viewer.id))

    def input(self, viewer: Viewer, message: Input) -> None:
        """Keys of a viewer: passed on at once or declined, never kept.

        Raises RemoteProtocolError where what they are for is no terminal.
        """
        if parse_stream(message.terminal).is_log:
            raise RemoteProtocolError("bad-terminal", "a session log is no terminal")
        self._to_host(viewer, replace(message, by=viewer.id))

    def want(self, viewer: Viewer, wanted: Wanted) -> None:
        """Whatever else a viewer wants: passed on at once or declined, never kept."""
        if not viewer.may_want():
            viewer.decline("too-fast", "too many at once; wait a moment and try again")
        elif why := out_of_bounds(wanted):
            viewer.decline(*why)
        elif isinstance(wanted, Act):
            self._to_host(viewer, wanted)
        else:
            self._to_host(viewer, replace(wanted, by=viewer.id))

    def attend(self, viewer: Viewer, state: str) -> None:
        """Whether this engineer looks is another: the host is told, now or with its welcome."""
        if self._host is not None and self._facts.ended is None:
            self._host.socket.send(Attention(viewer.id, state))

    # --- inside -------------------------------------------------------------------------------

    def _spread(self, copy: Copy, new: bytes, encoded: bytes) -> None:
        """Show what has just come to the viewers, and learn from it.

        ``encoded``: the append that brought it, where that brought nothing else; or empty.
        """
        self._audience.relay(copy, new, encoded)
        if copy.stream.is_log:
            grant = self._facts.grant
            entries = self._learn(copy, new)
            self.receipts.hear(copy.stream.run, (one for one, _ in entries))
            self._tell_presence()
            if self._facts.grant != grant:
                self._changed(self, True)
            self._heard(self, entries)

    def _tell(self, viewer: Viewer) -> None:
        """How things are, to one who has just come."""
        viewer.send(Streams(self.stream_names()))
        viewer.send(_present(self._shown))
        for turn in self._audience.turns():
            viewer.send(turn)

    def _to_host(self, viewer: Viewer, message: Message) -> None:
        host = self._host
        if self._facts.ended is not None:
            viewer.decline("ended", "the session has ended")
        elif host is None or host.socket.backlog > _HOST_BACKLOG_BYTES:
            viewer.decline("link-lost", "the link to the host is lost")
        else:
            host.socket.send(message)

    def _open(self, name: str, held: int) -> Copy:
        copy = Copy(
            self._recordings,
            self.session.id,
            name,
            held=held,
            tasks=self.tasks,
            progressed=self._progressed,
        )
        self.copies[name] = copy
        return copy

    def _appear(self, name: str) -> Copy:
        parse_stream(name)
        if len(self.copies) >= _MOST_STREAMS:
            raise TooMany("too-many-streams", f"more than {_MOST_STREAMS} streams")
        copy = self._open(name, 0)
        self._audience.send(Streams(self.stream_names()))
        for viewer in self._audience:
            viewer.catch_up(name)
        self._changed(self, True)
        return copy

    def _progressed(self, copy: Copy) -> None:
        if copy.stuck is None:
            if self._host is not None:
                self._host.tell_held(copy)
            self.receipts.grew(copy)
            self._indexer.grew(self.session.id, self.session.created, copy.name, copy.held)
            if not copy.stream.is_log:
                self._follow(copy.name).grew(copy.held)
            if self._space is not None and not self._space.done() and not self.full:
                self._space.set_result(None)
        self._tell_presence()
        self._changed(self, False)

    def _follow(self, stream: str) -> Follower:
        follower = self._followers.get(stream)
        if follower is None:
            path = self._recordings.path(self.session.id, stream)
            follower = self._followers[stream] = self._screens.follow(path)
        return follower

    def _read_again(self, copy: Copy) -> None:
        for offset in range(0, copy.held, _READ_BYTES):
            size = min(_READ_BYTES, copy.held - offset)
            data = self._recordings.read(self.session.id, copy.name, offset, size)
            self._learn(copy, data)

    def _learn(self, copy: Copy, data: bytes) -> list[tuple[Entry, float]]:
        learned = []
        reader = self._readers.get(copy.name)
        if reader is None:
            reader = self._readers[copy.name] = LogReader()
        for entry in reader.feed(data):
            self._facts = learn(self._facts, copy.stream.run, entry)
            learned.append((entry, self._facts.zero + entry["t"]))
        return learned

    def _link(self, seen: Seen, now: float) -> None:
        presence = on_link(self._facts.presence, seen, now)
        self._facts = replace(self._facts, presence=presence)
        self._tell_presence()

    def _show(self) -> Shown:
        if self._facts.run == 0 and (self.standing.seals or self.standing.deleted):
            return self.session.shown  # its log can't be read any more
        shown = self._facts.presence.shown
        stuck = next((one.stuck for one in self.copies.values() if one.stuck), self.receipts.stuck)
        if stuck is None:
            return shown
        return replace(shown, detail=f"{stuck}; the host keeps what can't be stored here")

    def _tell_presence(self) -> None:
        shown = self._show()
        if shown != self._shown:
            self._shown = shown
            self._audience.send(_present(shown))
            self._changed(self, True)


def _present(shown: Shown) -> Present:
    return Present(**told_presence(shown))
