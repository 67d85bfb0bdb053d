"""A PTY with a shell on it: made, read, written, resized, hung up. It records nothing.

Reading and writing are driven by the loop: ``on_output`` is called with what the shell printed,
in order, ``on_exit`` once, after the last output, with the exit status (128+n: signal n),
``on_room`` when a program has read all the keys that had waited for it. While ``is_slow`` says
so, a flood is read slowly (``pace``), and what prints it waits, as at a slow terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import os
import pkgutil
import signal
import struct
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, Optional, Tuple, Union

from broker.host.failures import Failed
from broker.host.pace import Pace
from broker.host.shells.start import HoldsAt, Start, limit, start, write
from broker.host.tasks import spawn

_READ_BYTES = 64 * 1024
_PTY_BYTES = 4096
_DRAIN_READS = 64
_ARRIVING_SECONDS = 0.02
"""So long after a write keys may be on their way within the kernel, where nobody counts them."""
PENDING_BYTES = 64 * 1024
"""Keys that may wait for a program that reads none; then whoever types waits or is refused."""


@dataclass(frozen=True)
class User:
    """Whose shell it is."""

    uid: int
    gid: int
    name: str
    home: str
    shell: str


@dataclass(frozen=True)
class ShellPlan:
    """How the shell is started: as whom, with which environment, where, with the holds of whom.

    A login shell has no ``ENV`` in its environment: sudo passes none on.
    """

    user: User
    env: Dict[str, str]
    cwd: str
    login: bool
    holds: Optional[HoldsAt] = None
    marks: str = ""
    """The nonce with which the shell tells its commands."""

    @property
    def limit(self) -> str:
        """Why no hold stops a line in this shell; empty where holds do."""
        return limit(self.user.shell, self.env)

    @property
    def start(self) -> Start:
        """What makes holds work in it."""
        if self.holds is None:
            return Start()
        return start(self.user.shell, self.env, self.holds, self.marks, login=self.login)

    @property
    def argv(self) -> Tuple[str, str]:
        """Its name (a dash in front makes a login shell) and its program."""
        name = os.path.basename(self.user.shell)  # noqa: PTH119 - a name, not a file
        return ("-" if self.login else "") + name, self.user.shell


class KeyQueue:
    """Keys that wait for a program to read them: the customer's before any guest's. Pure."""

    def __init__(self) -> None:
        self._own = bytearray()
        self._guests = bytearray()

    def __len__(self) -> int:
        return len(self._own) + len(self._guests)

    def put(self, data: bytes, *, guest: bool) -> None:
        """Add keys behind those of their kind."""
        if guest:
            self._guests += data
        else:
            self._own += data

    @property
    def first(self) -> bytes:
        """What is to be read next."""
        return bytes(self._own or self._guests)

    @property
    def guests_next(self) -> bool:
        """Whether ``first`` is a guest's."""
        return not self._own

    def took(self, count: int) -> None:
        """So many bytes of ``first`` were read."""
        del (self._own or self._guests)[:count]

    def drop_guests(self) -> int:
        """Forget what guests typed; how many bytes that was."""
        count = len(self._guests)
        self._guests.clear()
        return count


class Pty:
    """One PTY and the process that leads it."""

    def __init__(
        self,
        size: Tuple[int, int],
        on_output: Callable[[bytes], None],
        on_exit: Callable[[int], None],
        on_room: Callable[[], None],
        is_slow: Callable[[], bool],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        self._on_output = on_output
        self._on_exit = on_exit
        self._on_room = on_room
        self._is_slow = is_slow
        self._pace = Pace()
        self._resting: Optional[asyncio.TimerHandle] = None
        self._keys = KeyQueue()
        self._name = os.ttyname(self._slave)
        self._guests_last = b""
        """The last key of guests, while the kernel may keep some that no program has read."""
        self._guests_at = 0.0
        self._wanted = self._reading = False
        self._closed = False
        self._process: asyncio.subprocess.Process
        self.resize(*size)

    async def start_shell(self, plan: ShellPlan, failed: Callable[[BaseException], None]) -> None:
        """Start the shell and read what it prints. Raises OSError where it can't be started."""
        user = plan.user
        begin = self._prepared(plan, failed)
        name, program = plan.argv
        drop = os.geteuid() == 0 and user.uid != 0
        os.fchown(self._slave, user.uid, -1)
        os.fchmod(self._slave, 0o620)
        source = pkgutil.get_data("broker.host", "shell_launcher.py")
        if source is None:
            raise OSError("shell_launcher.py is missing")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", "-c", source.decode(),
            json.dumps([[name, *begin.arguments], program, plan.cwd]),
            stdin=self._slave, stdout=self._slave, stderr=self._slave,
            env={**plan.env, **begin.env},
            user=user.uid if drop else None,
            group=user.gid if drop else None,
            extra_groups=os.getgrouplist(user.name, user.gid) if drop else None,
        )  # fmt: skip
        os.close(self._slave)
        self.resume()
        spawn(self._reap(), failed)

    @staticmethod
    def _prepared(plan: ShellPlan, failed: Callable[[BaseException], None]) -> Start:
        """What makes holds work in the shell; nothing, where a full disk takes no file for it."""
        begin = plan.start
        try:
            if plan.holds is not None:
                write(plan.holds, begin)
        except (Failed, OSError) as error:
            failed(error)
            return Start()
        return begin

    def resume(self) -> None:
        """Read on."""
        self._wanted = True
        self._look_at_reading()

    def pause(self) -> None:
        """Read no more until ``resume``: the shell is slowed as by a slow terminal."""
        self._wanted = False
        self._look_at_reading()

    def _rest(self, seconds: float) -> None:
        """Read no more for so long."""
        self._resting = self._loop.call_later(seconds, self._rested)
        self._look_at_reading()

    def _rested(self) -> None:
        self._resting = None
        self._look_at_reading()

    def _look_at_reading(self) -> None:
        reads = self._wanted and self._resting is None and not self._closed
        if reads and not self._reading:
            self._loop.add_reader(self._master, self._readable)
        elif self._reading and not reads:
            self._loop.remove_reader(self._master)
        self._reading = reads

    def write(self, data: bytes, *, guest: bool = False) -> None:
        """Type. What the program does not read yet waits; look at ``full`` first.

        What a ``guest`` types waits behind all that others do, and can be dropped until then.
        """
        if self._closed:
            return
        if not guest and self._guests_last:
            self._look_for_guests()
        waited = bool(self._keys)
        if not waited:
            written = self._write(data)
            if guest:
                self._guests_typed(data[:written])
            data = data[written:]
        self._keys.put(data, guest=guest)
        if self._keys and not waited:
            self._loop.add_writer(self._master, self._writable)

    def drop_guests(self) -> bool:
        """What guests have typed and no program has read will not be read any more.

        Whether there was any. The kernel keeps some for the program, and keeps no two people's
        apart: with it goes what others have typed since.
        """
        dropped = self._keys.drop_guests() > 0
        if dropped and not self._keys:
            self._loop.remove_writer(self._master)
            self._on_room()
        if self._guests_last:
            self._look_for_guests()
        if self._guests_last and not self._closed:
            with contextlib.suppress(OSError), self._slave_end() as slave:
                termios.tcflush(slave, termios.TCIFLUSH)
            self._guests_last = b""
            return True
        return dropped

    def _guests_typed(self, data: bytes) -> None:
        if data:
            self._guests_last, self._guests_at = data[-1:], self._loop.time()

    def _look_for_guests(self) -> None:
        """See whether all that guests typed was read."""
        if self._closed or self._loop.time() - self._guests_at < _ARRIVING_SECONDS:
            return
        with contextlib.suppress(OSError), self._slave_end() as slave:
            waiting = fcntl.ioctl(slave, termios.FIONREAD, bytes(4))
            # Of a line that the kernel edits it counts nothing before Enter.
            if not any(waiting) and (not self.reads_lines or self._guests_last in b"\r\n"):
                self._guests_last = b""

    @contextlib.contextmanager
    def _slave_end(self) -> Iterator[int]:
        """The programs' end, which alone can be asked for what they have not read."""
        slave = os.open(self._name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            yield slave
        finally:
            os.close(slave)

    @property
    def full(self) -> bool:
        """Whether as much waits to be read as may; ``on_room`` is called when all of it was."""
        return len(self._keys) >= PENDING_BYTES

    @property
    def reads_secret(self) -> bool:
        """Whether a program reads a line and does not show it: a password, as a rule."""
        flags = self._flags()
        return not flags & termios.ECHO and bool(flags & termios.ICANON)

    @property
    def reads_lines(self) -> bool:
        """Whether the kernel edits the line, and not the program in front."""
        return bool(self._flags() & termios.ICANON)

    @property
    def front(self) -> str:
        """The name of the program in front, as the kernel knows it; empty where that is hidden."""
        if self._closed:
            return ""
        try:
            group = os.tcgetpgrp(self._master)
            return Path(f"/proc/{group}/comm").read_text(errors="replace").strip()
        except OSError:
            return ""

    @property
    def pid(self) -> int:
        """The shell's process."""
        return self._process.pid

    @property
    def name(self) -> str:
        """Of the device that programs have open."""
        return self._name

    def _flags(self) -> int:
        if self._closed:
            return termios.ECHO
        # The master's own settings are the terminal's, whoever set them (Linux).
        flags: int = termios.tcgetattr(self._master)[3]
        return flags

    def resize(self, cols: int, rows: int) -> None:
        """Set the window; the foreground program gets SIGWINCH if that changes it."""
        if not self._closed:
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def hang_up(self, signum: int = signal.SIGHUP) -> None:
        """Tell the shell, and what runs in front of it, that the terminal is gone."""
        if self._closed:
            return
        groups = {self._process.pid}
        with contextlib.suppress(OSError):
            groups.add(os.tcgetpgrp(self._master))
        groups.discard(0)  # nobody is in front; to killpg it would mean our own group
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signum)

    def _readable(self) -> None:
        data = self._read_slowly() if self._is_slow() else self._read()
        if data:
            self._on_output(data)

    def _read_slowly(self) -> bytes:
        if self._pace.left(self._loop.time()) < _PTY_BYTES:
            self._rest(self._pace.seconds_until(_PTY_BYTES))
            return b""
        data = self._read(_PTY_BYTES)  # in small pieces: the limit is not to be jumped over
        self._pace.took(len(data))
        return data

    def _read(self, most: int = _READ_BYTES) -> bytes:
        """What is there now. A PTY gives at most 4 KiB a read, so a flood is joined here."""
        pieces = []
        size = 0
        while size < most:
            try:
                piece = os.read(self._master, most - size)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.EIO:  # EIO: no process has the terminal open any more
                    raise
                self.pause()
                break
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def _writable(self) -> None:
        guests = self._keys.guests_next
        first = self._keys.first
        written = self._write(first)
        if guests:
            self._guests_typed(first[:written])
        self._keys.took(written)
        if not self._keys:
            self._loop.remove_writer(self._master)
            self._on_room()

    def _write(self, data: Union[bytes, bytearray]) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return len(data)  # nobody is left to read it

    async def _reap(self) -> None:
        # Not the PTY's EOF: a background job may keep it open long after the shell is gone.
        status = await self._process.wait()
        for _ in range(_DRAIN_READS):
            data = self._read()
            if not data:
                break
            self._on_output(data)
        self.pause()
        if self._resting is not None:
            self._resting.cancel()
        if self._keys:
            self._loop.remove_writer(self._master)
        self._closed = True
        os.close(self._master)
        self._on_exit(128 - status if status < 0 else status)
