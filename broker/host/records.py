"""What one run writes: its session log, in the session's spool, kept safe and within the disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Callable, Dict, Iterator, Optional

from broker.host.earlier_runs import entries
from broker.host.log_writer import LogWriter
from broker.host.spool import Spool, StreamFile
from broker.host.terminals import Terminals
from broker.recording.session_log import Entry
from broker.wire.names import log_name, parse_stream


class Records:
    """The streams of a session, those of earlier runs included.

    Raises Failed where another recorder has them.
    """

    def __init__(self, folder: Path) -> None:
        self.spool = Spool(folder)
        self.last_run = self.spool.recovered()
        """The number of the last run before this one; 0: none."""
        self._log: Optional[LogWriter] = None
        self._syncing = False

    @property
    def streams(self) -> Dict[str, StreamFile]:
        """All of them, by name."""
        return self.spool.streams

    def entries(self) -> Iterator[Entry]:
        """What the logs so far say, run after run. Blocking; raises OSError."""
        logs = [name for name in self.streams if parse_stream(name).is_log]
        for name in sorted(logs, key=parse_stream):
            yield from entries(self.streams[name])

    def begin_log(
        self,
        run: int,
        clock: Callable[[], float],
        on_label: Callable[[str], None],
        on_grown: Callable[[], None],
    ) -> None:
        """Open this run's log; until then, and once it is closed, entries go nowhere."""
        stream = self.spool.create(log_name(run))
        self._log = LogWriter(stream, self.spool, clock, on_label, on_grown)

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log, now or as soon as the disk takes it."""
        if self._log is not None:
            self._log.write(event, **fields)

    def close_log(self) -> None:
        """That was the last entry."""
        self._log = None

    def make_room(self, terminals: Terminals) -> bool:
        """Where the disk takes more again, write what waits; whether recordings go on by that."""
        missing = terminals.missing
        behind = self._log is not None and self._log.behind
        resumed = False
        if (missing or behind) and self.spool.has_room():
            if self._log is not None:
                self._log.catch_up()
            for terminal in missing:
                terminal.cast.end_gap()
            resumed = bool(missing)
        self.spool.set_aside()
        return resumed

    async def sync(self) -> None:
        """Make what was written survive a power cut; nothing where that is being done already."""
        if self._syncing:
            return
        self._syncing = True
        try:
            await asyncio.get_running_loop().run_in_executor(None, self.spool.sync)
        finally:
            self._syncing = False
