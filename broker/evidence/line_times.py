"""The session times of lines, found while a stream is read once. Pure."""

from __future__ import annotations

import re
from typing import Dict, Iterable, Optional

_HEAD = 48  # bytes of a line in which its time is
_TIME = re.compile(rb'(?:\[|\{"t": ?)(\d{1,12}(?:\.\d{1,9})?(?:e-\d{1,2})?)[,}]')


class LineTimes:
    """Tells the time of the line in which each of the ``marks`` (offsets) lies.

    Feed it the stream; then ``found`` has, by mark, seconds since the session began, or None where
    the line has no time: a recording's header, or nonsense. ``first`` is the time of the second
    line, which in a recording is the first that has one.
    """

    def __init__(self, marks: Iterable[int]) -> None:
        self.found: Dict[int, Optional[float]] = {}
        self.first: Optional[float] = None
        self._marks = sorted(set(marks), reverse=True)
        self._base = 0
        """Where the buffer begins."""
        self._head = b""
        """How the line in which the buffer begins began, before it."""
        self._buffer = b""
        self._second: Optional[int] = None

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        self._buffer += piece
        self._settle(len(self._buffer) - _HEAD)

    def end(self) -> None:
        """Those were all."""
        self._settle(len(self._buffer))

    def _settle(self, upto: int) -> None:
        """Find what lies before ``upto`` in the buffer, and forget that part of it."""
        if upto <= 0:
            return
        while self._marks and self._marks[-1] - self._base < upto:
            mark = self._marks.pop()
            self.found[mark] = self._time_at(mark - self._base)
        if self._second is None:
            newline = self._buffer.find(b"\n", 0, upto)
            if newline >= 0:
                self._second = self._base + newline + 1
        if self._second is not None and self._base <= self._second < self._base + upto:
            self.first = self._time_at(self._second - self._base)
        start = self._buffer.rfind(b"\n", 0, upto) + 1
        before = b"" if start else self._head
        self._head = (before + self._buffer[start : min(upto, start + _HEAD)])[:_HEAD]
        self._buffer = self._buffer[upto:]
        self._base += upto

    def _time_at(self, at: int) -> Optional[float]:
        start = self._buffer.rfind(b"\n", 0, at) + 1
        before = b"" if start else self._head
        found = _TIME.match((before + self._buffer[start : start + _HEAD])[:_HEAD])
        return float(found[1]) if found else None
