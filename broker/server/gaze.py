"""Whether an engineer looks at the page: as the page says, and whether it is heard at all."""

import asyncio
from collections.abc import Callable

from broker.server.link_socket import LinkSocket
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Attention

LOOKING, HIDDEN, ASLEEP = "looking", "hidden", "asleep"
ASLEEP_SECONDS = 10.0
"""A page that was asked and has said nothing for so long is asleep; a hidden one still answers."""


class Gaze:
    """Of one viewer. For the loop's thread; ``close`` it.

    ``tell`` is called with each state that is another, if ``may_tell`` lets it; what it does not is
    told later, if it is still so.
    """

    def __init__(
        self,
        socket: LinkSocket,
        may_tell: Callable[[], bool],
        tell: Callable[[str], None],
    ) -> None:
        self._socket = socket
        self._may_tell = may_tell
        self._tell = tell
        self._said = self._told = LOOKING
        self._asleep = False
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(ASLEEP_SECONDS, self._look)

    @property
    def state(self) -> str:
        """What is to be told of it now."""
        return ASLEEP if self._asleep else self._said

    def says(self, message: Attention) -> None:
        """What the page says of itself. Raises RemoteProtocolError for what no page can say."""
        if message.state not in (LOOKING, HIDDEN):
            raise RemoteProtocolError("malformed", "attention: field state")
        self._said = message.state
        self._tell_news()

    def heard(self) -> None:
        """The page said something, whatever it was."""
        if self._asleep:
            self._asleep = False
            self._tell_news()

    def close(self) -> None:
        """Tell no more."""
        self._timer.cancel()

    def _look(self) -> None:
        silent = self._socket.silent_seconds
        self._asleep = silent >= ASLEEP_SECONDS
        self._tell_news()
        left = ASLEEP_SECONDS - silent
        self._timer = self._loop.call_later(left if left > 0 else ASLEEP_SECONDS, self._look)

    def _tell_news(self) -> None:
        if self.state != self._told and self._may_tell():
            self._told = self.state
            self._tell(self.state)
