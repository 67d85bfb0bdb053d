"""Printing on the customer's terminal, by a thread of its own.

A write to a terminal that stands still waits, and nothing else may wait for it. The file
descriptor stays as it is: it is shared with the shell that started us, so it can't be made
non-blocking.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from typing import Deque, Optional

QUEUE_BYTES = 256 * 1024
"""With more than this queued a printer is ``full``: whoever has bulk to print should wait."""
_WRITE_BYTES = 16 * 1024


class Printer:
    """Prints in order what it is given. For use by one thread beside its own."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._queue: Deque[bytes] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._closing = False
        self._error: Optional[OSError] = None
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._woken, False)
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Becomes readable when everything was printed, or can't be; then call ``look``."""
        return self._wake

    @property
    def queued(self) -> int:
        """The bytes that are not yet taken by the terminal."""
        with self._changed:
            return self._size

    @property
    def full(self) -> bool:
        """Whether no more bulk should come."""
        return self.queued > QUEUE_BYTES

    def write(self, data: bytes) -> None:
        """Print, after all that was given before; never waits."""
        if data:
            with self._changed:
                self._queue.append(data)
                self._size += len(data)
                self._changed.notify_all()

    def look(self) -> None:
        """Find out how it goes. Raises OSError where the terminal is gone."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)
        if self._error is not None:
            raise self._error

    def close(self, seconds: float) -> bool:
        """Print the rest, unless the terminal takes nothing for so long; whether it all was."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        before = -1
        while self._thread.is_alive() and self.queued != before:
            before = self.queued
            self._thread.join(seconds)
        if self._thread.is_alive():
            return False  # a daemon: it ends with the process
        os.close(self._wake)
        os.close(self._woken)
        return self._error is None

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    if self._closing:
                        return
                    self._changed.wait()
                piece = self._queue.popleft()
            try:
                self._print(piece)
            except OSError as error:
                self._error = error
                self._tell()
                return
            if self.queued == 0:
                self._tell()

    def _print(self, piece: bytes) -> None:
        view = memoryview(piece)
        while view:
            written = os.write(self._fd, view[:_WRITE_BYTES])
            view = view[written:]
            with self._changed:
                self._size -= written

    def _tell(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._woken, b"\0")
