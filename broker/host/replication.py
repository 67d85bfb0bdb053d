"""The recorder's end of the link to the broker: copies streams and takes in receipts of them.

By way of the uplink. What is sent is read from the spool, so a link that is slow, late or gone
costs no memory and the shell never waits for it. The uplink only passes messages on; whether the
link is alive is decided here, by ``wire.link``.
"""

from __future__ import annotations

import asyncio
from typing import Callable, Dict, Optional, Protocol

from broker.host.clock import Moment
from broker.host.local import PackedLink
from broker.host.receiving import Receiving
from broker.host.spool import StreamFile
from broker.wire.codec import MAX_DATA_BYTES, decode
from broker.wire.errors import RemoteProtocolError
from broker.wire.link import HOST_TO_BROKER, Link, LinkState
from broker.wire.messages import (
    Act,
    Append,
    Attention,
    Error,
    Held,
    Hello,
    Input,
    Joined,
    Left,
    LiftHold,
    LinkDown,
    LinkUp,
    Message,
    Propose,
    PutHold,
    Refused,
    Request,
    Welcome,
    Withdraw,
)
from broker.wire.names import RECEIPTS, parse_stream
from broker.wire.stream import Sender


class Listener(Protocol):
    """Who wants to know of the link: the recorder."""

    def hello(self) -> Hello:
        """The greeting, with the clocks as they are now."""

    def link_up(self, welcome: Welcome) -> None:
        """The broker answered."""

    def link_lost(self, why: str, last: Moment, *, uplink_ended: bool) -> None:
        """The link that was up is gone; ``last``: when something was heard through it."""

    def turned_away(self, error: Error) -> None:
        """The broker does not want this session; dialling on is of no use."""

    def from_viewers(self, message: Message) -> None:
        """Who watches, and what they want."""

    def uplink_stuck(self) -> None:
        """The uplink does not drop its connection: it waits for a broker that takes nothing."""

    def all_held(self) -> None:
        """The broker durably holds every stream to its end. Told often."""


_FROM_VIEWERS = (
    Joined, Left, Input, Propose, Withdraw, Request, PutHold, LiftHold, Attention, Act,
)  # fmt: skip
_DROP_SECONDS = 3.0
# Codes of the broker's `error` after which another attempt would end the same way.
_FINAL = frozenset({"bad-token", "ended", "protocol-version", "replaced"})


class Replication:
    """Copies a session's streams to the broker while there is a link."""

    def __init__(
        self,
        streams: Dict[str, StreamFile],
        receipts: Receiving,
        now: Callable[[], Moment],
        listener: Listener,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._streams = streams
        self._receipts = receipts
        self._now = now
        self._heard = now()
        self._listener = listener
        self._senders: Dict[str, Sender] = {}
        self._uplink: Optional[PackedLink] = None
        self._link: Optional[Link] = None
        self._timer: Optional[asyncio.TimerHandle] = None
        self._dropping: Optional[asyncio.TimerHandle] = None
        self._withholding = False
        self._withheld: Dict[str, int] = {}
        """Where recordings stood when what follows began to be withheld."""

    @property
    def up(self) -> bool:
        """Whether the broker is there, as far as we know."""
        return self._link is not None and self._link.state is LinkState.LIVE

    @property
    def unheld(self) -> int:
        """Bytes that the broker does not hold, as far as we know."""
        return sum(stream.end - self._sender(name).held for name, stream in self._streams.items())

    def held(self, name: str) -> int:
        """How far the broker holds a stream."""
        return self._sender(name).held

    def use(self, uplink: PackedLink) -> None:
        """Copy through this uplink from now on; its messages come to ``receive``."""
        self._uplink = uplink

    def uplink_lost(self, why: str) -> None:
        """The uplink is gone, and the link with it."""
        self._uplink = None
        self._dropped()
        self._down(why, uplink_ended=True)

    def receive(self, encoded: bytes) -> None:
        """Take in a message of the uplink or, through it, of the broker.

        A broker that breaks the protocol costs its link, and is dialled again.
        """
        try:
            self._receive(decode(encoded))
        except RemoteProtocolError as error:
            self.give_up(error.code, error.message)

    def give_up(self, code: str, message: str) -> None:
        """Tell the broker what it did wrong, and have it dialled again."""
        self._send(Error(code, message))
        self._give_up(code)

    def _receive(self, message: Message) -> None:
        if isinstance(message, (LinkUp, LinkDown)):
            self._dropped()
        if isinstance(message, LinkUp):
            self._link = Link(HOST_TO_BROKER, self._now().t)
            self._send(self._listener.hello())
            self._watch()
        elif isinstance(message, LinkDown):
            self._down(message.why)
        elif self._link is not None and self._link.state in (LinkState.GREETING, LinkState.LIVE):
            self._heard = self._now()
            before = self._link.state
            answer = self._link.receive(message, self._heard.t)
            if self._link.state is not before:
                self._watch()  # who has greeted is asked sooner
            if answer is not None:
                self._send(answer)
            self._take(message)

    def tell(self, message: Message) -> None:
        """Send a message that is of use only now; without a link it is forgotten."""
        if self.up:
            self._send(message)

    def withhold(self, *, earlier: bool = False) -> None:
        """What recordings get from now on stays here until ``release``; logs are sent on.

        ``earlier``: an earlier run has begun to withhold. How much of its recordings had been
        printed by then is not known any more, so nothing of them is sent.
        """
        for name, stream in self._streams.items():
            if not parse_stream(name).is_log:
                self._withheld[name] = 0 if earlier else stream.end
        self._withholding = True

    def release(self) -> None:
        """Everything is sent again."""
        self._withholding = False
        self._withheld.clear()
        self.pump()

    def pump(self) -> None:
        """Send what there is to send, until the window is full or the uplink takes no more."""
        uplink = self._uplink
        if uplink is None or not self.up:
            return
        receipts = self._sender(RECEIPTS)
        self._send_on(uplink, RECEIPTS, receipts, self._receipts.read)
        held = True
        for name, stream in self._streams.items():
            sender = self._sender(name)
            sender.grow(self._sendable(name, stream))
            self._send_on(uplink, name, sender, stream.read)
            held = held and sender.held == stream.end
        if held and receipts.sent == receipts.end:
            self._listener.all_held()

    @staticmethod
    def _send_on(
        uplink: PackedLink, name: str, sender: Sender, read: Callable[[int, int], bytes]
    ) -> None:
        while not uplink.full:
            piece = sender.next(MAX_DATA_BYTES)
            if piece is None:
                return
            offset, size = piece
            data = read(offset, size)
            uplink.send_append(name, offset, data)
            sender.pass_on(len(data))

    def _take(self, message: Message) -> None:
        if isinstance(message, Append):
            if message.stream != RECEIPTS:
                raise RemoteProtocolError("unknown-stream", "a broker sends receipts only")
            self._receipts.append(message.offset, message.data)
        elif isinstance(message, Held):
            self._known(message.stream).hold(message.offset)
            self.pump()
        elif isinstance(message, Refused):
            self._known(message.stream).rewind(message.offset)
            self.pump()
        elif isinstance(message, _FROM_VIEWERS):
            self._listener.from_viewers(message)
        elif isinstance(message, Welcome):
            for name, stream in self._streams.items():
                sender = self._sender(name)
                sender.grow(self._sendable(name, stream))
                # After a power cut the broker may hold more of an earlier run than this disk does.
                sender.resume(min(message.held.get(name, 0), self._sendable(name, stream)))
            # Of receipts it gets only what it has signed and lost: it was restored from a backup.
            size = self._receipts.kept.size
            receipts = self._senders[RECEIPTS] = Sender()
            receipts.grow(size)
            receipts.resume(min(message.held.get(RECEIPTS, 0), size))
            self._listener.link_up(message)
            self.pump()
        elif isinstance(message, Error):
            if message.code in _FINAL:
                self._listener.turned_away(message)
            else:
                self._give_up(message.code)

    def _sendable(self, name: str, stream: StreamFile) -> int:
        """Up to where a stream may be sent now."""
        if not self._withholding or parse_stream(name).is_log:
            return stream.end
        return self._withheld.get(name, 0)

    def _known(self, name: str) -> Sender:
        if name not in self._streams and name != RECEIPTS:
            raise RemoteProtocolError("unknown-stream", "no such stream")
        return self._sender(name)

    def _sender(self, name: str) -> Sender:
        sender = self._senders.get(name)
        if sender is None:
            sender = self._senders[name] = Sender()
        return sender

    def _send(self, message: Message) -> None:
        if self._uplink is not None:
            self._uplink.send(message)

    def _watch(self) -> None:
        """Run the link's timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        link = self._link
        if link is None:
            return
        # Session time, which counts suspension: after a sleep we don't wait for an answer in vain.
        now = self._now().t
        ping = link.tick(now)
        if ping is not None:
            self._send(ping)
        if link.state is LinkState.LOST:
            self._give_up("the broker is silent")
        else:
            self._timer = self._loop.call_later(link.due - now, self._watch)

    def _give_up(self, why: str) -> None:
        """Have the uplink drop its connection and dial again.

        An uplink that can't get rid of what it was given reads no more of it, and not this either:
        it has so long to say that it did.
        """
        self._send(LinkDown(why))
        self._down(why)
        self._dropped()
        if self._uplink is not None:
            self._dropping = self._loop.call_later(_DROP_SECONDS, self._listener.uplink_stuck)

    def _dropped(self) -> None:
        if self._dropping is not None:
            self._dropping.cancel()
            self._dropping = None

    def _down(self, why: str, *, uplink_ended: bool = False) -> None:
        was_up = self._link is not None and self._link.state is not LinkState.GREETING
        self._link = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if was_up:
            self._listener.link_lost(why, self._heard, uplink_ended=uplink_ended)
