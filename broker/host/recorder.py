"""The recorder: owns the terminals, writes the streams, enforces the grant.

It opens no network socket. Its clients are the customer's terminal and commands, by a unix socket
that only the shell's user and root may use, and the uplink, by a socket pair made when it is
started, so that nothing else on the host can speak for the broker. It outlives all of them. A run
begins with new streams and ends when the session has ended and the broker holds everything, or
when the process is stopped; the next run goes on from there.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from broker.host.authority import Authority
from broker.host.away_reports import AwayReports
from broker.host.changes import Changes
from broker.host.clients import Client
from broker.host.clock import SessionClock, boot_id
from broker.host.commands import Commands
from broker.host.connection import Connection
from broker.host.customer import Customer
from broker.host.earlier_runs import last_boot, last_time
from broker.host.ending import LOGINS_SECONDS, SETTLE_SECONDS, STOP_SECONDS, at_most, ends_within
from broker.host.engineers import Engineers
from broker.host.execs.journal import ExecJournal
from broker.host.fingerprinting import Fingerprinting
from broker.host.first_entries import consented, recorded_by, started
from broker.host.hold_keeper import HoldKeeper
from broker.host.inside import adopt_orphans, bury_orphans
from broker.host.local import LocalLink, listening_socket
from broker.host.logins.logins import Logins
from broker.host.logins.origin import Origin
from broker.host.logins.wish import Wish
from broker.host.masks import DEFAULTS, own
from broker.host.notes import checked
from broker.host.page import CustomerPage
from broker.host.paths import made_private, runtime_dir, socket_path
from broker.host.proposing import Proposing
from broker.host.pty import ShellPlan
from broker.host.recorded import RecordedTerminal, Size
from broker.host.records import NOTICES, Records
from broker.host.refusal import NotDone
from broker.host.requesting import Requesting
from broker.host.session_file import load
from broker.host.shells.start import holds_at, remove
from broker.host.tasks import spawn
from broker.host.terminals import NoTerminal, Terminals
from broker.host.title import title
from broker.host.turn_teller import TurnTeller
from broker.recording.causes import Cause
from broker.recording.grant import Standing
from broker.wire.messages import Declined, Ended, Message, Notice

TICK_SECONDS = 1.0
FIRST_SEAT_SECONDS = 30.0
"""A run to whose terminal nobody comes is over."""


class Recorder:
    """One run of one session's recorder."""

    def __init__(self, folder: Path, ready: Callable[[], None]) -> None:
        self._folder = folder
        self._ready = ready
        session = self._session = load(folder)
        records = self._records = Records(folder, session.spool)
        self.run = records.last_run + (0 if session.ended else 1)
        before = last_time(records.streams.values())
        self._clock = clock = SessionClock(
            session.began_boot, session.began_boottime, session.began_wall, before
        )
        self._authority = Authority(session.grant, records.entries(), records.log)
        self._link = Connection(session, folder, self.run, records, clock, TICK_SECONDS, self)
        self._copies = self._link.copies
        self._runtime = made_private(runtime_dir(), _runtime_mode())
        holds = self._holds_at = holds_at(self._runtime, session.id)
        self._plan = replace(session.plan, holds=holds)
        masks = [*DEFAULTS, *map(own, session.masks)]
        self._terminals = Terminals(
            self.run, records.spool, clock, self._plan, session.began_wall, masks
        )
        self._turns = TurnTeller(self._terminals, clock, self._copies.tell)
        self._holds = HoldKeeper(
            folder.parent, holds.patterns, self._terminals, clock, self.log, self.tell
        )
        self._proposing = Proposing(
            self.run, self._authority, self._terminals, self._holds, clock, self.log, self.tell
        )
        self._requesting = Requesting(
            self._authority, self._terminals, clock, self.log, self.tell, self._open_another
        )
        self._changes = Changes(
            self._authority,
            self._proposing,
            self._requesting,
            self._terminals,
            self.tell,
            self.tell_who,
            self._revoked,
        )
        self._page = CustomerPage(
            session, self.run, self._authority, self._changes, self._proposing, self._end_soon,
            self.note,
        )  # fmt: skip
        self._reports = AwayReports(records, self.tell)
        self._fingerprints = Fingerprinting(session, folder, clock, self)
        self._execs = ExecJournal(
            session.others, session.masks, lambda: self._terminals.shells, clock, self
        )
        self._engineers = Engineers(
            self._authority,
            self._terminals,
            self._proposing,
            self._requesting,
            self._holds,
            self._page,
            clock,
            self,
        )
        self._commands = Commands(
            session,
            self._authority,
            self._changes,
            self._proposing,
            self._requesting,
            self._holds,
            clock,
            self,
        )
        self._logins = Logins(session, self._authority, self._terminals, clock, self)
        self._customer = Customer(
            session.uid, self._authority, self._terminals, self._commands, clock, self
        )
        self._seat_by = clock() + FIRST_SEAT_SECONDS
        self._title = ""
        self._commands_begun = itertools.count(1)
        self._ending = self._stopped = False
        self._over = asyncio.Event()
        if not session.ended:
            records.begin_log(self.run, clock, self._terminals.mark, self._copies.pump)
            self._begin()

    # --- life -------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Record until the session is over, or SIGTERM ends this run."""
        loop, session = asyncio.get_running_loop(), self._session
        adopt_orphans()
        path = socket_path(self._runtime, session.id)
        listening = listening_socket(path, session.uid, session.gid)
        server = await loop.create_unix_server(self._customer.welcome, sock=listening)
        loop.add_signal_handler(signal.SIGTERM, lambda: spawn(self._stop(), self.failed))
        self._ready()
        self._link.start()
        self._tick()
        try:
            await self._over.wait()
        finally:
            server.close()
            path.unlink(missing_ok=True)
            self._holds.close()
            remove(self._holds_at)
            self._link.uplink.close()
            await at_most(SETTLE_SECONDS, self._records.settle(self.failed), self.failed)
            await at_most(SETTLE_SECONDS, self._link.uplink.gone(), self.failed)
            if not self._stopped:
                await self._terminals.logins_left()

    def _begin(self) -> None:
        """The first lines of this run's log."""
        session, grant = self._session, self._authority.grant
        self.log("started", **started(session, self.run, grant))
        earlier = self._records.last_run
        if earlier:
            streams = self._records.streams
            rebooted = boot_id() != (last_boot(streams, earlier) or session.began_boot)
            cause = Cause.REBOOTED if rebooted else Cause.RECORDER_STOPPED
            since = self._records.told_until(rebooted=rebooted)
            self.log("gap", since=since, until=self._clock(), cause=cause.value)
            self._link.began_anew(since, rebooted=rebooted)
            self._records.log_lost()
        if not any(entry["event"] == "consented" for entry in self._records.entries()):
            self.log("consented", **consented(session))
        held = self._authority.held_since
        if held is not None:
            # "started" tells whoever reads on what is allowed; this, that it is not in force.
            self.log(held["event"], by=held.get("by", "the grant"))
        if grant.standing is Standing.REVOKED:
            self._copies.withhold(earlier=True)
            self._fingerprints.stop()
        self._holds.begin()
        if self._plan.limit:
            self.log("limit", what="holds", why=self._plan.limit)
        self._fingerprints.take("resumed" if earlier else "consent")

    async def end(self, by: str, why: str) -> None:
        """End the session: the shells are told, the log is closed, the rest is delivered."""
        if self._ending:
            return
        self._ending = True
        await at_most(LOGINS_SECONDS, self._logins.stop(), self.failed)
        await self._terminals.hang_up(logins=False)
        await self._execs.finish()
        await self._fingerprints.finish()
        self.log("ended", by=by, why=why)
        self._records.close_log()
        self._link.deliver()

    async def _stop(self) -> None:
        """End this run, not the session: the host goes down, or somebody ended the process."""
        ends_within(STOP_SECONDS)
        self._ending = self._stopped = True
        try:
            self._fingerprints.stop()
            self._execs.stop()
            await at_most(LOGINS_SECONDS, self._logins.stop(), self.failed)
            await self._terminals.hang_up(logins=True)
        finally:
            self._over.set()

    def failed(self, error: BaseException) -> None:
        """Something broke that should not: say so, record on."""
        print(f"recorder: {type(error).__name__}: {error}", file=sys.stderr, flush=True)

    def _tick(self) -> None:
        self._link.beat()
        t = self._clock()
        left = self._authority.grant.until - t  # the end of a grant is not rounded up to a tick
        soon = left + 0.001 if 0 < left < TICK_SECONDS else TICK_SECONDS
        asyncio.get_running_loop().call_later(soon, self._tick)
        for told in self._records.make_room(self._terminals, self._link.unheld):
            self.tell("urgent", told)
        spawn(self._records.sync(), self.failed)
        with_processes = (self._link.uplink, self._fingerprints, self._execs)
        own = {pid for one in with_processes for pid in one.processes}
        bury_orphans(own.union(self._terminals.shells))
        if self._session.ended or self._ending:
            return
        self._logins.want(live=not self._authority.over)
        self._customer.check_idle()
        self._execs.look(live=not self._authority.over)
        self._fingerprints.look(away=self._link.missed or not self._customer.seated)
        self.tell_who()
        self._changes.look(t, self.log)
        spawn(self._holds.look(), self.failed)
        self._proposing.run_ready()
        for terminal in self._terminals.values():
            terminal.log_due()
        if self._authority.over and not self._customer.seated and t > self._seat_by:
            over = self._authority.grant.standing.value
            spawn(self.end("grant", f"the grant is {over}"), self.failed)
        elif not (self._terminals.customers or self._customer.connected) and t > self._seat_by:
            spawn(self.end("recorder", "nobody came to the terminal"), self.failed)

    # --- the session log --------------------------------------------------------------------

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log, unless the log is closed."""
        self._records.log(event, **fields)

    def new_command(self) -> str:
        """The name of one more command of the session."""
        return f"{self.run}-{next(self._commands_begun)}"

    def not_recorded(self, cause: str) -> None:
        """A recording could not be written."""
        self._records.spool.use_reserve()
        self.tell("urgent", NOTICES[cause])

    def grown(self) -> None:
        """A recording has grown."""
        self._copies.pump()

    # --- the host's state -------------------------------------------------------------------

    def _revoked(self) -> None:
        """Nobody is told anything more of this host, until it has ended."""
        self._copies.withhold()
        self._fingerprints.stop()
        self._execs.stop()

    def fingerprinted(self, why: str) -> None:
        """A fingerprint, and what it differs in, is in the log."""
        if why == "returned":
            spawn(self._reports.tell_latest(), self.failed)

    def note(self, text: str, by: str) -> None:
        """What the customer says of what happened. Raises NotDone."""
        try:
            self.log("noted", by=by, text=checked(text))
        except ValueError as why:
            raise NotDone("bad-note", str(why)) from None

    async def away(self) -> Dict[str, Any]:
        """The away reports so far, as the API gives them. Raises OSError."""
        return await self._reports.all()

    # --- the customer -----------------------------------------------------------------------

    async def terminal_for(self, name: str, size: Size) -> RecordedTerminal:
        """The terminal to take the seat at, opened if there is none. Raises NoTerminal."""
        if self._ending or self._session.ended:
            raise NoTerminal("the session has ended")
        try:
            return await self._terminals.named(name, size, self)
        except OSError as error:
            spawn(self.end("recorder", "the shell can't be started"), self.failed)
            raise NoTerminal(f"the shell can't be started: {error.strerror}") from None

    async def shell_here(
        self, wanted: Wish, origin: Origin, plan: Optional[ShellPlan] = None
    ) -> RecordedTerminal:
        """One more terminal for whoever wants a shell where they are. Raises NoTerminal.

        The shell is the customer's, unless there is a ``plan`` for another.
        """
        if plan is None:
            env = {**wanted.env, "JUMPSEAT_SESSION": self._session.id}
            plan = replace(self._plan, env=env, cwd=wanted.cwd, login=False)
        if self._ending or self._session.ended:
            raise NoTerminal("the session has ended")
        try:
            return await self._terminals.here(wanted.size, self, plan, origin)
        except OSError as error:
            raise NoTerminal(f"the shell can't be started: {error.strerror}") from None

    def let_go(self, terminal: RecordedTerminal) -> None:
        """Whoever had this terminal's shell where they were is gone: so it ends."""
        spawn(self._terminals.end(terminal), self.failed)

    def _open_another(self) -> None:
        opening = self._terminals.another(self)

        async def open_one() -> None:
            try:
                opened = await opening
                self.tell("info", f"terminal {opened.number} is open")
            except (NoTerminal, OSError) as none:
                self.tell("info", f"another terminal can't be opened: {none}")

        spawn(open_one(), self.failed)

    def _end_soon(self, why: str) -> None:
        spawn(self.end("customer", why), self.failed)

    def seat_left(self) -> None:
        """The customer is at no terminal any more."""
        self._fingerprints.take("left")

    def seat_taken(self, client: Client, *, first: bool, returned: bool) -> None:
        """The customer is at a terminal; ``first``: on this connection they were at none.

        ``returned``: they had left.
        """
        self._seat_by = self._clock()  # whoever is not there from now on has left
        if returned:
            self._fingerprints.take("returned")
        self._title = ""
        self.tell_who()
        for hold in self._holds.up() if first else ():
            client.link.send(Notice("info", f"hold by {hold.by}: {hold.text}"))

    @property
    def at_seat(self) -> Optional[Client]:
        """Who is at a terminal."""
        return self._customer.at_seat

    def tell(self, kind: str, text: str) -> None:
        """Put a notice before the customer."""
        self._customer.tell(kind, text)

    def turned(self, terminal: RecordedTerminal) -> None:
        """Somebody has typed: it may be another's turn."""
        self._turns.look(terminal)

    @property
    def watching(self) -> List[str]:
        """Who watches."""
        return self._engineers.viewers.people

    def status(self) -> Dict[str, Any]:
        """The session's facts, as ``jumpseat status`` shows them."""
        session, grant, by = self._session, self._authority.grant, recorded_by(self._session)
        return {
            "session": session.id,
            "case": session.case,
            "engineer": session.engineer,
            "broker": session.broker,
            "mode": grant.mode.value,
            "standing": grant.standing.value,
            "away": grant.away.value,
            "seconds_left": max(0, round(grant.until - self._clock())),
            "link": self._link.state,
            "watching": self.watching,
            "typing": self._turns.typing,
            "terminals": [
                {
                    "name": one.name,
                    "number": one.number,
                    "seated": one.attended,
                    "login": one.origin.login.get("user", ""),
                }
                for one in self._terminals.values()
            ],
            **self._proposing.facts(),
            "requests": self._requesting.facts(),
            "holds": self._holds.facts(),
            "page": self._page.link,
            "seated": self._customer.seated,
            "ended": session.ended,
            "run": self.run,
            "recorder": by["user"],
            "shell": session.user,
            "protected": by["protected"],
            "folder": str(self._folder),
            "unheld": self._copies.unheld,
            "spool": session.spool,
            "receipts": self._link.receipts,
            "streams": [
                {"name": name, "size": stream.end, "held": self._copies.held(name)}
                for name, stream in self._records.streams.items()
            ],
        }

    def tell_who(self) -> None:
        """Keep the title of the customer's window true: who is here, what they may, how long."""
        asked = len(self._proposing.facts()["proposals"]) + len(self._requesting.facts())
        told = title(
            self._authority.grant, self._clock(), asked=asked, link=self._link.state,
            people=self.watching,
        )  # fmt: skip
        if told != self._title:
            self._title = told
            self._customer.show_title(told)

    def closed(self, terminal: RecordedTerminal, status: int, seat: Optional[LocalLink]) -> None:
        """A shell is gone; the session goes with the last one, the seat to the next."""
        self._terminals.gone(terminal)
        if seat is not None and terminal.origin.login:
            self._logins.closed(terminal, seat, status)
        elif seat is not None and self._ending:
            seat.send(Ended(terminal.name, status))
        elif seat is not None:
            self._customer.closed(terminal, seat, status)
        if terminal.origin.customers and not self._terminals.customers:
            why = f"the shell ended with status {status}"
            spawn(self.end("customer", why), self.failed)

    def at_prompt(self) -> None:
        """A line editor has begun to read a line."""
        self._proposing.run_ready()

    # --- the link ---------------------------------------------------------------------------

    async def disconnect(self) -> None:
        """Cut the link; no process of ours talks to the network after it."""
        await self._link.disconnect()

    async def reconnect(self) -> None:
        """Let the link be made."""
        await self._link.reconnect()

    def link_made(self, *, returned: bool) -> None:
        """The broker is there; ``returned``: it was not for a while."""
        self._turns.tell_again()
        self.tell_who()
        if returned:
            self._fingerprints.take("returned")

    def link_gone(self) -> None:
        """The link was cut or lost, and nobody watches through it any more."""
        self._engineers.viewers.clear()
        self._terminals.drop_guests()
        self._proposing.clear("the link was lost")
        self.tell_who()
        self._fingerprints.take("left")

    def delivered(self) -> None:
        """There is nothing to send any more, or nobody who takes it: that was this run."""
        self._over.set()

    def from_viewers(self, message: Message) -> None:
        """Somebody joined, left, typed or wants something, says the broker."""
        self._engineers.take(message)

    def decline(self, viewer: str, why: NotDone) -> None:
        """Tell a viewer (empty: the customer's pages) that something was not done."""
        self._copies.tell(Declined(viewer, why.code, why.message))


def _runtime_mode() -> int:
    # The shell's user looks for their socket in root's folder; each of them opens to one user.
    return 0o755 if os.geteuid() == 0 else 0o700
