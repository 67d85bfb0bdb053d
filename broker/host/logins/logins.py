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
import shutil
import socket
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Optional, Protocol, Tuple

import broker
from broker.host.columns import plain
from broker.host.invocation import archive, command
from broker.host.local import LocalLink
from broker.host.logins import mounts, peer
from broker.host.logins.guardian import Guardian
from broker.host.logins.origin import Origin
from broker.host.logins.place import DEEPER_FILES, LOGIN_FILES, Place, lock, the_place
from broker.host.logins.prelude import composed
from broker.host.logins.wish import Wish, wish
from broker.host.pty import ShellPlan, User
from broker.host.recorded import RecordedTerminal
from broker.host.shells import bash
from broker.host.shells.start import HoldsAt
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

    async def shell_as(self, wanted: Wish, plan: ShellPlan, origin: Origin) -> RecordedTerminal:
        """One more terminal, with this shell. Raises NoTerminal."""

    def let_go(self, terminal: RecordedTerminal) -> None:
        """Whoever had this terminal's shell where they were is gone: so it ends."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


@dataclass
class _Recorded:
    """What there is while logins are recorded."""

    held: int
    """The lock of the place."""
    guardian: Guardian
    listening: socket.socket


class Logins:
    """One recorder's. ``banner`` gives what is shown at a login, ``holds`` where shells start."""

    def __init__(
        self, terminals: Terminals, holds: HoldsAt, banner: Callable[[], str], session: Session
    ) -> None:
        self._terminals = terminals
        self._banner = banner
        self._session = session
        self._place = the_place()
        # Holds are the customer's, at the customer's shells: others are stopped by none.
        self._holds = HoldsAt(self._place.folder / "no-holds", holds.socket, holds.folder)
        self._links: Dict[LocalLink, Optional[RecordedTerminal]] = {}
        self._recorded: Optional[_Recorded] = None
        self._server: Optional[asyncio.AbstractServer] = None
        self._wanted = False
        self._changing = asyncio.Lock()
        self._told: "set[str]" = set()

    def want(self, *, live: bool) -> None:
        """Logins are to be recorded from now on, or not any more."""
        if live is not self._wanted:
            self._wanted = live
            spawn(self._change(), self._session.failed)

    async def stop(self) -> None:
        """Record no more; the host's own files are back when this returns."""
        self._wanted = False
        await self._change()

    async def _change(self) -> None:
        async with self._changing:
            loop = asyncio.get_running_loop()
            if self._wanted and self._recorded is None:
                self._terminals.on_opening, self._terminals.on_gone = self._opening, self._gone
                recorded, limits = await loop.run_in_executor(None, _begin, self._place)
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
                await loop.run_in_executor(None, _end, self._place, recorded)

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

    def _welcome(self) -> LocalLink:
        return LocalLink(self._receive, self._left)

    def _receive(self, link: LocalLink, message: Message) -> None:
        if isinstance(message, Do) and link not in self._links:
            if len(self._links) >= _MOST_LINKS:
                raise RemoteProtocolError("too-many", "too many ask for a recorded shell")
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
            terminal = await self._session.shell_as(wanted, plan, origin)
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

    def closed(self, terminal: RecordedTerminal, seat: LocalLink, status: int) -> None:
        """The shell of a login has ended."""
        self._links[seat] = None
        seat.send(Ended(terminal.name, status))


def _begin(place: Place) -> Tuple[Optional[_Recorded], List[str]]:
    """Show logins our files. What there is then, or None, and what can't be had."""
    try:
        held = lock(place)
    except OSError as error:
        return None, [f"logins can't be recorded: {error.strerror}"]
    if held is None:
        return None, ["another session records the logins of this host"]
    try:
        mounts.clear(place)
        for folder in (place.folder, place.terminals):
            folder.mkdir(mode=0o755)
            folder.chmod(0o755)
        limits = _write_program(place)
        place.hooks.write_text(bash.HOOKS)
        place.hooks.chmod(0o644)
        listening = _listening(place)
        recorded = _Recorded(held, Guardian(), listening)
    except OSError as error:
        os.close(held)
        return None, [f"logins can't be recorded: {error.strerror}"]
    for shell, files in {**LOGIN_FILES, "bash": DEEPER_FILES}.items():
        limits += _show(place, shell, files)
    return recorded, limits


def _show(place: Place, shell: str, files: Tuple[str, ...]) -> List[str]:
    """What can't be had of this shell."""
    what = "shells within terminals do not tell" if shell == "bash" else "logins are not recorded"
    target = next((one for one in files if Path(one).is_file()), None)
    if target is None:
        there = shell == "bash" or shutil.which(shell)
        return [f"{shell}: {what}, {files[0]} is not there"] if there else []
    shown = place.shown(target)
    try:
        login, marks = (_program(place, word) for word in ("login", "marks"))
        shown.write_bytes(composed(shell, place, Path(target).read_bytes(), login, marks))
        shown.chmod(0o644)
        mounts.show(shown, target)
    except OSError as error:
        return [f"{shell}: {what}, {target}: {error.strerror}"]
    return []


def _write_program(place: Place) -> List[str]:
    """Put our program where all can run it; what can't be had."""
    source = archive()
    if source is not None:
        shutil.copyfile(source, place.program)
        place.program.chmod(0o644)
    ours = str(place.program) if source else broker.__file__
    closed = [one for path in (sys.executable, ours) for one in _closed(Path(path).resolve())]
    return [f"only root's logins are recorded: {closed[0]} is closed to others"] if closed else []


def _program(place: Place, word: str) -> List[str]:
    """How the logins' shells run ours."""
    source = archive()
    line = command(word, str(place.socket))
    return [str(place.program) if one == source else one for one in line]


def _closed(path: Path) -> List[Path]:
    """What is in others' way to a file."""
    return [one for one in (path, *path.parents) if not one.stat().st_mode & _reads(one)]


def _reads(path: Path) -> int:
    return stat.S_IXOTH if path.is_dir() else stat.S_IROTH


def _listening(place: Place) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(place.socket))
    place.socket.chmod(0o666)
    return listening


def _end(place: Place, recorded: _Recorded) -> None:
    mounts.clear(place)
    recorded.guardian.dismiss()
    os.close(recorded.held)
