"""The customer, as the recorder knows them: who is at the socket, who has the seat, who is idle.

Clients of the socket are terminals, which attach, and commands, which do not. What the grant says
of leaving is answered here, in the same moment.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, Mapping, Optional, Protocol

from broker.host.local import LocalLink
from broker.host.recorded import RecordedTerminal, Size
from broker.host.tasks import spawn
from broker.recording.grant import Away
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import (
    Attach,
    Detach,
    Do,
    Done,
    Error,
    Input,
    Message,
    Notice,
    Resize,
    Title,
)

IDLE_SECONDS = 300.0


class Session(Protocol):
    """What the customer acts upon: the recorder."""

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log."""

    async def terminal_for(self, size: Size) -> RecordedTerminal:
        """The terminal to take the seat at, opened if there is none. Raises NoTerminal."""

    def seat_taken(self) -> None:
        """The customer is at the terminal."""

    async def do(self, command: str) -> Dict[str, Any]:
        """Carry out a command; the session's facts after it. Raises RemoteProtocolError."""

    async def end(self, by: str, why: str) -> None:
        """End the session."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


class NoTerminal(Exception):
    """There is no terminal to attach to; says why."""


class Customer:
    """The customer of one session."""

    def __init__(
        self,
        uid: int,
        away: Away,
        terminals: Mapping[str, RecordedTerminal],
        clock: Callable[[], float],
        session: Session,
    ) -> None:
        self._uid = uid
        self._away = away
        self._terminals = terminals
        self._clock = clock
        self._session = session
        self._clients: Dict[LocalLink, Optional[RecordedTerminal]] = {}
        self._last_key = clock()
        self._idle = self._paused = False

    @property
    def seated(self) -> bool:
        """Whether a terminal of the customer is attached."""
        return any(terminal.seat is not None for terminal in self._terminals.values())

    @property
    def connected(self) -> bool:
        """Whether anybody is at the socket."""
        return bool(self._clients)

    def welcome(self) -> LocalLink:
        """Make the recorder's end of a new connection to its socket."""
        return LocalLink(self._receive, self._gone)

    def tell(self, kind: str, text: str) -> None:
        """Let the customer know; ``kind`` as ``Notice`` has it."""
        self._send_seats(Notice(kind, text))

    def show_title(self, text: str) -> None:
        """Say in the title of the customer's window who is here and what they may."""
        self._send_seats(Title(text))

    def _send_seats(self, message: Message) -> None:
        for terminal in self._terminals.values():
            if terminal.seat is not None:
                terminal.seat.send(message)

    def check_idle(self) -> None:
        """Note when no key has come for five minutes."""
        if not self._idle and self.seated and self._clock() - self._last_key >= IDLE_SECONDS:
            self._idle = True
            self._session.log("idle", since=self._last_key)

    def _receive(self, link: LocalLink, message: Message) -> None:
        if link not in self._clients:
            if link.peer_uid() not in (0, self._uid, os.geteuid()):
                raise RemoteProtocolError("not-yours", "this session is another user's")
            self._clients[link] = None
        terminal = self._clients[link]
        if isinstance(message, Attach):
            spawn(self._attach(link, message), self._session.failed)
        elif isinstance(message, Do):
            spawn(self._do(link, message.command), self._session.failed)
        elif terminal is None or terminal.seat is not link:
            raise RemoteProtocolError("unexpected", f"{type(message).__name__} without a seat")
        elif isinstance(message, Input):
            self._typed(terminal, message.data)
        elif isinstance(message, Resize):
            terminal.resize(message.cols, message.rows)
        elif isinstance(message, Detach):
            terminal.detach(message.reason)
            self._left_seat()
        else:
            raise RemoteProtocolError("unexpected", type(message).__name__)

    def _gone(self, link: LocalLink) -> None:
        terminal = self._clients.pop(link, None)
        if terminal is not None and terminal.seat is link:
            terminal.detach("terminal closed")
            self._left_seat()

    async def _attach(self, link: LocalLink, wanted: Attach) -> None:
        size = (wanted.cols or 80, wanted.rows or 24)
        try:
            terminal = await self._session.terminal_for(size)
        except NoTerminal as none:
            link.send(Error("no-terminal", str(none)))
            return
        if link not in self._clients:
            return  # gone meanwhile
        self._clients[link] = terminal
        if not await terminal.attach(link, size):
            return
        self._idle, self._last_key = False, self._clock()
        if self._paused:
            self._paused = False
            self._session.log("input_resumed")
        self._session.seat_taken()

    async def _do(self, link: LocalLink, command: str) -> None:
        try:
            link.send(Done(await self._session.do(command)))
        except RemoteProtocolError as error:
            link.send(Error(error.code, error.message))

    def _left_seat(self) -> None:
        if self._away is Away.END:
            ending = self._session.end("customer", "the customer left the terminal")
            spawn(ending, self._session.failed)
        elif self._away is Away.PAUSE and not self._paused:
            self._paused = True
            self._session.log("input_paused", why="the customer left the terminal")

    def _typed(self, terminal: RecordedTerminal, data: bytes) -> None:
        terminal.type(data)
        self._last_key = self._clock()
        if self._idle:
            self._idle = False
            self._session.log("active")
