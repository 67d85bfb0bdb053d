"""The session's link to the broker, as the recorder keeps it: made, cut, lost, back, and why.

What is copied through it is ``replication``'s; whether there is a process for it,
``uplink_process``'s; why it was gone, ``absence``'s.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, Optional, Protocol

import broker
from broker.host.absence import Absence
from broker.host.clock import Moment, boot_id, suspended
from broker.host.pulse import Pulse
from broker.host.records import Records
from broker.host.refusal import NotDone
from broker.host.replication import Replication
from broker.host.session_file import SessionFile
from broker.host.uplink_process import UplinkProcess
from broker.recording.causes import Cause
from broker.wire.messages import PROTOCOL, Error, Hello, Message, Welcome


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
        self._absence = Absence()
        self._pulse = Pulse(self._now(), every)
        self.copies = Replication(records.streams, self._now, self)
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
    def missed(self) -> bool:
        """Whether there should be a link and is none."""
        return not (self.copies.up or self._session.offline)

    def start(self) -> None:
        """Let the link be made, if the session has a broker."""
        if not self._session.offline:
            self.uplink.start()

    def began_anew(self, before: float, *, rebooted: bool) -> None:
        """The run before this one ended without a word, at session time ``before``."""
        self._absence.began_anew(Moment(before, 0.0), rebooted=rebooted)

    def beat(self) -> None:
        """The recorder runs: notice where it has not."""
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
        """The session has ended: send what is left, if the customer wants a link at all."""
        self.copies.release()
        if self._session.offline:
            self._delivered()
        elif self._absence.cut:
            self._owner.delivered()  # `reconnect` delivers what is left
        elif self.copies.up and self.copies.unheld == 0:
            self.all_held()

    # --- what replication tells -------------------------------------------------------------

    def hello(self) -> Hello:
        """The greeting, with the clocks as they are now."""
        session = self._session
        return Hello(
            PROTOCOL, session.id, session.token, self._run, boot_id(),
            self._clock(), suspended(), time.time(), broker.__version__, 0,
        )  # fmt: skip

    def link_up(self, welcome: Welcome) -> None:
        """The broker answered."""
        self.beat()
        cause, since = self._absence.back(self._now(), welcome.instance)
        self._owner.log(
            "link_up", wall=time.time(), broker_wall=welcome.wall,
            cause=_said(cause), since=since,
        )  # fmt: skip
        self._owner.link_made(returned=cause is not None)

    def link_lost(self, why: str, last: Moment, *, uplink_ended: bool) -> None:
        """The link that was up is gone; ``last``: when something was heard through it."""
        self.beat()
        if not self._absence.cut:
            self._absence.lost(last, uplink_ended=uplink_ended)
            self._owner.log("link_lost", why=why, since=last.t)
        self._owner.link_gone()

    def turned_away(self, error: Error) -> None:
        """The broker does not want this session: dial no more until the customer says so."""
        self.uplink.leave("disconnected")
        if self._session.ended:
            self._owner.delivered()
        else:
            self._owner.tell("urgent", f"the broker turned this session away: {error.code}")

    def all_held(self) -> None:
        """The broker holds everything; after the end, that was all."""
        if self._session.ended and not self._session.delivered:
            self.uplink.leave("ended")
            self._delivered()

    def from_viewers(self, message: Message) -> None:
        """Somebody joined, left, typed or wants something, says the broker."""
        self._owner.from_viewers(message)

    def _delivered(self) -> None:
        self._session.delivered = True
        self._session.save(self._folder)
        self._owner.delivered()

    def _check_broker(self) -> None:
        if self._session.offline:
            raise NotDone("offline", "this session is offline: there is no broker")

    def _now(self) -> Moment:
        return Moment(self._clock(), suspended())


def _said(cause: Optional[Cause]) -> str:
    return "" if cause is None else cause.value


def _websocket_url(url: str) -> str:
    return "ws" + url.rstrip("/")[len("http") :] + "/api/host"
