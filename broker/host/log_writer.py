"""Writes a run's session log: in order, in time, and also when the disk is full."""

from __future__ import annotations

from collections import deque
from typing import Callable, Deque

from broker.host.spool import NotTaken, Spool, StreamFile
from broker.recording import session_log, timeline

_WAITING_ENTRIES = 1000
"""Entries that wait for a full disk, beyond the reserve; then the oldest are given up."""


class LogWriter:
    """The log of one run.

    ``on_label`` gets the words of each entry that people would jump to, ``on_grown`` is called
    when the log has grown.
    """

    def __init__(
        self,
        stream: StreamFile,
        spool: Spool,
        clock: Callable[[], float],
        on_label: Callable[[str], None],
        on_grown: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._spool = spool
        self._clock = clock
        self._on_label = on_label
        self._on_grown = on_grown
        self._waiting: Deque[bytes] = deque(maxlen=_WAITING_ENTRIES)

    def write(self, event: str, **fields: object) -> None:
        """Write an entry now, or as soon as the disk takes it."""
        line = session_log.encode(self._clock(), event, **fields)
        self._waiting.append(line)
        self.catch_up()
        label = timeline.label(session_log.decode(line.decode()))
        if label is not None:
            self._on_label(label)

    @property
    def behind(self) -> bool:
        """Whether entries wait for room on the disk."""
        return bool(self._waiting)

    def catch_up(self) -> None:
        """Write what waits; a full disk takes it from the reserve, else later."""
        for _ in range(2):
            try:
                while self._waiting:
                    self._stream.append(self._waiting[0])
                    self._waiting.popleft()
            except NotTaken:
                self._spool.use_reserve()
        self._on_grown()
