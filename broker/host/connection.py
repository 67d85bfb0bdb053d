"""The session's link to the broker, as the recorder keeps it: made, cut, lost, back, and why.

What is copied through it is ``replication``'s; whether there is a process for it,
``uplink_process``'s; why it was gone, ``absence``'s.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Protocol, Set

import broker
from broker.host.absence import Absence
from broker.host.clock import Moment, boot_id, suspended
from broker.host.pulse import Pulse
from broker.host.receipts import Contradiction, ReceiptsFile
from broker.host.receiving import Receiving
from broker.host.records import Records
from broker.host.refusal import NotDone
from broker.host.replication import Replication
from broker.host.session_file import SessionFile
from broker.host.tasks import spawn
from broker.host.uplink_process import UplinkProcess
from broker.recording.causes import Cause
from broker.recording.receipts import BadReceipts
from broker.recording.statements import from_base64url
from broker.wire.messages import PROTOCOL, Complete, Error, Hello, Message, Welcome
from broker.wire.names import RECEIPTS


class Owner(Protocol):
    """Who has the link: the recorder."""

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log."""

    def tell(self, kind: str, text: str) -> None:
        """Put a notice before the customer."""

    def link_made(self, *, returned: bool) -> None:
        """The broker is there; ``returned``: it was not for a while."""

    def link_gone(self) -> None:
        """The link was cut or lost, and nobody watches through it any more."""

    def from_viewers(self, message: Message) -> None:
        """Somebody joined, left, typed or wants something, says the broker."""

    def delivered(self) -> None:
        """The session has ended, and there is nothing to send any more, or nobody who takes it."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


class Connection:
    """The link of one run. ``every``: how often, in seconds, ``beat`` is called."""

    def __init__(
        self,
        session: SessionFile,
        folder: Path,
        run: int,
        records: Records,
        clock: Callable[[], float],
        every: float,
        owner: Owner,
    ) -> None:
        self._session = session
        self._folder = folder
        self._run = run
        self._clock = clock
        self._owner = owner
        self._streams = records.streams
        self._asked = False
        """Whether the broker was asked, on this link, to sign that the session is complete."""
        self._there: Mapping[str, int] = {}
        """What the broker held when this link began."""
        self._contradicted: Set[str] = set()
        self._unsaved = False
        self._limited = False
        key = from_base64url(session.broker_key)
        file = ReceiptsFile(folder, session.id, key, records.streams, records.spool.sync)
        self._receipts = Receiving(file, self, owner.failed)
        self._absence = Absence()
        self._pulse = Pulse(self._now(), every)
        self.copies = Replication(records.streams, self._receipts, self._now, self)
        self.uplink = UplinkProcess(
            _websocket_url(session.broker),
            session.plan.user,
            on_up=self.copies.use,
            on_encoded=self.copies.receive,
            on_lost=self.copies.uplink_lost,
            on_room=self.copies.pump,
            failed=owner.failed,
        )

    # --- for the recorder -------------------------------------------------------------------

    @property
    def state(self) -> str:
        """``up``, ``lost``, ``disconnected``, or ``offline`` where there is no broker at all."""
        if self._session.offline:
            return "offline"
        if self._absence.cut:
            return "disconnected"
        return "up" if self.copies.up else "lost"

    @property
    def unheld(self) -> int:
        """Bytes that the broker does not hold, as far as it has said or signed.

        0 until what it has signed for is read.
        """
        kept = self._receipts.kept
        if kept.size and not kept.count:
            return 0
        signed = kept.offsets
        return sum(
            max(0, stream.end - max(self.copies.held(name), signed.get(name, 0)))
            for name, stream in self._streams.items()
        )

    @property
    def missed(self) -> bool:
        """Whether there should be a link and is none."""
        return not (self.copies.up or self._session.offline)

    @property
    def ended(self) -> bool:
        """Whether the session has."""
        return self._session.ended

    @property
    def receipts(self) -> Dict[str, Any]:
        """What the broker has signed for, as ``jumpseat status`` shows it."""
        return self._receipts.facts({name: one.end for name, one in self._streams.items()})

    def start(self) -> None:
        """Let the link be made, if the session has a broker."""
        if not self._session.offline:
            self.uplink.start()

    def began_anew(self, before: float, *, rebooted: bool) -> None:
        """The run before this one ended without a word, at session time ``before``."""
        self._absence.began_anew(Moment(before, 0.0), rebooted=rebooted)

    def beat(self) -> None:
        """The recorder runs: notice where it has not."""
        if self._unsaved:
            self._save()
        still = self._pulse.beat(self._now())
        if still is not None:
            self._absence.stood_still(still)
            since, until, cause = still
            self._owner.log("stood_still", since=since, until=until, cause=cause.value)

    async def disconnect(self) -> None:
        """Cut the link; no process of ours talks to the network after it.

        Raises NotDone where the session has no broker.
        """
        self._check_broker()
        if not self._absence.cut:
            self._absence.cut_by_customer(self._now())
            self._owner.log("disconnected")
            self._owner.link_gone()
            self.uplink.leave("disconnected")
        await self.uplink.gone()

    async def reconnect(self) -> None:
        """Let the link be made again. Raises NotDone where the session has no broker."""
        self._check_broker()
        if self._absence.cut:
            self._absence.mended_by_customer()
            self._owner.log("reconnected")
        self.uplink.start()

    def deliver(self) -> None:
        """The session has ended: note it, and send what is left, if the link is wanted at all."""
        self._session.ended = True
        self._save()
        self.copies.release()
        if self._session.offline:
            self._delivered()
        elif self._absence.cut:
            self._owner.delivered()  # `reconnect` delivers what is left

    # --- what replication tells -------------------------------------------------------------

    def hello(self) -> Hello:
        """The greeting, with the clocks as they are now."""
        session, self._asked = self._session, False
        return Hello(
            PROTOCOL, session.id, session.token, self._run, boot_id(),
            self._clock(), suspended(), time.time(), broker.__version__,
            self._receipts.kept.size,
        )  # fmt: skip

    def link_up(self, welcome: Welcome) -> None:
        """The broker answered."""
        self.beat()
        self._there = {name: size for name, size in welcome.held.items() if name != RECEIPTS}
        cause, since = self._absence.back(self._now(), welcome.instance)
        # First of all: who types is told before what they typed is sent.
        self._owner.link_made(returned=cause is not None)
        self._owner.log(
            "link_up", wall=time.time(), broker_wall=welcome.wall,
            cause=_said(cause), since=since,
        )  # fmt: skip

    def link_lost(self, why: str, last: Moment, *, uplink_ended: bool) -> None:
        """The link that was up is gone; ``last``: when something was heard through it."""
        self.beat()
        if not self._absence.cut:
            self._absence.lost(last, uplink_ended=uplink_ended)
            self._owner.log("link_lost", why=why, since=last.t)
        self._owner.link_gone()

    def uplink_stuck(self) -> None:
        """The uplink hangs on a connection that is gone: another one dials."""
        self.uplink.end()

    def turned_away(self, error: Error) -> None:
        """The broker does not want this session: dial no more until the customer says so."""
        self.uplink.leave("disconnected")
        if self._session.ended:
            spawn(self._leave_it(), self._owner.failed)
        else:
            self._owner.tell("urgent", f"the broker turned this session away: {error.code}")

    def all_held(self) -> None:
        """The broker holds everything; after the end, it is to sign for that."""
        self.receipts_kept()
        if self._session.ended and not self._session.delivered and not self._asked:
            self._asked = True
            sizes = {name: stream.end for name, stream in self._streams.items()}
            # What a loss of power took from here is part of the session all the same.
            for name, held in self._there.items():
                sizes[name] = max(held, sizes.get(name, 0))
            self.copies.tell(Complete(sizes))

    def from_viewers(self, message: Message) -> None:
        """Somebody joined, left, typed or wants something, says the broker."""
        self._owner.from_viewers(message)

    # --- what the receipts tell -------------------------------------------------------------

    def receipts_kept(self) -> None:
        """There are more of them; the last one may be what a session that has ended waits for."""
        ended = self._session.ended and not self._session.delivered
        if ended and self._receipts.kept.complete:
            self.uplink.leave("ended")
            self._delivered()

    def contradicted(self, found: Contradiction) -> None:
        """The broker has signed something else than is here: once a stream, and said once."""
        if found.stream in self._contradicted:
            return
        if not self._contradicted:
            self._owner.tell("urgent", _told(found))
        self._contradicted.add(found.stream)
        self._owner.log("contradicted", stream=found.stream, offset=found.offset)

    def receipts_refused(self, bad: BadReceipts) -> None:
        """What the broker sent is no receipts of this session."""
        self.receipts_missing(str(bad))
        if self.copies.up:
            self.copies.give_up(bad.code.value, str(bad))

    def receipts_missing(self, why: str) -> None:
        """There are none to keep, or they can't be kept."""
        if not self._limited:
            self._limited = True
            self._owner.log("limit", what="receipts", why=why)

    async def _leave_it(self) -> None:
        """A session that has ended is wanted by nobody; its receipts may say that it is there."""
        await self._receipts.loaded()
        if not self._session.delivered:
            self._owner.delivered()

    def _delivered(self) -> None:
        self._session.delivered = True
        self._save()
        self._owner.delivered()

    def _save(self) -> None:
        """Note how the session stands; where the disk refuses, that keeps nobody from its end."""
        try:
            self._session.save(self._folder)
        except OSError as error:
            if not self._unsaved:
                self._owner.failed(error)
            self._unsaved = True
        else:
            self._unsaved = False

    def _check_broker(self) -> None:
        if self._session.offline:
            raise NotDone("offline", "this session is offline: there is no broker")

    def _now(self) -> Moment:
        return Moment(self._clock(), suspended())


def _told(found: Contradiction) -> str:
    if found.beyond:
        what, why = "more", "some of it was lost here, or the broker is wrong"
    else:
        what, why = "something else", "one of the two was changed"
    return (
        f"the broker has signed that it holds {what} of {found.stream} than this host has: {why}. "
        "What it signed is kept; ask your vendor"
    )


def _said(cause: Optional[Cause]) -> str:
    return "" if cause is None else cause.value


def _websocket_url(url: str) -> str:
    return "ws" + url.rstrip("/")[len("http") :] + "/api/host"
