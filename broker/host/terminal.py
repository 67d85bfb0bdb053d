"""The customer's view: their own terminal in raw mode, joined to a recorded one.

It holds nothing that matters. Closing it is leaving, not ending.
"""

from __future__ import annotations

import fcntl
import os
import re
import selectors
import signal
import socket
import struct
import sys
import termios
import tty
from contextlib import contextmanager
from typing import Iterator, Optional, Tuple

from broker.host.invocation import spoken
from broker.host.redraw import RESET
from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.messages import (
    Attach,
    Attached,
    Detach,
    Ended,
    Error,
    Input,
    Message,
    Notice,
    Output,
    Resize,
    Title,
)

_READ_BYTES = 64 * 1024
_KEYS_BYTES = 4096
_ALTERNATE = re.compile(rb"\x1b\[\?(?:1049|1047|47)([hl])")


def window_size(fd: int) -> Tuple[int, int]:
    """Columns and rows; 80 by 24 where the terminal does not know."""
    rows, cols, _, _ = struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))
    return cols or 80, rows or 24


class Left(Exception):
    """The seat is given up; says why, to the customer."""


class TerminalView:
    """The customer's terminal at a recorder's socket, until either goes."""

    def __init__(self, recorder: socket.socket, stdin: int, stdout: int) -> None:
        self._recorder = recorder
        self._in = stdin
        self._out = stdout
        self._unpacker = Unpacker()
        self._terminal = ""
        self._full_screen = False
        self._status: Optional[int] = None

    def run(self) -> int:
        """Take the seat and keep it; the exit status of the shell.

        Raises Left where the seat is lost before the shell has ended.
        """
        self._send(Attach("", *window_size(self._in)))
        with _resizes() as resized, _raw(self._in), selectors.DefaultSelector() as selector:
            for fd in (self._in, resized, self._recorder.fileno()):
                selector.register(fd, selectors.EVENT_READ)
            try:
                while self._status is None:
                    for key, _ in selector.select():
                        if key.fd == self._in:
                            self._keys()
                        elif key.fd == resized:
                            os.read(resized, 4096)
                            self._send(Resize(*window_size(self._in)))
                        else:
                            self._from_recorder()
            finally:
                self._print(RESET if self._full_screen else b"\x1b[0m\x1b[?25h\x1b[?2004l")
        return self._status

    def _keys(self) -> None:
        try:
            data = os.read(self._in, _KEYS_BYTES)
        except OSError:
            data = b""
        if not data:
            raise Left("the terminal was closed")
        self._send(Input(self._terminal, "", data))

    def _from_recorder(self) -> None:
        data = self._recorder.recv(_READ_BYTES)
        if not data:
            raise Left(
                f"the recorder is gone; `{spoken()} reattach` starts it again, in a new shell"
            )
        for encoded in self._unpacker.feed(data):
            self._take(decode(encoded))

    def _take(self, message: Message) -> None:
        if isinstance(message, Output):
            for found in _ALTERNATE.finditer(message.data):
                self._full_screen = found[1] == b"h"
            self._print(message.data)
        elif isinstance(message, Attached):
            self._terminal = message.terminal
        elif isinstance(message, Title):
            self._print(b"\x1b]2;" + message.text.encode() + b"\x07")
        elif isinstance(message, Notice):
            self._notice(message)
        elif isinstance(message, Ended):
            self._status = message.status
        elif isinstance(message, Detach):
            raise Left(message.reason)
        elif isinstance(message, Error):
            raise Left(message.message)

    def _notice(self, notice: Notice) -> None:
        """What is urgent disturbs a screen that can bear it."""
        if notice.kind == "urgent" and not self._full_screen:
            self._print(b"\r\n\x1b[7m jumpseat \x1b[0m " + notice.text.encode() + b"\r\n")

    def _print(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._out, view) :]

    def _send(self, message: Message) -> None:
        self._recorder.sendall(pack(encode(message)))


@contextmanager
def _raw(fd: int) -> Iterator[None]:
    before = termios.tcgetattr(fd)
    tty.setraw(fd)
    try:
        yield
    finally:
        try:
            termios.tcsetattr(fd, termios.TCSADRAIN, before)
        except termios.error:
            sys.stderr.write("")  # the terminal is gone: nothing is left to restore


@contextmanager
def _resizes() -> Iterator[int]:
    """A file descriptor that becomes readable when the window's size has changed."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    old = signal.signal(signal.SIGWINCH, lambda *_: None)
    try:
        yield read
    finally:
        signal.signal(signal.SIGWINCH, old)
        signal.set_wakeup_fd(before)
        os.close(read)
        os.close(write)
