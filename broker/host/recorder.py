"""The recorder: owns the terminals, writes the streams, enforces the grant.

It opens no network socket. Its clients are the customer's terminal and commands, by a unix socket
that only the shell's user and root may use, and the uplink, by a socket pair made when it is
started, so that nothing else on the host can speak for the broker. It outlives all of them. A run
begins with new streams and ends when the session has ended and the broker holds everything, or
when the process is stopped; the next run goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import pwd
import signal
import socket
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, Callable, Deque, Dict, Optional

import broker
from broker.host.clock import SessionClock, boot_id, suspended
from broker.host.consent import plain
from broker.host.grant import Away, Refusal
from broker.host.last_time import last_time
from broker.host.local import LocalLink
from broker.host.paths import made_private, runtime_dir, socket_path
from broker.host.recorded import RecordedTerminal
from broker.host.replication import Replication
from broker.host.replies import without_replies
from broker.host.session_file import load
from broker.host.spool import Spool, SpoolFull
from broker.host.tasks import spawn
from broker.host.uplink_process import UplinkProcess
from broker.host.viewers import Viewers
from broker.recording import session_log, timeline
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import (
    PROTOCOL,
    Attach,
    Detach,
    Do,
    Done,
    Error,
    Hello,
    Input,
    Joined,
    Left,
    Message,
    Notice,
    Resize,
    Welcome,
)
from broker.wire.names import log_name, terminal_name

TICK_SECONDS = 1.0
IDLE_SECONDS = 300.0
FIRST_SEAT_SECONDS = 30.0
"""A run to whose terminal nobody comes is over."""
HANG_UP_SECONDS = 2.0
_WAITING_ENTRIES = 1000
_SLEPT_SECONDS = 2.0


class Recorder:
    """One run of one session's recorder."""

    def __init__(self, folder: Path, ready: Callable[[], None]) -> None:
        self._folder = folder
        self._ready = ready
        self._session = load(folder)
        self._spool = Spool(folder)
        earlier = self._spool.recovered()
        self.run = earlier + (0 if self._session.ended else 1)
        before = last_time(self._spool.streams.values())
        self._clock = SessionClock(
            self._session.began_boot, self._session.began_boottime, self._session.began_wall, before
        )
        self._grant = self._session.grant
        self._viewers = Viewers()
        self._terminals: Dict[str, RecordedTerminal] = {}
        self._clients: Dict[LocalLink, Optional[RecordedTerminal]] = {}
        self._waiting: Deque[bytes] = deque(maxlen=_WAITING_ENTRIES)
        self._last_key = self._began = self._clock()
        self._idle = self._expired = self._paused = False
        self._link_lost_at: Optional[float] = None
        self._lost_suspended = 0.0
        self._cut = self._was_cut = False
        self._ending = False
        self._over = asyncio.Event()
        self._no_terminal = asyncio.Event()
        self._no_terminal.set()
        self._syncing = False
        self._replication = Replication(self._spool.streams, self)
        self._uplink = UplinkProcess(
            _websocket_url(self._session.broker),
            self._session.plan.user,
            on_up=self._replication.use,
            on_message=self._replication.receive,
            on_lost=self._replication.uplink_lost,
            on_room=self._replication.pump,
            failed=self.failed,
        )
        if not self._session.ended:
            self._log = self._spool.create(log_name(self.run))
            self._begin(earlier, before)

    # --- life -------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Record until the session is over, or SIGTERM ends this run."""
        loop = asyncio.get_running_loop()
        path = socket_path(made_private(runtime_dir(), _runtime_mode()), self._session.id)
        server = await loop.create_unix_server(self._welcome_client, sock=self._listen(path))
        loop.add_signal_handler(signal.SIGTERM, lambda: spawn(self._stop(), self.failed))
        self._ready()
        self._uplink.start()
        self._tick()
        try:
            await self._over.wait()
        finally:
            server.close()
            path.unlink(missing_ok=True)
            self._spool.use_reserve()
            await loop.run_in_executor(None, self._spool.sync)
            await self._uplink.gone()

    def _listen(self, path: Path) -> socket.socket:
        """The recorder's socket; a dead one of an earlier run gives way (the spool is locked)."""
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        if os.geteuid() == 0:
            os.chown(path, self._session.uid, self._session.gid)
        return listening

    def _begin(self, earlier: int, before: float) -> None:
        """The first lines of this run's log."""
        session = self._session
        uid = os.geteuid()
        self.log(  # noqa: S604 - shell is a field of the entry
            "started",
            format=session_log.FORMAT,
            session=session.id,
            run=self.run,
            wall=time.time(),
            boot=boot_id(),
            version=broker.__version__,
            host=socket.gethostname(),
            recorder={"uid": uid, "user": pwd.getpwuid(uid).pw_name},
            shell={"uid": session.uid, "user": session.user, "program": session.shell},
            protected=uid == 0 and session.uid != 0,
            grant={
                "mode": session.mode,
                "away": session.away,
                "until": session.until,
                "case": session.case,
                "engineer": session.engineer,
            },
        )
        if earlier:
            cause = "recorder-stopped" if boot_id() == session.began_boot else "rebooted"
            self.log("gap", since=before, until=self._clock(), cause=cause)
        else:
            digest = hashlib.sha256(session.terms.encode()).hexdigest()
            self.log("consented", text=session.terms, text_sha256=digest, answer=session.answer)

    async def end(self, by: str, why: str) -> None:
        """End the session: the shells are told, the log is closed, the rest is delivered."""
        if self._ending:
            return
        self._ending = True
        await self._hang_up()
        self.log("ended", by=by, why=why)
        self._session.ended = True
        self._session.save(self._folder)
        if self._replication.up and self._replication.unheld == 0:
            self.all_held()

    async def _stop(self) -> None:
        """End this run, not the session: the host goes down, or somebody ended the process."""
        self._ending = True
        await self._hang_up()
        self._uplink.leave("recorder-lost")
        self._over.set()

    async def _hang_up(self) -> None:
        for signum in (signal.SIGHUP, signal.SIGKILL):
            for terminal in list(self._terminals.values()):
                terminal.hang_up(signum)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._no_terminal.wait(), HANG_UP_SECONDS)

    def failed(self, error: BaseException) -> None:
        """Something broke that should not: say so, record on."""
        print(f"recorder: {type(error).__name__}: {error}", file=sys.stderr, flush=True)

    def _tick(self) -> None:
        asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)
        t = self._clock()
        self._make_room()
        if not self._syncing:
            spawn(self._sync(), self.failed)
        if self._session.ended or self._ending:
            return
        if not self._idle and self._seated and t - self._last_key >= IDLE_SECONDS:
            self._idle = True
            self.log("idle", since=self._last_key)
        if not self._expired and self._grant.expired(t):
            self._expired = True
            self.log("expired")
            self._tell("the grant has expired: the engineer can type no more", urgent=True)
        if self._expired and not self._seated:
            spawn(self.end("grant", "the grant expired"), self.failed)
        elif not self._terminals and not self._clients and t - self._began > FIRST_SEAT_SECONDS:
            spawn(self.end("recorder", "nobody came to the terminal"), self.failed)

    async def _sync(self) -> None:
        self._syncing = True
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._spool.sync)
        finally:
            self._syncing = False

    # --- the session log --------------------------------------------------------------------

    def log(self, event: str, **fields: object) -> None:
        """Write an entry, and a marker into the recordings where people would jump to it."""
        line = session_log.encode(self._clock(), event, **fields)
        self._waiting.append(line)
        self._write_waiting()
        label = timeline.label(session_log.decode(line.decode()))
        if label is not None:
            for terminal in self._terminals.values():
                terminal.mark(label)
        self._replication.pump()

    def _write_waiting(self) -> None:
        """Entries go to disk in order; a full one takes them from the reserve, then later."""
        for _ in range(2):
            try:
                while self._waiting:
                    self._log.append(self._waiting[0])
                    self._waiting.popleft()
                return
            except SpoolFull:
                self._spool.use_reserve()

    def disk_full(self) -> None:
        """A recording could not be written."""
        self._spool.use_reserve()
        self._tell("the disk is full: what you do is not recorded until there is room", urgent=True)

    def _make_room(self) -> None:
        missing = [one for one in self._terminals.values() if one.gap_since is not None]
        if (missing or self._waiting) and self._spool.has_room():
            self._write_waiting()
            for terminal in missing:
                terminal.end_gap()
            if missing:
                self._tell("there is room on the disk again: recording goes on", urgent=True)
        self._spool.set_aside()

    def grown(self) -> None:
        """A recording has grown."""
        self._replication.pump()

    # --- the customer -----------------------------------------------------------------------

    @property
    def _seated(self) -> bool:
        return any(terminal.seat is not None for terminal in self._terminals.values())

    def _welcome_client(self) -> LocalLink:
        return LocalLink(self._from_client, self._client_gone)

    def _from_client(self, link: LocalLink, message: Message) -> None:
        if link not in self._clients:
            if link.peer_uid() not in (0, self._session.uid, os.geteuid()):
                raise RemoteProtocolError("not-yours", "this session is another user's")
            self._clients[link] = None
        terminal = self._clients[link]
        if isinstance(message, Attach):
            spawn(self._attach(link, message), self.failed)
        elif isinstance(message, Do):
            self._do(link, message.command)
        elif terminal is None or terminal.seat is not link:
            raise RemoteProtocolError("unexpected", f"{type(message).__name__} without a seat")
        elif isinstance(message, Input):
            self._customer_typed(terminal, message.data)
        elif isinstance(message, Resize):
            terminal.resize(message.cols, message.rows)
        elif isinstance(message, Detach):
            terminal.detach(message.reason)
            self._left_seat()
        else:
            raise RemoteProtocolError("unexpected", type(message).__name__)

    def _client_gone(self, link: LocalLink) -> None:
        terminal = self._clients.pop(link, None)
        if terminal is not None and terminal.seat is link:
            terminal.detach("terminal closed")
            self._left_seat()

    async def _attach(self, link: LocalLink, wanted: Attach) -> None:
        size = (wanted.cols or 80, wanted.rows or 24)
        if self._ending or self._session.ended:
            link.send(Error("ended", "the session has ended"))
            return
        terminal = next(iter(self._terminals.values()), None)
        if terminal is None:
            name = terminal_name(self.run, 1)
            terminal = RecordedTerminal(self._spool.create(name), self._clock, size, self)
            self._terminals[name] = terminal
            self._no_terminal.clear()
            try:
                await terminal.open(self._session.plan, self._session.began_wall)
            except OSError as error:
                del self._terminals[name]
                self._no_terminal.set()
                link.send(Error("no-shell", f"the shell can't be started: {error.strerror}"))
                await self.end("recorder", "the shell can't be started")
                return
        self._clients[link] = terminal
        await terminal.attach(link, size)
        self._idle, self._last_key = False, self._clock()
        if self._paused:
            self._paused = False
            self.log("input_resumed")
        self._tell_who()

    def _left_seat(self) -> None:
        if self._grant.away is Away.END:
            spawn(self.end("customer", "the customer left the terminal"), self.failed)
        elif self._grant.away is Away.PAUSE and not self._paused:
            self._paused = True
            self.log("input_paused", why="the customer left the terminal")

    def _customer_typed(self, terminal: RecordedTerminal, data: bytes) -> None:
        terminal.type(data)
        self._last_key = self._clock()
        if self._idle:
            self._idle = False
            self.log("active")

    def _do(self, link: LocalLink, command: str) -> None:
        if command == "disconnect":
            self._cut_link()
        elif command == "reconnect":
            self._mend_link()
        elif command == "end":
            spawn(self._end_for(link), self.failed)
            return
        elif command != "status":
            raise RemoteProtocolError("unknown-command", "not a command of a session")
        link.send(Done(self.status()))

    async def _end_for(self, link: LocalLink) -> None:
        await self.end("customer", "jumpseat end")
        link.send(Done(self.status()))

    def status(self) -> Dict[str, Any]:
        """The session's facts, as ``jumpseat status`` shows them."""
        session = self._session
        reached = "up" if self._replication.up else "lost"
        return {
            "session": session.id,
            "case": session.case,
            "engineer": session.engineer,
            "broker": session.broker,
            "mode": session.mode,
            "away": session.away,
            "seconds_left": max(0, round(session.until - self._clock())),
            "link": "disconnected" if self._cut else reached,
            "watching": self._viewers.people,
            "seated": self._seated,
            "ended": session.ended,
            "run": self.run,
            "recorder": pwd.getpwuid(os.geteuid()).pw_name,
            "shell": session.user,
            "protected": os.geteuid() == 0 and session.uid != 0,
            "folder": str(self._folder),
            "unheld": self._replication.unheld,
            "streams": [
                {"name": name, "size": stream.end, "held": self._replication.held(name)}
                for name, stream in self._spool.streams.items()
            ],
        }

    def _tell(self, text: str, *, urgent: bool = False) -> None:
        for terminal in self._terminals.values():
            if terminal.seat is not None:
                terminal.seat.send(Notice(text, urgent))

    def _tell_who(self) -> None:
        people = ", ".join(map(plain, self._viewers.people)) or "nobody"
        link = "disconnected" if self._cut else "" if self._replication.up else "link lost"
        parts = ["jumpseat", self._session.mode, link or f"{people} watching", "recorded"]
        self._tell(" · ".join(parts))

    def closed(self, terminal: RecordedTerminal, status: int) -> None:
        """A shell is gone; the session goes with the last one."""
        self._terminals.pop(terminal.name, None)
        if not self._terminals:
            self._no_terminal.set()
            spawn(self.end("customer", f"the shell ended with status {status}"), self.failed)

    # --- the link ---------------------------------------------------------------------------

    def _cut_link(self) -> None:
        if self._cut:
            return
        self._cut = self._was_cut = True
        self._note_loss()
        self._viewers.clear()
        if not self._session.ended:
            self.log("disconnected")
        self._uplink.leave("disconnected")
        self._tell_who()

    def _mend_link(self) -> None:
        if self._cut:
            self._cut = False
            if not self._session.ended:
                self.log("reconnected")
        self._uplink.start()

    def _note_loss(self) -> None:
        if self._link_lost_at is None:
            self._link_lost_at = self._clock()
            self._lost_suspended = suspended()

    def hello(self) -> Hello:
        """The greeting, with the clocks as they are now."""
        session = self._session
        return Hello(
            PROTOCOL, session.id, session.token, self.run, boot_id(),
            self._clock(), suspended(), time.time(), broker.__version__,
        )  # fmt: skip

    def link_up(self, welcome: Welcome) -> None:
        """The broker answered."""
        t = self._clock()
        lost_at, self._link_lost_at = self._link_lost_at, None
        if lost_at is None:
            cause = ""
        elif self._was_cut:
            cause = "reconnected"
        elif suspended() - self._lost_suspended > _SLEPT_SECONDS:
            cause = "asleep"
        else:
            cause = "network lost"
        self._was_cut = False
        if not self._session.ended:
            self.log(
                "link_up",
                wall=time.time(),
                broker_wall=welcome.wall,
                cause=cause,
                since=t if lost_at is None else lost_at,
            )
        self._tell_who()

    def link_lost(self, why: str) -> None:
        """The link that was up is gone."""
        self._viewers.clear()
        if self._cut or self._over.is_set():
            return
        self._note_loss()
        if not self._session.ended:
            self.log("link_lost", why=why)
        self._tell_who()

    def turned_away(self, error: Error) -> None:
        """The broker does not want this session: dial no more until the customer says so."""
        self._uplink.leave("disconnected")
        if self._session.ended:
            self._over.set()
        else:
            self._tell(f"the broker turned this session away: {error.code}", urgent=True)

    def all_held(self) -> None:
        """The broker holds everything; after the end, that was all."""
        if self._session.ended and not self._over.is_set():
            self._uplink.leave("ended")
            self._over.set()

    def from_viewers(self, message: Message) -> None:
        """Somebody joined, left or typed, says the broker; what that may do is decided here."""
        if isinstance(message, Joined):
            if self._viewers.join(message.viewer, message.person):
                self.log("joined", viewer=message.viewer, person=message.person)
        elif isinstance(message, Left):
            gone = self._viewers.leave(message.viewer)
            if gone is not None:
                self.log("left", viewer=gone.id, person=gone.person)
        elif isinstance(message, Input):
            self._engineer_typed(message)
            return
        self._tell_who()

    def _engineer_typed(self, message: Input) -> None:
        viewer = self._viewers.get(message.by)
        data = without_replies(message.data)
        if not data:
            return
        t = self._clock()
        terminal = self._terminals.get(message.terminal)
        if terminal is None:
            why: Optional[Refusal] = Refusal.NO_TERMINAL
        elif terminal.busy:
            why = Refusal.BUSY
        else:
            recording = terminal.gap_since is None
            why = self._grant.refuses(t, seated=terminal.seat is not None, recording=recording)
        if why is not None:
            if viewer.is_refused(why, t):
                self.log("refused", viewer=viewer.id, person=viewer.person, why=why.value)
        elif terminal is not None:
            if viewer.types(t):
                self.log("typed", viewer=viewer.id, person=viewer.person, terminal=terminal.name)
            terminal.type(data)


def _websocket_url(url: str) -> str:
    return "ws" + url.rstrip("/")[len("http") :] + "/api/host"


def _runtime_mode() -> int:
    # Root's folder is walked through by the shell's user; each socket in it is for one user.
    return 0o711 if os.geteuid() == 0 else 0o700


async def _record(folder: Path, ready: Callable[[], None]) -> None:
    await Recorder(folder, ready).serve()


def main(folder: Path) -> int:
    """Leave the caller behind, and record until the session is over.

    The caller's process ends when the recorder listens (status 0) or has failed to (status 1).
    """
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(told, 1) else 1
    os.close(told)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def ready() -> None:
        os.write(tell, b".")
        os.close(tell)

    asyncio.run(_record(folder, ready))
    return 0
