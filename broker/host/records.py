"""What one run writes: its session log, in the session's spool, kept safe and within the disk."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Optional

from broker.host.earlier_runs import entries, last_told, told_until
from broker.host.log_writer import LogWriter
from broker.host.lost_streams import STREAM_LOST, lost
from broker.host.receipts import receipted
from broker.host.slowing import Slowing
from broker.host.spool import DISK_ERROR, DISK_FULL, SPOOL_LIMIT, Spool, StreamFile
from broker.host.spool_limit import Level
from broker.host.terminals import Terminals
from broker.recording.session_log import Entry
from broker.wire.names import log_name, parse_stream

NOTICES: Mapping[str, str] = {
    DISK_FULL: "the disk is full: nothing is recorded until there is room",
    DISK_ERROR: "the disk reports errors: nothing is recorded until it takes what it had refused",
    SPOOL_LIMIT: "as much waits here for the broker as you have allowed (spool): nothing is "
    "recorded until it has taken some",
}
"""What the customer is told when recording stops, by the cause that the gap will have."""
_SLOWED = (
    "what waits here for the broker nears what you have allowed (spool), or the disk's room: "
    "floods of output are slowed"
)
FOLDER_GONE = (
    "the session's folder was removed from this host: what is recorded is kept nowhere here, "
    "and goes to the broker as long as this recorder runs"
)
_GOES_ON = "there is room again: recording goes on"


class Records:
    """The streams of a session, those of earlier runs included; recordings up to ``most`` bytes.

    Raises Failed where another recorder has them.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.spool = Spool(folder, most)
        self.last_run = self.spool.recovered()
        """The number of the last run before this one; 0: none."""
        self._safe = self.spool.make_safe(last_told(self.streams))
        self._log: Optional[LogWriter] = None
        self._syncing = self._sync_failed = self._gone = False
        self._slowing = Slowing(0.0)
        self._clock: Callable[[], float] = lambda: 0.0

    @property
    def streams(self) -> Dict[str, StreamFile]:
        """All of them, by name."""
        return self.spool.streams

    def entries(self) -> Iterator[Entry]:
        """What the logs so far say, run after run. Blocking; raises OSError."""
        logs = [name for name in self.streams if parse_stream(name).is_log]
        for name in sorted(logs, key=parse_stream):
            yield from entries(self.streams[name])

    def told_until(self, *, rebooted: bool) -> float:
        """The session time at which a gap ahead of this run begins. Blocking; raises OSError."""
        return told_until(self.streams, rebooted=rebooted, safe=self._safe)

    def begin_log(
        self,
        run: int,
        clock: Callable[[], float],
        on_label: Callable[[str], None],
        on_grown: Callable[[], None],
    ) -> None:
        """Open this run's log; until then, and once it is closed, entries go nowhere."""
        self._clock, self._slowing = clock, Slowing(clock())
        stream = self.spool.create(log_name(run))
        self._log = LogWriter(stream, self.spool, clock, on_label, on_grown)

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log, now or as soon as the disk takes it."""
        if self._log is not None:
            self._log.write(event, **fields)

    def log_lost(self) -> None:
        """Say what of earlier runs is not here any more. Blocking; raises OSError."""
        signed: Dict[str, int] = {}
        with contextlib.suppress(OSError):
            signed = receipted(self.spool.folder)
        for one in lost(self.streams, signed, self.last_run, self._clock()):
            self.log("gap", **vars(one), cause=STREAM_LOST)

    def close_log(self) -> None:
        """That was the last entry; whatever else notes the end may have the reserve."""
        with contextlib.suppress(OSError):
            self.spool.use_reserve()
        self._note_slowing(slow=False)
        self._log = None

    def make_room(self, terminals: Terminals, unheld: int) -> List[str]:
        """Look at the disk and the limit, the broker lacking ``unheld`` bytes: go on, or slow down.

        What waits is written where it can be. What the customer is to be told.
        """
        room = self.spool.room
        self.spool.limit.measured(unheld, room)
        stopped = terminals.missing
        if room > 0 and self._log is not None and self._log.behind:
            self._log.catch_up()
        # Not before the log has it that something is missing: killed, nobody else would tell.
        may = room > 0 and not (self._log is not None and self._log.behind)
        goes_on = [
            terminal
            for terminal in stopped
            if may and terminal.cast.mended and self.spool.limit.level is not Level.FULL
        ]
        for terminal in goes_on:
            terminal.cast.end_gap()
        self.spool.set_aside()
        begun = self._note_slowing(slow=self.spool.slow and not stopped)
        told = [*([_GOES_ON] if goes_on else []), *([_SLOWED] if begun else [])]
        return told if self._gone or self.spool.is_there else [*told, self._note_gone()]

    def _note_gone(self) -> str:
        self._gone = True
        self.log("limit", what="folder", why=FOLDER_GONE)
        return FOLDER_GONE

    def _note_slowing(self, *, slow: bool) -> bool:
        begun, ended = self._slowing.look(self._clock(), slow=slow)
        if ended is not None:
            since, until = ended
            self.log("slowed", since=since, until=until)
        return begun

    async def sync(self) -> None:
        """Make what was written survive a power cut; nothing where that is being done already.

        Raises OSError where that fails, and was not failing before.
        """
        if self._syncing:
            return
        self._syncing = True
        try:
            await asyncio.get_running_loop().run_in_executor(None, self.spool.sync)
            self._sync_failed = False
        except OSError:
            if not self._sync_failed:
                self._sync_failed = True
                raise
        finally:
            self._syncing = False

    async def settle(self, failed: Callable[[BaseException], None]) -> None:
        """Make safe what was written last. What the disk has failed at is written anew, once."""
        with contextlib.suppress(OSError):
            self.spool.use_reserve()
        for _ in range(2):
            try:
                await asyncio.get_running_loop().run_in_executor(None, self.spool.sync)
                return
            except OSError as error:
                failed(error)
