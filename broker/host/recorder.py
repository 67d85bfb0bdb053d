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
from pathlib import Path
from typing import Any, Callable, Dict, Optional

import broker
from broker.host.absence import Absence
from broker.host.clock import Moment, SessionClock, boot_id, suspended
from broker.host.consent import plain
from broker.host.customer import Customer, NoTerminal
from broker.host.earlier_runs import last_boot, last_time
from broker.host.engineers import Engineers
from broker.host.log_writer import LogWriter
from broker.host.paths import made_private, runtime_dir, socket_path
from broker.host.recorded import RecordedTerminal, Size
from broker.host.replication import Replication
from broker.host.session_file import load
from broker.host.spool import Spool
from broker.host.tasks import spawn
from broker.host.uplink_process import UplinkProcess
from broker.recording import session_log
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import PROTOCOL, Error, Hello, Message, Welcome
from broker.wire.names import log_name, terminal_name

TICK_SECONDS = 1.0
FIRST_SEAT_SECONDS = 30.0
"""A run to whose terminal nobody comes is over."""
HANG_UP_SECONDS = 2.0


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
        self._terminals: Dict[str, RecordedTerminal] = {}
        self._engineers = Engineers(self._grant, self._terminals, self._clock, self.log)
        self._absence = Absence()
        self._customer = Customer(
            self._session.uid, self._grant.away, self._terminals, self._clock, self
        )
        self._seat_by = self._clock() + FIRST_SEAT_SECONDS
        self._expired = False
        self._ending = False
        self._over = asyncio.Event()
        self._opening = asyncio.Lock()
        self._no_terminal = asyncio.Event()
        self._no_terminal.set()
        self._syncing = False
        self._replication = Replication(self._spool.streams, self._now, self)
        self._uplink = UplinkProcess(
            _websocket_url(self._session.broker),
            self._session.plan.user,
            on_up=self._replication.use,
            on_encoded=self._replication.receive,
            on_lost=self._replication.uplink_lost,
            on_room=self._replication.pump,
            failed=self.failed,
        )
        self._log: Optional[LogWriter] = None
        if not self._session.ended:
            stream = self._spool.create(log_name(self.run))
            self._log = LogWriter(
                stream, self._spool, self._clock, self._mark, self._replication.pump
            )
            self._begin(earlier, before)

    # --- life -------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Record until the session is over, or SIGTERM ends this run."""
        loop = asyncio.get_running_loop()
        path = socket_path(made_private(runtime_dir(), _runtime_mode()), self._session.id)
        server = await loop.create_unix_server(self._customer.welcome, sock=self._listen(path))
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
            log = self._spool.streams.get(log_name(earlier))
            before_boot = (log and last_boot(log)) or session.began_boot
            cause = "recorder-stopped" if boot_id() == before_boot else "rebooted"
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
        if self._absence.cut:
            self._over.set()  # the customer wants no link: `reconnect` delivers what is left
        elif self._replication.up and self._replication.unheld == 0:
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
        self._customer.check_idle()
        if not self._expired and self._grant.expired(t):
            self._expired = True
            self.log("expired")
            self._customer.tell("urgent", "the grant has expired: the engineer can type no more")
        if self._expired and not self._customer.seated:
            spawn(self.end("grant", "the grant expired"), self.failed)
        elif not (self._terminals or self._customer.connected) and t > self._seat_by:
            spawn(self.end("recorder", "nobody came to the terminal"), self.failed)

    async def _sync(self) -> None:
        self._syncing = True
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._spool.sync)
        finally:
            self._syncing = False

    # --- the session log --------------------------------------------------------------------

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log, unless the log is closed."""
        if self._log is not None and not self._session.ended:
            self._log.write(event, **fields)

    def _mark(self, label: str) -> None:
        """Put a marker where people would jump to it."""
        for terminal in self._terminals.values():
            terminal.mark(label)

    def disk_full(self) -> None:
        """A recording could not be written."""
        self._spool.use_reserve()
        self._customer.tell("urgent", "the disk is full: nothing is recorded until there is room")

    def _make_room(self) -> None:
        missing = [one for one in self._terminals.values() if one.gap_since is not None]
        behind = self._log is not None and self._log.behind
        if (missing or behind) and self._spool.has_room():
            if self._log is not None:
                self._log.catch_up()
            for terminal in missing:
                terminal.end_gap()
            if missing:
                self._customer.tell("urgent", "there is room on the disk: recording goes on")
        self._spool.set_aside()

    def grown(self) -> None:
        """A recording has grown."""
        self._replication.pump()

    # --- the customer -----------------------------------------------------------------------

    async def terminal_for(self, size: Size) -> RecordedTerminal:
        """The terminal to take the seat at, opened if there is none. Raises NoTerminal."""
        if self._ending or self._session.ended:
            raise NoTerminal("the session has ended")
        async with self._opening:
            for terminal in self._terminals.values():
                return terminal
            stream = self._spool.create(terminal_name(self.run, 1))
            terminal = RecordedTerminal(stream, self._clock, size, self)
            try:
                await terminal.open(self._session.plan, self._session.began_wall)
            except OSError as error:
                spawn(self.end("recorder", "the shell can't be started"), self.failed)
                raise NoTerminal(f"the shell can't be started: {error.strerror}") from None
            self._terminals[terminal.name] = terminal
            self._no_terminal.clear()
            return terminal

    def seat_taken(self) -> None:
        """The customer is at the terminal."""
        self._tell_who()

    async def do(self, command: str) -> Dict[str, Any]:
        """Carry out a command of the customer; the session's facts after it."""
        if command == "disconnect":
            self._cut_link()
            await self._uplink.gone()  # then no process of ours talks to the network
        elif command == "reconnect":
            self._mend_link()
        elif command == "end":
            await self.end("customer", "jumpseat end")
        elif command != "status":
            raise RemoteProtocolError("unknown-command", "not a command of a session")
        return self.status()

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
            "link": "disconnected" if self._absence.cut else reached,
            "watching": self._engineers.viewers.people,
            "seated": self._customer.seated,
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

    def _tell_who(self) -> None:
        people = ", ".join(map(plain, self._engineers.viewers.people)) or "nobody"
        link = "disconnected" if self._absence.cut else "" if self._replication.up else "link lost"
        parts = ["jumpseat", self._session.mode, link or f"{people} watching", "recorded"]
        self._customer.show_title(" · ".join(parts))

    def closed(self, terminal: RecordedTerminal, status: int) -> None:
        """A shell is gone; the session goes with the last one."""
        self._terminals.pop(terminal.name, None)
        if not self._terminals:
            self._no_terminal.set()
            spawn(self.end("customer", f"the shell ended with status {status}"), self.failed)

    # --- the link ---------------------------------------------------------------------------

    def _cut_link(self) -> None:
        if self._absence.cut:
            return
        self._absence.cut_by_customer(self._now())
        self._engineers.viewers.clear()
        self.log("disconnected")
        self._uplink.leave("disconnected")
        self._tell_who()

    def _mend_link(self) -> None:
        if self._absence.cut:
            self._absence.mended_by_customer()
            self.log("reconnected")
        self._uplink.start()

    def _now(self) -> Moment:
        return Moment(self._clock(), suspended())

    def hello(self) -> Hello:
        """The greeting, with the clocks as they are now."""
        session = self._session
        return Hello(
            PROTOCOL, session.id, session.token, self.run, boot_id(),
            self._clock(), suspended(), time.time(), broker.__version__,
        )  # fmt: skip

    def link_up(self, welcome: Welcome) -> None:
        """The broker answered."""
        cause, since = self._absence.back(self._now())
        self.log("link_up", wall=time.time(), broker_wall=welcome.wall, cause=cause, since=since)
        self._tell_who()

    def link_lost(self, why: str, last: Moment) -> None:
        """The link that was up is gone; ``last``: when something was heard through it."""
        self._engineers.viewers.clear()
        if self._absence.cut or self._over.is_set():
            return
        self._absence.lost(last)
        self.log("link_lost", why=why, since=last.t)
        self._tell_who()

    def turned_away(self, error: Error) -> None:
        """The broker does not want this session: dial no more until the customer says so."""
        self._uplink.leave("disconnected")
        if self._session.ended:
            self._over.set()
        else:
            self._customer.tell("urgent", f"the broker turned this session away: {error.code}")

    def all_held(self) -> None:
        """The broker holds everything; after the end, that was all."""
        if self._session.ended and not self._over.is_set():
            self._session.delivered = True
            self._session.save(self._folder)
            self._uplink.leave("ended")
            self._over.set()

    def from_viewers(self, message: Message) -> None:
        """Somebody joined, left or typed, says the broker."""
        if self._engineers.take(message):
            self._tell_who()


def _websocket_url(url: str) -> str:
    return "ws" + url.rstrip("/")[len("http") :] + "/api/host"


def _runtime_mode() -> int:
    # The shell's user looks for their socket in root's folder; each of them opens to one user.
    return 0o755 if os.geteuid() == 0 else 0o700


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
