"""The customer's own terminal: its size, raw mode, and the signals that concern it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import termios
import tty
from contextlib import contextmanager
from typing import Iterator, Tuple

_SIGNALS = (signal.SIGWINCH, signal.SIGTERM, signal.SIGHUP)


def window_size(fd: int) -> Tuple[int, int]:
    """Columns and rows; 80 by 24 where the terminal does not know, or is gone."""
    try:
        rows, cols, _, _ = struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))
    except OSError:
        return 80, 24
    return cols or 80, rows or 24


@contextmanager
def raw(fd: int) -> Iterator[None]:
    """Every key as it is typed, and nothing printed by itself; as it was before at the end."""
    before = termios.tcgetattr(fd)
    tty.setraw(fd)
    try:
        yield
    finally:
        # Now, and not when all is printed: a terminal that stands still would hold us for ever.
        with contextlib.suppress(termios.error):  # the terminal is gone: nothing to restore
            termios.tcsetattr(fd, termios.TCSANOW, before)


@contextmanager
def signals() -> Iterator[int]:
    """A file descriptor that gives a byte for each signal that came: the signal's number.

    The signals are a changed window, and those that end us; within this they do nothing else.
    Works in the main thread only.
    """
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    before = {signum: signal.signal(signum, lambda *_: None) for signum in _SIGNALS}
    try:
        yield read
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(read)
        os.close(write)
