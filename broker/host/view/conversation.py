"""A dialog that runs: between its panel, the customer's keys, and a connection of its own.

Each has its own connection to the recorder, as each command in a shell has: answers can't be taken
for another's, and nothing waits behind anything.
"""

from __future__ import annotations

import socket
from typing import Any, Callable, Generic, Optional, TypeVar, Union

from broker.host.failures import Failed
from broker.host.view.keys import Key
from broker.host.view.panel import Dialog, Sheet
from broker.host.view.recorder_link import RecorderLink
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Consent, Consented, Do, Done, Error

ANSWER_SECONDS = 10.0
_GONE = Error("gone", "the recorder is gone")

T = TypeVar("T")


class Conversation(Generic[T]):
    """One dialog, from its start on; ``over`` when it has ended, with a ``result``."""

    def __init__(
        self, dialog: Dialog[T], connect: Callable[[], socket.socket], clock: Callable[[], float]
    ) -> None:
        self.sheet: Optional[Sheet] = None
        """What to show; stays while the recorder is asked. None: nothing was shown yet."""
        self.link: Optional[RecorderLink] = None
        self.over = False
        self.result: Optional[T] = None
        self.answer_by: Optional[float] = None
        """When the recorder must have answered; then ``tick``."""
        self._dialog = dialog
        self._connect = connect
        self._clock = clock
        self._go_on(None)

    @property
    def waits_for_key(self) -> bool:
        """Whether a sheet waits for a key, and not the recorder for its answer."""
        return not self.over and self.answer_by is None

    def press(self, key: Key) -> None:
        """Take a key; what is typed while the recorder is asked means nothing."""
        if self.waits_for_key:
            self._go_on(key)

    def receive(self) -> None:
        """Read what the recorder has to say."""
        if self.link is None:
            return
        try:
            for message in self.link.receive():
                if isinstance(message, (Done, Error, Consent)) and self.answer_by is not None:
                    self._go_on(message)
        except (EOFError, OSError, RemoteProtocolError):
            self._lost()

    def flush(self) -> None:
        """Send what waits."""
        try:
            if self.link is not None:
                self.link.flush()
        except OSError:
            self._lost()

    def tick(self) -> None:
        """Give up on an answer that did not come in time."""
        if self.answer_by is not None and self._clock() >= self.answer_by:
            self._lost(Error("silent", f"the recorder has not answered for {ANSWER_SECONDS:.0f} s"))

    def close(self) -> None:
        """End it here, whatever was asked."""
        self._dialog.close()
        self.over, self.answer_by = True, None
        self._close_link()

    def _close_link(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None

    def _lost(self, why: Error = _GONE) -> None:
        self._close_link()
        if self.answer_by is not None:
            self._go_on(why)

    def _go_on(self, value: Any) -> None:  # noqa: ANN401 - a key, or an answer
        """Run the dialog up to where it waits for something."""
        while True:
            self.answer_by = None
            try:
                step = self._dialog.send(value)
            except StopIteration as end:
                self.result = end.value
                self.close()
                return
            if isinstance(step, Sheet):
                self.sheet = step
                return
            self.answer_by = self._clock() + ANSWER_SECONDS
            try:
                self._send(step)
            except Failed as failed:
                value = Error("gone", str(failed))
            except OSError:
                self._close_link()
                value = _GONE
            else:
                return

    def _send(self, message: Union[Do, Consented]) -> None:
        if self.link is None:
            self.link = RecorderLink(self._connect())
        self.link.send(message)
