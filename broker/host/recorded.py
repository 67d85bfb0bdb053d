"""A recorded terminal: a PTY, its recording, and the customer's seat at it.

Order of every piece of output: recording on disk, then the seat, then whoever copies the stream.
A disk that takes nothing, or a seat that stands still, costs a gap or a redraw, never the shell.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import partial
from typing import Callable, List, Optional, Protocol, Sequence, Tuple

from broker.host.cast_writer import CastWriter
from broker.host.cleared_row import ClearedRow
from broker.host.command_events import CommandEvents, Told, label
from broker.host.local import LocalLink
from broker.host.logins.origin import OWN, Origin
from broker.host.logins.peer import number
from broker.host.marks import Mark, MarkReader, new_nonce
from broker.host.masks import DEFAULTS, Mask, mask_text, of_nonce
from broker.host.pty import Pty, ShellPlan
from broker.host.redraw import redraw
from broker.host.replies import answers
from broker.host.spool import StreamFile
from broker.host.tasks import spawn
from broker.host.turns import Turns
from broker.host.typed_lines import TypedLines
from broker.wire.codec import MAX_DATA_BYTES
from broker.wire.messages import Attached, Detach, Ended, Output
from broker.wire.names import parse_stream

STALL_SECONDS = 5.0
"""A seat that has taken nothing for so long no longer slows the shell; it is redrawn later."""

_ENTER = re.compile(rb"[\r\n]")

Size = Tuple[int, int]


class Listener(Protocol):
    """Who wants to know of a terminal: the recorder."""

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log."""

    def new_command(self) -> str:
        """The name of one more command of the session."""

    def grown(self) -> None:
        """The recording has grown."""

    def at_prompt(self) -> None:
        """A line editor has begun to read a line."""

    def not_recorded(self, cause: str) -> None:
        """The recording could not be written; a gap of this cause begins."""

    def closed(self, terminal: RecordedTerminal, status: int, seat: Optional[LocalLink]) -> None:
        """The shell is gone; the recording is complete. ``seat``: who had the seat till then."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


class Unrecorded:
    """Between a terminal that is not recorded any more and its listener: only its end is told."""

    def __init__(self, listener: Listener) -> None:
        self.new_command = listener.new_command
        self.closed = listener.closed
        self.failed = listener.failed

    def log(self, event: str, **fields: object) -> None:
        """Nothing is written."""

    def grown(self) -> None:
        """It does not grow."""

    def at_prompt(self) -> None:
        """Nobody waits for it."""

    def not_recorded(self, cause: str) -> None:
        """There is nothing to keep."""


class RecordedTerminal:
    """One terminal of a session."""

    def __init__(
        self,
        stream: StreamFile,
        clock: Callable[[], float],
        size: Size,
        listener: Listener,
        masks: Sequence[Mask] = DEFAULTS,
        origin: Origin = OWN,
    ) -> None:
        self.name = stream.name
        self.origin = origin
        self.number = parse_stream(stream.name).terminal
        self.turns = Turns()
        self.seat: Optional[LocalLink] = None
        self._stream = stream
        self._clock = clock
        self._size = size
        self._listener: Listener = listener
        self._pty = Pty(size, self._printed, self._exited, self._typed_on, self._is_slow)
        self._device = number(self._pty.name)
        self.uid = 0
        """Whose shell it is."""
        self._stalling: Optional[asyncio.TimerHandle] = None
        self._stalled = self._was_seated = False
        self._showing = asyncio.Lock()
        self._status: Optional[int] = None
        self._nonce = new_nonce()
        self._marks = MarkReader(self._nonce)
        self._row = ClearedRow()
        masks = [*masks, *of_nonce(self._nonce)]
        self.cast = CastWriter(stream, clock, size[0], masks, listener)
        mask = partial(mask_text, masks=masks)
        commands = CommandEvents(self.name, listener.new_command, mask)
        self.lines = TypedLines(size[0], commands, self._pty, clock, mask, self._log_entered)

    async def open(self, plan: ShellPlan, session: str, began_wall: float) -> None:
        """Start the recording and the shell. Raises OSError where the shell can't be started."""
        env = {"SHELL": plan.user.shell, "TERM": plan.env.get("TERM", "")}
        title = f"{self.name} of session {session}"
        self.cast.begin(*self._size, began_wall, env, title)
        cols, rows = self._size
        login = {"login": self.origin.login} if self.origin.login else {}
        self._listener.log("opened", terminal=self.name, cols=cols, rows=rows, **login)
        self._show_printed(self.origin.banner.encode())
        await self._pty.start_shell(replace(plan, marks=self._nonce), self._listener.failed)

    # --- the seat ---------------------------------------------------------------------------

    async def attach(self, link: LocalLink, size: Size, *, moved: bool) -> bool:
        """Give the seat to ``link``, with the screen as it is; whoever had it is detached.

        ``moved``: it has shown another terminal until now.

        False where the link, or the shell, went meanwhile: then the seat is empty.
        """
        async with self._showing:
            if self.seat is not None and self.seat is not link:
                self.seat.send(Detach("another terminal took the seat"))
                self._listener.log("detached", terminal=self.name, why="seat taken")
                self.release()
            self.resize(*size)
            self._was_seated |= moved
            redrawn = self.seat is link
            seated = await self._show(link)
            if seated and not redrawn and self.origin.customers:
                self._listener.log("attached", terminal=self.name)
            return seated

    async def _show_again(self, link: LocalLink) -> None:
        """Redraw the screen of a seat that stood still, if it is still there."""
        async with self._showing:
            if self.seat is link:
                await self._show(link)

    async def _show(self, link: LocalLink) -> bool:
        """Redraw the screen on ``link`` and seat it, if it and the shell are there after that."""
        self._pty.pause()  # what is printed meanwhile comes after the redraw
        self.cast.release()
        end = self._stream.end
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(None, redraw, self._stream.read, end)
        if not link.open:
            self._pty.resume()
            return False
        link.send(Attached(self.name))
        data = found.clear + found.data if self._was_seated else found.data
        for at in range(0, len(data), MAX_DATA_BYTES):
            link.send(Output(self.name, data[at : at + MAX_DATA_BYTES]))
        if self._status is not None:
            link.send(Ended(self.name, self._status))
            return False
        self.seat, self._was_seated = link, True
        link.on_room = self._seat_has_room
        self._stalled = False
        if found.full_screen:
            cols, rows = self._size
            self._pty.resize(cols, max(1, rows - 1))
            self._pty.resize(cols, rows)
        self._pty.resume()
        return True

    @property
    def attended(self) -> bool:
        """Whether the customer has its seat."""
        return self.seat is not None and self.origin.customers

    def release(self) -> None:
        """The seat is empty from now on; the shell goes on."""
        if self.seat is not None:
            self.seat.on_room = lambda: None
        self.seat = None
        self._stop_waiting()
        self._pty.resume()

    # --- keys -------------------------------------------------------------------------------

    def type(self, data: bytes, person: str, *, guest: bool = False) -> None:
        """Pass on keys of this person; whether they may was decided before.

        What a ``guest`` types comes after all that waits, and is dropped where it must not reach
        the terminal any more.
        """
        secret = self._pty.reads_secret
        if _ENTER.search(data) is None:
            # The echo comes first: what these keys mean can wait, where they run nothing.
            self._pty.write(data, guest=guest)
            self.lines.typed(data, person, secret=secret)
        else:
            self.lines.typed(data, person, secret=secret)
            self._pty.write(data, guest=guest)
        if self._pty.full and self.seat is not None:
            self.seat.pause()

    def drop_guests(self) -> None:
        """What guests have typed and no program has read yet is forgotten."""
        if self._pty.drop_guests():
            self.lines.lose()

    @property
    def busy(self) -> bool:
        """Whether so many keys wait to be read that no more should come."""
        return self._pty.full

    def _is_slow(self) -> bool:
        return self.cast.slow

    def _typed_on(self) -> None:
        if self.seat is not None:
            self.seat.resume()

    @property
    def size(self) -> Size:
        """Columns and rows."""
        return self._size

    def resize(self, cols: int, rows: int) -> None:
        """The customer's window rules."""
        if (cols, rows) != self._size:
            self._size = (cols, rows)
            self.lines.resized(cols)
            self.cast.resized(cols, rows)
            self._pty.resize(cols, rows)

    # --- output -----------------------------------------------------------------------------

    def _printed(self, data: bytes) -> None:
        for part in self._marks.feed(data):
            if not isinstance(part, Mark):
                self._row.printed(part)
                self._show_printed(part)
            elif part.kind == "x":
                self._show_printed(self._row.left)
            else:
                if part.kind == "p":
                    self._row.prompts()
                self._log_commands(self.lines.marked(part))

    def _log_entered(self, **fields: object) -> None:
        self._listener.log("entered", terminal=self.name, **fields)

    def _log_commands(self, told: List[Told]) -> None:
        for event, fields in told:
            self.cast.release()
            self._listener.log(event, **fields, offset=self.cast.offset)
            if event == "command_started":
                self.cast.mark(label(str(fields["line"])))

    def _show_printed(self, data: bytes) -> None:
        if not data:
            return
        self.cast.printed(data)
        # The copy goes first: it has three processes to pass yet, the seat but one.
        self._listener.grown()
        if self.seat is None:
            reply = answers(data)
            if reply:
                self._pty.write(reply)
        elif not self._stalled:
            self.seat.send(Output(self.name, data))
            if self.seat.full and self.origin.login:
                self._pty.pause()  # a terminal of theirs alone may slow what they run in it
            elif self.seat.full and self._stalling is None:
                self._pty.pause()
                loop = asyncio.get_running_loop()
                self._stalling = loop.call_later(STALL_SECONDS, self._stall)
        if self.lines.printed(data):
            self._listener.at_prompt()

    def _seat_has_room(self) -> None:
        self._stop_waiting()
        if self._stalled and self.seat is not None:
            spawn(self._show_again(self.seat), self._listener.failed)
        else:
            self._pty.resume()

    def _stall(self) -> None:
        self._stalling = None
        self._stalled = True
        self._pty.resume()

    def _stop_waiting(self) -> None:
        if self._stalling is not None:
            self._stalling.cancel()
            self._stalling = None

    def log_due(self) -> None:
        """Say in the session log what is to be said by now."""
        self.lines.log_due()
        self.cast.log_masked(self.name)

    # --- the end ----------------------------------------------------------------------------

    def end_recording(self, notice: str) -> None:
        """Record nothing from now on; the shell goes on, and whoever has the seat is told so."""
        if not isinstance(self._listener, Unrecorded):
            self._show_printed(f"\r\n{notice}\r\n".encode())
            self._log_commands(self.lines.finish(None))
            self.cast.end(self.name)
            self._listener.log("closed", terminal=self.name, status=None)
            self._listener = Unrecorded(self._listener)

    @property
    def device(self) -> int:
        """The number of its device, as ``/proc/PID/stat`` has it."""
        return self._device

    @property
    def nonce(self) -> str:
        """What a shell in it needs to tell its commands."""
        return self._nonce

    @property
    def pid(self) -> int:
        """The shell's process."""
        return self._pty.pid

    def hang_up(self, signum: int) -> None:
        """Tell the shell that its terminal is gone."""
        self._pty.hang_up(signum)

    def _exited(self, status: int) -> None:
        self._status = status
        if rest := self._marks.finish():
            self._show_printed(rest)
        self._log_commands(self.lines.finish(status))
        self.cast.end(self.name)
        self._listener.log("closed", terminal=self.name, status=status)
        seat = self.seat
        self.release()
        self._listener.closed(self, status, seat)
