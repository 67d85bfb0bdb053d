"""The customer's view: their own terminal in raw mode, joined to a recorded one.

It holds nothing that matters. Closing it is leaving, not ending. Its loop waits for nobody: not
for a terminal that takes its output slowly, not for a recorder that reads no keys because the
program in front does not. So the key that takes back always gets through, by a connection of its
own (the *reins*).
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from typing import Any, Callable, Dict, List, Optional, Set

from broker.host.failures import Failed
from broker.host.invocation import spoken
from broker.host.view import dialogs
from broker.host.view.answering import Names, answering
from broker.host.view.conversation import Conversation
from broker.host.view.display import Display
from broker.host.view.keyboard import PREFIX, Keyboard, Press, key_name
from broker.host.view.keys import Key, KeyReader
from broker.host.view.panel import Dialog, Sheet
from broker.host.view.printer import Printer
from broker.host.view.raw_terminal import raw, signals, window_size
from broker.host.view.recorder_link import RecorderLink
from broker.wire.errors import RemoteProtocolError
from broker.wire.messages import (
    Attach,
    Attached,
    Consent,
    Consented,
    Detach,
    Do,
    Done,
    Ended,
    Error,
    Input,
    Message,
    Notice,
    Output,
    Resize,
    Title,
)

_KEYS_BYTES = 4096
_ESC_SECONDS = 0.05
"""Esc is a key of its own when nothing has followed it for so long."""
_PAUSE_SECONDS = 0.5
"""A proposal that has come up is not answered before somebody can have seen it."""
_ENDING = (signal.SIGTERM, signal.SIGHUP)
# No second screen to show panels on: the console, and GNU screen as it comes.
_UNCOVERING = ("linux", "vt", "ansi", "dumb", "screen")


class Left(Exception):
    """The seat is given up; says why, to the customer."""


class TerminalView:
    """The customer's terminal at a recorder's socket, until either goes.

    ``connect`` gives a new connection to the recorder, and may raise Failed; it is called more
    than once. ``prefix`` is the control byte before a command of the view, ``terminal`` the one to
    begin with, empty for the first; ``begin`` gives another wish to begin with. Keys that the
    recorder does not take wait up to 1 MiB; beyond that they are lost, with a bell.
    """

    def __init__(
        self,
        connect: Callable[[], socket.socket],
        stdin: int,
        stdout: int,
        prefix: bytes = PREFIX,
        terminal: str = "",
        begin: Optional[Callable[[], Message]] = None,
    ) -> None:
        self._connect = connect
        self._in = stdin
        self._out = stdout
        self._keyboard = Keyboard(prefix)
        self._names = Names(key_name(prefix), spoken())
        self._keys = KeyReader()
        self._esc_at = 0.0
        self._answer_at: Optional[float] = None
        self._clock = time.monotonic
        self._begin = begin or (lambda: Attach(terminal, *window_size(stdin)))
        self._terminal = ""
        self._status: Optional[int] = None
        self._conversation: Optional[Conversation[Any]] = None
        self._command = ""
        self._then: Callable[[Any], None] = lambda result: None
        self._consents: List[Consent] = []
        self._error = ""
        self._seat: RecorderLink
        self._reins: Optional[RecorderLink] = None
        self._printer: Printer
        self._display: Display
        self._commands: Dict[str, Callable[[], None]] = {
            "take-back": lambda: self._pull("take_back", toggle=True),
            "watch": lambda: self._pull("mode", mode="watch"),
            "approve": lambda: self._open("approve", dialogs.wanted("mode", mode="approve")),
            "control": lambda: self._open("control", dialogs.wanted("mode", mode="control")),
            "status": self._show_status,
            "answer": self._answer,
            "revoke": lambda: self._open("revoke", dialogs.revoke()),
            "note": lambda: self._open("note", dialogs.note()),
            "detach": self._detach,
        }

    def run(self) -> int:
        """Take the seat and keep it; the exit status of the shell. Main thread only.

        Raises Left where the seat is lost before the shell has ended, Failed where there is no
        recorder.
        """
        self._seat = RecorderLink(self._connect())
        try:
            self._reins = RecorderLink(self._connect())
            with signals() as signalled, raw(self._in):
                self._printer = Printer(self._out)
                self._display = Display(
                    self._printer,
                    lambda: window_size(self._in),
                    self._clock,
                    self._names.prefix,
                    covers=_has_second_screen(),
                )
                try:
                    return self._serve(signalled)
                finally:
                    self._display.end()
        finally:
            self._close_links()

    def _close_links(self) -> None:
        self._seat.close()
        if self._reins is not None:
            self._reins.close()
        if self._conversation is not None:
            self._conversation.close()

    # --- the loop ---------------------------------------------------------------------------

    def _serve(self, signalled: int) -> int:
        self._tell_seat(self._begin())
        while self._status is None:
            ready = self._wait(signalled)
            if self._in in ready:
                self._typed()
            elif self._keys.pending and self._clock() >= self._esc_at:
                self._to_panel(self._keys.flush())
            if signalled in ready:
                self._signalled(os.read(signalled, 4096))
            if self._printer.fileno() in ready:
                self._printed()
            if self._seat.fileno() in ready:
                self._from_seat()
            if self._reins is not None and self._reins.fileno() in ready:
                self._from_reins()
            self._converse(ready)
            self._display.look()
        self._display.uncover()
        return self._status

    def _wait(self, signalled: int) -> Set[int]:
        """Wait until something can be done; the file descriptors that it concerns."""
        poll = select.poll()
        for fd in (self._in, signalled, self._printer.fileno()):
            poll.register(fd, select.POLLIN)
        talk = self._conversation.link if self._conversation is not None else None
        for link in (self._seat, self._reins, talk):
            if link is not None:
                # What a terminal takes slowly the recorder keeps: it knows what to do about it.
                reads = link is not self._seat or not self._display.full
                events = (select.POLLIN if reads else 0) | (select.POLLOUT if link.waiting else 0)
                if events:
                    poll.register(link.fileno(), events)
        return {fd for fd, _ in poll.poll(self._patience())}

    def _patience(self) -> Optional[int]:
        """How long nothing may happen, in milliseconds."""
        now = self._clock()
        moments = [self._display.wake_at()]
        if self._keys.pending:
            moments.append(self._esc_at)
        if self._conversation is not None:
            moments.append(self._conversation.answer_by)
            if self._display.settled:
                moments.append(self._answer_at)
        soonest = min((one for one in moments if one is not None), default=None)
        return None if soonest is None else max(0, int((soonest - now) * 1000) + 1)

    def _signalled(self, numbers: bytes) -> None:
        for number in numbers:
            if number in _ENDING:
                raise Left(f"it was told to end ({signal.Signals(number).name})")
        self._tell_seat(Resize(*window_size(self._in)))
        self._display.redraw()

    def _printed(self) -> None:
        try:
            self._printer.look()
        except OSError:
            raise Left("the terminal was closed") from None

    # --- keys -------------------------------------------------------------------------------

    def _typed(self) -> None:
        try:
            data = os.read(self._in, _KEYS_BYTES)
        except OSError:
            data = b""
        if not data:
            raise Left("the terminal was closed")
        for press in self._keyboard.feed(data, self._clock()):
            if press.command:
                self._do(press)
            elif self._conversation is not None:
                self._esc_at = self._clock() + _ESC_SECONDS
                self._to_panel(self._keys.feed(press.keys))
            elif not self._tell_seat(Input(self._terminal, "", press.keys)):
                self._display.bell()

    def _to_panel(self, keys: List[Key]) -> None:
        """Keys for what the customer sees: none for a sheet that came up amid them."""
        talk = self._conversation
        if talk is None or talk.sheet is None:
            return
        sheet = talk.sheet
        if sheet is not self._display.shown:
            return
        for key in keys:
            if talk.sheet is sheet and (key.name == "esc" or not sheet.pausing):
                talk.press(key)
        if not talk.over:
            self._display.draw(talk.sheet)

    def _do(self, press: Press) -> None:
        if press.command == "show":
            self._open("show", dialogs.terminal(press.number), self._show_terminal)
        else:
            self._commands.get(press.command, self._display.bell)()

    def _show_status(self) -> None:
        self._open("status", dialogs.status(self._terminal, self._names.prefix))

    def _answer(self) -> None:
        self._display.answering()
        self._open("answer", answering(self._names))

    def _detach(self) -> None:
        self._tell_seat(Detach("left on purpose"))
        raise Left(f"`{self._names.program} reattach` comes back")

    def _show_terminal(self, name: Optional[str]) -> None:
        if name and name != self._terminal:
            self._tell_seat(Attach(name, *window_size(self._in)))

    # --- the reins --------------------------------------------------------------------------

    def _pull(self, command: str, **args: object) -> None:
        """Do at once what takes from the engineers."""
        try:
            if self._reins is None:
                self._reins = RecorderLink(self._connect())
            self._reins.send(Do(command, args))
        except (Failed, OSError):
            self._lose_reins()

    def _from_reins(self) -> None:
        link = self._reins
        if link is None:
            return
        try:
            link.flush()
            for message in link.receive():
                if isinstance(message, Error):
                    self._display.notice("urgent", dialogs.sentence(message))
                elif isinstance(message, Done) and self._command == "status":
                    self._show_status()
        except (EOFError, OSError, RemoteProtocolError):
            self._lose_reins()

    def _lose_reins(self) -> None:
        if self._reins is not None:
            self._reins.close()
            self._reins = None
        self._display.bell()

    # --- dialogs ----------------------------------------------------------------------------

    def _open(
        self,
        command: str,
        dialog: Dialog[Any],
        then: Callable[[Any], None] = lambda result: None,
    ) -> None:
        """Begin a dialog, in place of one that is open; ``then`` gets its result, or None."""
        before, last = self._conversation, self._then
        self._conversation, self._command, self._then = None, command, then
        if before is not None:
            before.close()
            last(before.result)
        self._keys, self._answer_at = KeyReader(), None
        self._conversation = Conversation(dialog, self._connect, self._clock)

    def _converse(self, ready: Set[int]) -> None:
        """Carry on the dialog, and begin the next where one waits."""
        talk = self._conversation
        if talk is not None:
            if talk.link is not None and talk.link.fileno() in ready:
                talk.flush()
                talk.receive()
            talk.tick()
            if not talk.over and talk.sheet is not None:
                self._show(talk.sheet)
            elif talk.over:
                self._conversation, self._command = None, ""
                if self._display.uncover():
                    self._tell_seat(Attach(self._terminal, *window_size(self._in)))
                self._then(talk.result)
        if self._conversation is None and self._consents:
            asked = self._consents.pop(0)
            self._open("consent", dialogs.consent(asked), self._answering(asked))
            self._converse(set())

    def _show(self, sheet: Sheet) -> None:
        """Draw a sheet that is not drawn; one that pauses goes on when the customer has seen it."""
        if sheet is not self._display.shown:
            self._answer_at = None
            self._display.draw(sheet)
        elif sheet.pausing and self._display.settled:
            if self._answer_at is None:
                self._answer_at = self._clock() + _PAUSE_SECONDS
            elif self._clock() >= self._answer_at:
                sheet.pausing, self._answer_at = False, None
                self._display.draw(sheet)

    def _answering(self, asked: Consent) -> Callable[[Optional[str]], None]:
        """What answers a consent that somebody else asked for; nothing typed is a no."""

        def answer(typed: Optional[str]) -> None:
            self._tell_seat(Consented(asked.n, typed or ""))

        return answer

    # --- the seat ---------------------------------------------------------------------------

    def _tell_seat(self, message: Message) -> bool:
        """Send; False where there is no room for it."""
        try:
            return self._seat.send(message)
        except OSError:
            raise self._gone() from None

    def _from_seat(self) -> None:
        try:
            self._seat.flush()
            if self._display.full:
                return
            for message in self._seat.receive():
                self._take(message)
        except (EOFError, OSError):
            raise self._gone() from None
        except RemoteProtocolError as error:
            raise Left(f"the recorder makes no sense: {error}") from None

    def _gone(self) -> Left:
        again = f"`{self._names.program} reattach` starts it again, in a new shell"
        return Left(self._error or f"the recorder is gone; {again}")

    def _take(self, message: Message) -> None:
        if isinstance(message, Output):
            self._display.show(message.data)
        elif isinstance(message, Attached):
            self._terminal = message.terminal
            self._display.begin()
        elif isinstance(message, Title):
            self._display.title(message.text)
        elif isinstance(message, Notice):
            self._display.notice(message.kind, message.text)
        elif isinstance(message, Consent):
            self._consents.append(message)
        elif isinstance(message, Ended):
            self._status = message.status
        elif isinstance(message, Detach):
            raise Left(message.reason)
        elif isinstance(message, Error):
            self._refused(message)

    def _refused(self, error: Error) -> None:
        """What the recorder would not do; where it closes the connection, that was why."""
        if not self._terminal:
            raise Left(error.message)
        self._error = error.message
        self._display.notice("urgent", dialogs.sentence(error))


def _has_second_screen() -> bool:
    name = os.environ.get("TERM", "dumb")
    return not name.startswith(_UNCOVERING) or "TMUX" in os.environ
