"""The customer, as the recorder knows them: who is at the socket, who has a seat, who is idle.

Clients of the socket are terminals, which attach, and commands, which do not. What the grant says
of leaving is answered here, in the same moment.
"""

from __future__ import annotations

import os
import pwd
from typing import Callable, Dict, List, Mapping, Optional, Protocol

from broker.host.authority import Authority
from broker.host.clients import Client
from broker.host.commands import Commands
from broker.host.inside import is_inside
from broker.host.local import LocalLink
from broker.host.logins import peer
from broker.host.logins.origin import OWN, PANE, Origin
from broker.host.logins.wish import Wish, wish
from broker.host.recorded import RecordedTerminal, Size
from broker.host.tasks import spawn
from broker.host.terminals import NoTerminal
from broker.host.turns import CUSTOMER
from broker.recording.grant import Away
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import (
    Attach,
    Consented,
    Detach,
    Do,
    Ended,
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

    async def terminal_for(self, name: str, size: Size) -> RecordedTerminal:
        """The terminal to take the seat at, the first one opened if there is none.

        Raises NoTerminal.
        """

    async def shell_here(self, wanted: Wish, origin: Origin) -> RecordedTerminal:
        """One more terminal for whoever wants a shell where they are. Raises NoTerminal."""

    def let_go(self, terminal: RecordedTerminal) -> None:
        """Whoever had this terminal's shell where they were is gone: so it ends."""

    def seat_left(self) -> None:
        """The customer is at no terminal any more."""

    def seat_taken(self, client: Client, *, first: bool, returned: bool) -> None:
        """The customer is at a terminal; ``first``: on this connection they were at none.

        ``returned``: they had left.
        """

    def turned(self, terminal: RecordedTerminal) -> None:
        """Somebody has typed: it may be another's turn."""

    async def end(self, by: str, why: str) -> None:
        """End the session."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


class Customer:
    """The customer of one session."""

    def __init__(
        self,
        uid: int,
        authority: Authority,
        terminals: Mapping[str, RecordedTerminal],
        commands: Commands,
        clock: Callable[[], float],
        session: Session,
    ) -> None:
        self._uid = uid
        self._commands = commands
        self._authority = authority
        self._terminals = terminals
        self._clock = clock
        self._session = session
        self._clients: Dict[LocalLink, Client] = {}
        self._last_key = clock()
        self._idle = self._paused = self._is_there = self._is_away = False

    @property
    def seated(self) -> bool:
        """Whether a terminal of the customer is attached."""
        return any(one.attended for one in self._terminals.values())

    @property
    def _own(self) -> List[RecordedTerminal]:
        return [one for one in self._terminals.values() if one.origin.customers]

    @property
    def connected(self) -> bool:
        """Whether anybody is at the socket."""
        return bool(self._clients)

    @property
    def at_seat(self) -> Optional[Client]:
        """Whoever has a seat."""
        seats = [terminal.seat for terminal in self._own]
        return next((self._clients[seat] for seat in seats if seat in self._clients), None)

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
        for terminal in self._own:
            if terminal.seat is not None:
                terminal.seat.send(message)

    def check_idle(self) -> None:
        """Note when no key has come for five minutes."""
        if not self._idle and self.seated and self._clock() - self._last_key >= IDLE_SECONDS:
            self._idle = True
            self._session.log("idle", since=self._last_key)

    def closed(self, terminal: RecordedTerminal, seat: LocalLink, status: int) -> None:
        """A terminal has closed under whoever had its seat: they go on at another, or are told.

        Not where it was opened for them, where they are: there nothing else is to be shown.
        """
        client = self._clients.get(seat)
        others = self._own
        free = [one for one in others if one.seat is None]
        if client is None or client.own is terminal or not others:
            seat.send(Ended(terminal.name, status))
            if others and terminal.origin.customers:
                self._left(terminal, "its shell has ended")
        elif free:
            spawn(self._attach(client, Attach(free[0].name, *terminal.size)), self._session.failed)
        else:
            seat.send(
                Detach("that shell has ended, and you are at another terminal of the session")
            )

    def _receive(self, link: LocalLink, message: Message) -> None:
        client = self._clients.get(link) or self._admit(link)
        terminal = client.terminal
        if isinstance(message, Attach):
            if client.inside:
                raise RemoteProtocolError("inside", "this terminal is in the session already")
            spawn(self._attach(client, message), self._session.failed)
        elif isinstance(message, Do) and message.command == "shell":
            wanted = wish(message.args)
            spawn(self._shell_here(client, wanted), self._session.failed)
        elif isinstance(message, Do):
            self._commands.do(client, message.command, message.args)
        elif isinstance(message, Consented):
            self._commands.consented(client, message.n, message.answer)
        elif terminal is None or terminal.seat is not link:
            raise RemoteProtocolError("unexpected", f"{type(message).__name__} without a seat")
        elif isinstance(message, Input):
            self._typed(terminal, message.data)
        elif isinstance(message, Resize):
            terminal.resize(message.cols, message.rows)
        elif isinstance(message, Detach):
            client.own = None  # left on purpose: it goes on
            self._left_seat(terminal, message.reason)
        else:
            raise RemoteProtocolError("unexpected", type(message).__name__)

    def _admit(self, link: LocalLink) -> Client:
        pid, uid = link.peer()
        if uid not in (0, self._uid, os.geteuid()):
            raise RemoteProtocolError("not-yours", "this session is another user's")
        try:
            by = pwd.getpwuid(uid).pw_name
        except KeyError:
            by = str(uid)
        own = os.getpid()
        logins = {one.pid for one in self._terminals.values() if one.origin.login}
        client = Client(link, by, is_inside(pid, own, logins), is_inside(pid, own))
        self._clients[link] = client
        return client

    def _gone(self, link: LocalLink) -> None:
        client = self._clients.pop(link, None)
        if client is None:
            return
        self._commands.client_gone(client)
        terminal = client.terminal
        if terminal is not None and terminal.seat is link:
            self._left_seat(terminal, "terminal closed")
            if terminal is client.own:
                self._session.let_go(terminal)

    async def _attach(self, client: Client, wanted: Attach) -> None:
        async with client.moving:
            await self._take_seat(client, wanted)

    async def _shell_here(self, client: Client, wanted: Wish) -> None:
        async with client.moving:
            link = client.link
            try:
                if client.terminal is not None or self._is_ours(peer.terminal_of(link.peer()[0])):
                    raise NoTerminal("this terminal is recorded already")
                origin = PANE if client.inside else OWN
                terminal = await self._session.shell_here(wanted, origin)
            except NoTerminal as none:
                link.send(Error("no-terminal", str(none)))
            except OSError:  # whoever asked is gone
                link.close()
            else:
                client.own = terminal
                await self._sit(client, terminal, wanted.size)
                if link not in self._clients:
                    self._session.let_go(terminal)

    def _is_ours(self, tty: int) -> bool:
        return any(one.device == tty for one in self._terminals.values())

    async def _take_seat(self, client: Client, wanted: Attach) -> None:
        size = (wanted.cols or 80, wanted.rows or 24)
        try:
            terminal = await self._session.terminal_for(wanted.terminal, size)
        except NoTerminal as none:
            client.link.send(Error("no-terminal", str(none)))
            return
        if client.own is not terminal:
            client.own = None
        await self._sit(client, terminal, size)

    async def _sit(self, client: Client, terminal: RecordedTerminal, size: Size) -> None:
        link = client.link
        if link not in self._clients:
            return  # gone meanwhile
        before, client.terminal = client.terminal, terminal
        if before is not None and before is not terminal and before.seat is link:
            before.release()
        if not await terminal.attach(link, size, moved=before not in (None, terminal)):
            if self._is_there:  # until now: this one's seat, or another's that was taken for it
                self._left(terminal, "terminal closed")
            return
        if not terminal.origin.customers:
            return
        self._idle, self._last_key = False, self._clock()
        returned, self._is_away, self._is_there = self._is_away, False, True
        if self._paused:
            self._paused = False
            self._session.log("input_resumed")
            self.tell("info", "you were away: engineers' keys were held off, and are no longer")
        self._session.seat_taken(client, first=before is None, returned=returned)

    def _left_seat(self, terminal: RecordedTerminal, why: str) -> None:
        terminal.release()
        if terminal.origin.customers:
            self._left(terminal, why)

    def _left(self, terminal: RecordedTerminal, why: str) -> None:
        """The customer has left a seat: they are away, unless they have one in another window."""
        if self.seated:
            return
        self._session.log("detached", terminal=terminal.name, why=why)
        self._is_there, self._is_away = False, True
        away = self._authority.grant.away
        if away is not Away.CONTINUE:
            for one in self._terminals.values():
                one.drop_guests()
        if away is Away.END:
            ending = self._session.end("customer", "the customer left the terminal")
            spawn(ending, self._session.failed)
        elif away is Away.PAUSE and not self._paused:
            self._paused = True
            self._session.log("input_paused", why="the customer left the terminal")
        if away is not Away.END:
            self._session.seat_left()

    def _typed(self, terminal: RecordedTerminal, data: bytes) -> None:
        if terminal.origin.pane:
            terminal.type(data, self._outside)
            return
        terminal.turns.customer_types(self._clock())
        terminal.type(data, CUSTOMER)
        self._last_key = self._clock()
        self._session.turned(terminal)
        if self._idle:
            self._idle = False
            self._session.log("active")

    @property
    def _outside(self) -> str:
        """Who types in a pane: whoever typed last in one of the terminals that it is shown in."""
        turns = [one.turns for one in self._own]
        last = max(turns, key=lambda one: one.lapses, default=None)
        return (last.latest.person if last else "") or CUSTOMER
