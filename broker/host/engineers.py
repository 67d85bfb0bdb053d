"""What comes from the engineers, by way of a broker that may lie: who watches, what they want.

Here the grant is enforced. Keys that are refused are logged, so that whoever typed them sees why;
anything else that can't be done is told to whoever wanted it. A broker that has more logged than
people would is not listened to.
"""

from __future__ import annotations

from typing import Any, Callable, Coroutine, Mapping, Optional, Protocol

from broker.host.authority import Authority
from broker.host.hold_keeper import HoldKeeper
from broker.host.holds import ENGINEER
from broker.host.page import CustomerPage
from broker.host.proposing import Proposing
from broker.host.recorded import RecordedTerminal
from broker.host.refusal import NotDone, Refusal
from broker.host.replies import without_replies
from broker.host.requesting import Requesting
from broker.host.tasks import spawn
from broker.host.viewers import Viewer, Viewers
from broker.recording.grant import Mode
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import (
    Act,
    Attention,
    Input,
    Joined,
    Left,
    LiftHold,
    Message,
    Propose,
    PutHold,
    Request,
    Withdraw,
)
from broker.wire.patience import Patience

_BURST, _PER_SECOND = 600, 5.0
"""Of messages other than keys: a broker that comes back tells of all its viewers at once."""


class Session(Protocol):
    """What engineers act upon: the recorder."""

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log."""

    def tell(self, kind: str, text: str) -> None:
        """Put a notice before the customer."""

    def tell_who(self) -> None:
        """Who watches is another; so is the title of the customer's window."""

    def turned(self, terminal: RecordedTerminal) -> None:
        """Somebody has typed: it may be another's turn."""

    def decline(self, viewer: str, why: NotDone) -> None:
        """Tell a viewer (empty: the customer's pages) that something was not done."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


class Engineers:
    """The engineers of one session, as the recorder lets them act."""

    def __init__(
        self,
        authority: Authority,
        terminals: Mapping[str, RecordedTerminal],
        proposing: Proposing,
        requesting: Requesting,
        holds: HoldKeeper,
        page: CustomerPage,
        clock: Callable[[], float],
        session: Session,
    ) -> None:
        self._requesting = requesting
        self._holds = holds
        self._page = page
        self.viewers = Viewers()
        self._authority = authority
        self._terminals = terminals
        self._proposing = proposing
        self._clock = clock
        self._session = session
        self._patience = Patience(_BURST, _PER_SECOND)

    def take(self, message: Message) -> None:
        """Take in what the broker says that an engineer, or the customer's page, has done.

        Raises RemoteProtocolError where it makes no sense.
        """
        if isinstance(message, Input):
            self._typed(message)
            return
        if not self._patience.spend(self._clock()):
            raise RemoteProtocolError("too-fast", "more than people can want")
        if isinstance(message, Joined):
            if self.viewers.join(message.viewer, message.person):
                person = self.viewers.get(message.viewer).person
                self._session.log("joined", viewer=message.viewer, person=person)
                self._session.tell("info", f"{person} joined")
            self._session.tell_who()
        elif isinstance(message, Left):
            gone = self.viewers.leave(message.viewer)
            if gone is not None:
                self._session.log("left", viewer=gone.id, person=gone.person)
                self._session.tell("info", f"{gone.person} left")
            self._session.tell_who()
        elif isinstance(message, Attention):
            self._attends(self.viewers.get(message.by), message.state)
        elif isinstance(message, Act):
            try:
                self._page.act(message)
            except NotDone as why:
                self._session.decline("", why)
        elif isinstance(message, (Propose, Withdraw, Request, PutHold, LiftHold)):
            viewer = self.viewers.get(message.by)
            try:
                self._want(viewer, message)
            except NotDone as why:
                self._session.decline(viewer.id, why)

    def _attends(self, viewer: Viewer, told: str) -> None:
        if viewer.attends(told):
            state = viewer.attention.value
            self._session.log("attention", viewer=viewer.id, person=viewer.person, state=state)
            self._session.tell_who()

    def _want(self, viewer: Viewer, message: Message) -> None:
        if isinstance(message, Propose):
            self._proposing.propose(
                viewer.id, viewer.person, message.terminal, message.text, message.why,
                message.expect,
            )  # fmt: skip
        elif isinstance(message, Withdraw):
            self._proposing.withdraw(message.proposal, viewer.person)
        elif isinstance(message, Request):
            self._requesting.ask(viewer, message.what)
        elif isinstance(message, PutHold):
            put = self._holds.put(message.text, message.patterns, viewer.person, ENGINEER)
            spawn(self._hold(viewer, put), self._session.failed)
        elif isinstance(message, LiftHold):
            lift = self._holds.lift(message.hold, viewer.person, ENGINEER)
            spawn(self._hold(viewer, lift), self._session.failed)

    async def _hold(self, viewer: Viewer, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except NotDone as why:
            self._session.decline(viewer.id, why)

    def _typed(self, keys: Input) -> None:
        viewer = self.viewers.get(keys.by)
        data = without_replies(keys.data)
        if not data:
            return
        t = self._clock()
        terminal = self._terminals.get(keys.terminal)
        why = self._refusal(viewer, terminal, t)
        if why is not None:
            if viewer.is_refused(why, t) and self._patience.spend(t):
                self._session.log("refused", viewer=viewer.id, person=viewer.person, why=why.value)
        elif terminal is not None:
            if viewer.types(t):
                self._session.log(
                    "typed", viewer=viewer.id, person=viewer.person, terminal=terminal.name
                )
                self._session.tell("info", f"{viewer.person} begins to type")
            terminal.type(data, viewer.person, guest=True)
            self._session.turned(terminal)

    def _refusal(
        self, viewer: Viewer, terminal: Optional[RecordedTerminal], t: float
    ) -> Optional[Refusal]:
        if terminal is None:
            return Refusal.NO_TERMINAL
        if terminal.origin.login:
            return Refusal.LOGIN
        seated = any(one.attended for one in self._terminals.values())
        why = self._authority.refuses(
            Mode.CONTROL, t, seated=seated, recording=terminal.cast.gap_since is None
        )
        if why is not None:
            return why
        if terminal.busy:
            return Refusal.BUSY
        if not terminal.turns.engineer_types(viewer.id, viewer.person, t):
            return Refusal.TURN
        return None
