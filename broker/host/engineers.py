"""What comes from the engineers, by way of a broker that may lie: who watches, and their keys.

Here the grant is enforced. Whatever is refused is logged, so that whoever typed it sees why.
"""

from __future__ import annotations

from typing import Callable, Mapping, Optional

from broker.host.recorded import RecordedTerminal
from broker.host.refusal import Refusal, refusal
from broker.host.replies import without_replies
from broker.host.viewers import Viewers
from broker.recording.grant import Grant, Mode
from broker.wire.messages import Input, Joined, Left, Message


class Engineers:
    """The engineers of one session, as the recorder lets them act."""

    def __init__(
        self,
        grant: Grant,
        terminals: Mapping[str, RecordedTerminal],
        clock: Callable[[], float],
        log: Callable[..., None],
    ) -> None:
        self.viewers = Viewers()
        self._grant = grant
        self._terminals = terminals
        self._clock = clock
        self._log = log

    def take(self, message: Message) -> bool:
        """Take in Joined, Left or Input; whether that changed who watches.

        Raises RemoteProtocolError where it makes no sense.
        """
        if isinstance(message, Joined):
            if self.viewers.join(message.viewer, message.person):
                self._log("joined", viewer=message.viewer, person=message.person)
            return True
        if isinstance(message, Left):
            gone = self.viewers.leave(message.viewer)
            if gone is not None:
                self._log("left", viewer=gone.id, person=gone.person)
            return True
        if isinstance(message, Input):
            self._typed(message)
        return False

    def _typed(self, keys: Input) -> None:
        viewer = self.viewers.get(keys.by)
        data = without_replies(keys.data)
        if not data:
            return
        t = self._clock()
        terminal = self._terminals.get(keys.terminal)
        why = self._refusal(terminal, t)
        if why is not None:
            if viewer.is_refused(why, t):
                self._log("refused", viewer=viewer.id, person=viewer.person, why=why.value)
        elif terminal is not None:
            if viewer.types(t):
                self._log("typed", viewer=viewer.id, person=viewer.person, terminal=terminal.name)
            terminal.type(data)

    def _refusal(self, terminal: Optional[RecordedTerminal], t: float) -> Optional[Refusal]:
        if terminal is None:
            return Refusal.NO_TERMINAL
        seated = terminal.seat is not None
        recording = terminal.gap_since is None
        why = refusal(self._grant, Mode.CONTROL, t, seated=seated, recording=recording)
        return Refusal.BUSY if why is None and terminal.busy else why
