"""Logins on this host, as recorded terminals of the session, while its grant lasts.

The recorder's part, where it runs as root and the customer has agreed. The shell that somebody
was let in to asks for a recorded one at a socket that is open to all: as whom it runs, the kernel
tells and not who asks. When the grant ends these terminals are recorded no longer; their shells go
on until their users leave: what they are in the midst of is not the session's to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, Optional, Protocol, Tuple, cast

from broker.host.authority import Authority
from broker.host.choices import Others
from broker.host.columns import plain
from broker.host.local import LocalLink
from broker.host.logins import peer
from broker.host.logins.origin import Origin
from broker.host.logins.place import the_place
from broker.host.logins.set_up import SetUp, set_up, take_away
from broker.host.logins.wish import Wish, wish
from broker.host.pty import ShellPlan, User
from broker.host.recorded import RecordedTerminal
from broker.host.session_file import SessionFile
from broker.host.shells.start import holds_at
from broker.host.tasks import spawn
from broker.host.terminals import NoTerminal, Terminals
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import Do, Done, Ended, Error, Input, Message, Resize

_MOST_LINKS = 200
_FROM = re.compile(r"[0-9A-Za-z.:%-]{1,64}")
_OVER = "jumpseat: the recording of this login has ended; the shell goes on, unrecorded."


class Session(Protocol):
    """What logins are recorded for: the recorder."""

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log."""

    async def shell_here(
        self, wanted: Wish, origin: Origin, plan: Optional[ShellPlan] = None
    ) -> RecordedTerminal:
        """One more terminal, with the shell of this plan. Raises NoTerminal."""

    def let_go(self, terminal: RecordedTerminal) -> None:
        """Whoever had this terminal's shell where they were is gone: so it ends."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


class _TurnedAway(asyncio.Protocol):
    """A connection beyond those that there is room for: everybody may connect."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        cast("asyncio.Transport", transport).abort()


class Logins:
    """One recorder's."""

    def __init__(
        self,
        file: SessionFile,
        authority: Authority,
        terminals: Terminals,
        clock: Callable[[], float],
        session: Session,
    ) -> None:
        self._file = file
        self._authority = authority
        self._terminals = terminals
        self._clock = clock
        self._session = session
        self._place = the_place()
        # Holds are the customer's, at the customer's shells: others are stopped by none.
        own = holds_at(self._place.folder.parent, file.id)
        self._holds = replace(own, patterns=self._place.folder / "no-holds")
        self._links: Dict[LocalLink, Optional[RecordedTerminal]] = {}
        self._open = 0
        self._recorded: Optional[SetUp] = None
        self._server: Optional[asyncio.AbstractServer] = None
        others = Others(file.others).where(as_root=os.geteuid() == 0)
        self._agreed = others is Others.RECORD and not file.ended
        self._wanted = False
        self._changing = asyncio.Lock()
        self._told: "set[str]" = set()

    def want(self, *, live: bool) -> None:
        """The grant is in force from now on, or not any more."""
        wanted = live and self._agreed
        if wanted is not self._wanted:
            self._wanted = wanted
            spawn(self._change(), self._session.failed)

    async def stop(self) -> None:
        """Record no more; the host's own files are back when this returns."""
        self._agreed = self._wanted = False
        await self._change()

    async def _change(self) -> None:
        async with self._changing:
            loop = asyncio.get_running_loop()
            if self._wanted and self._recorded is None:
                self._terminals.on_opening, self._terminals.on_gone = self._opening, self._gone
                recorded, limits = await loop.run_in_executor(None, set_up, self._place)
                for why in limits:
                    self._limit(why)
                if recorded is not None:
                    self._recorded = recorded
                    for terminal in self._terminals.values():
                        self._opening(terminal)
                    self._server = await loop.create_unix_server(
                        self._welcome, sock=recorded.listening
                    )
            elif not self._wanted and self._recorded is not None:
                recorded, self._recorded = self._recorded, None
                if self._server is not None:
                    self._server.close()
                for terminal in self._terminals.logins:
                    terminal.end_recording(_OVER)
                await loop.run_in_executor(None, take_away, self._place, recorded)

    def _limit(self, why: str) -> None:
        if why not in self._told:
            self._told.add(why)
            self._session.log("limit", what="logins", why=why)

    # --- what shells within find ------------------------------------------------------------

    def _opening(self, terminal: RecordedTerminal) -> None:
        """Say where shells within this terminal look that they are within it."""
        if self._recorded is None:
            return
        path = self._file_of(terminal)
        path.unlink(missing_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(f"{terminal.nonce}\n")
            os.fchown(fd, terminal.uid, -1)

    def _gone(self, terminal: RecordedTerminal) -> None:
        with contextlib.suppress(OSError):
            self._file_of(terminal).unlink()

    def _file_of(self, terminal: RecordedTerminal) -> Path:
        return self._place.terminals / str(terminal.device)

    # --- who asks ---------------------------------------------------------------------------

    def _welcome(self) -> asyncio.Protocol:
        if self._open >= _MOST_LINKS:
            self._limit("more asked for a recorded shell at once than there is room for")
            return _TurnedAway()
        self._open += 1
        return LocalLink(self._receive, self._left)

    def _receive(self, link: LocalLink, message: Message) -> None:
        if isinstance(message, Do) and link not in self._links:
            self._links[link] = None
            if message.command == "login":
                spawn(self._login(link, wish(message.args)), self._session.failed)
            elif message.command == "marks":
                link.send(Done({"marks": self._marks(link)}))
            else:
                raise RemoteProtocolError("unknown-command", "not a command of a login")
            return
        terminal = self._links.get(link)
        if terminal is None:
            raise RemoteProtocolError("unexpected", f"{type(message).__name__} without a shell")
        if isinstance(message, Input):
            terminal.type(message.data, f"{terminal.origin.login['user']} (login)")
        elif isinstance(message, Resize):
            terminal.resize(message.cols, message.rows)
        else:
            raise RemoteProtocolError("unexpected", type(message).__name__)

    def _left(self, link: LocalLink) -> None:
        self._open -= 1
        terminal = self._links.pop(link, None)
        if terminal is not None:
            if terminal.seat is link:
                terminal.release()
            self._session.let_go(terminal)

    def _marks(self, link: LocalLink) -> str:
        """For a shell that runs in one of our terminals, and can't read the terminal's file."""
        with contextlib.suppress(OSError):
            within = list(peer.terminals_of(link.peer()[0]))
            for terminal in self._terminals.values():
                if terminal.device in within:
                    return terminal.nonce
        return ""

    async def _login(self, link: LocalLink, wanted: Wish) -> None:
        try:
            plan, origin = self._planned(link, wanted)
            terminal = await self._session.shell_here(wanted, origin, plan)
        except NoTerminal as none:
            link.send(Error("no-terminal", str(none)))
            return
        except OSError:  # whoever asked is gone
            link.close()
            return
        if link not in self._links:
            self._session.let_go(terminal)
            return
        self._links[link] = terminal
        await terminal.attach(link, wanted.size, moved=False)

    def _planned(self, link: LocalLink, wanted: Wish) -> Tuple[ShellPlan, Origin]:
        """As whom, and as whose, a shell is opened. Raises NoTerminal and OSError."""
        pid, uid = link.peer()
        if not peer.is_login(pid):
            raise NoTerminal("")  # su, or a window of tmux: nobody was let in
        try:
            found = pwd.getpwuid(uid)
        except KeyError:
            raise NoTerminal("the user is not known") from None
        bounds = peer.bounds(pid)
        if bounds:
            self._limit(f"a login of {found.pw_name} is kept in bounds ({', '.join(bounds)})")
            raise NoTerminal("this login is kept in bounds")
        user = User(uid, found.pw_gid, found.pw_name, found.pw_dir, found.pw_shell or "/bin/sh")
        came = wanted.env.get("SSH_CONNECTION", "").partition(" ")[0]
        login = {
            "user": found.pw_name,
            "tty": plain(peer.tty_of(pid)),
            "from": came if _FROM.fullmatch(came) else "",
        }
        plan = ShellPlan(user, wanted.env, wanted.cwd, login=True, holds=self._holds)
        return plan, Origin(login=login, banner=self._banner())

    def _banner(self) -> str:
        file, left = self._file, self._authority.grant.until - self._clock()
        until = time.strftime("%H:%M %Z", time.localtime(time.time() + left))
        return (
            f"jumpseat: THIS LOGIN IS RECORDED for support case {plain(file.case)}, by "
            f"{plain(file.user)}, until {until}.\r\n"
            f"jumpseat: engineers of the case see it, at {file.broker}; "
            "they can never type here.\r\n"
        )

    def closed(self, terminal: RecordedTerminal, seat: LocalLink, status: int) -> None:
        """The shell of a login has ended."""
        self._links[seat] = None
        seat.send(Ended(terminal.name, status))
