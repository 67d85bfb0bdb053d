"""The exec journal as the recorder has it: a process of its own while the grant lasts.

It is not the recorder's loop that reads /proc: a build at another terminal begins thousands of
programs a second. What comes from the process is bounded, and masked already.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Optional, Protocol, Sequence, Set

from broker.host.execs.seen import standing
from broker.host.invocation import command
from broker.host.tasks import spawn

END_SECONDS = 2.0
_OURS_STILL_SECONDS = 3.0
"""So long after its end a terminal counts as ours: what ran there is told a moment later."""
_LONGEST_LINE_BYTES = 1024 * 1024


class Owner(Protocol):
    """The recorder."""

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


class ExecJournal:
    """Lists the programs that are begun at other terminals; nothing where ``others`` is off.

    ``masks``: what follows these texts is masked, beside what always is.
    ``shells``: the processes that lead the session's own terminals. ``clock``: session time.
    """

    def __init__(
        self,
        others: str,
        masks: Sequence[str],
        shells: Callable[[], Iterable[int]],
        clock: Callable[[], float],
        owner: Owner,
    ) -> None:
        self._masks = list(masks)
        self._shells = shells
        self._clock = clock
        self._owner = owner
        self._on = others != "off"
        self._process: Optional[asyncio.subprocess.Process] = None
        self._over = asyncio.Event()
        self._over.set()
        self._leaving = False
        self._limits: Set[str] = set()
        self._seen: Dict[int, float] = {}
        self._told: FrozenSet[int] = frozenset()

    @property
    def processes(self) -> List[int]:
        """The process that watches, while there is one."""
        return [] if self._process is None else [self._process.pid]

    def look(self, *, live: bool) -> None:
        """Call every second or so: it watches while the grant is ``live``."""
        if not live:
            self.stop()
        elif self._process is not None:
            self._tell_own()
        elif self._on and self._over.is_set():
            self._over.clear()
            self._leaving = False
            spawn(self._run(), self._owner.failed)

    def stop(self) -> None:
        """No more of it; what was seen until now is still told."""
        self._leaving = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def finish(self) -> None:
        """No more of it, for good; waits a little for what was seen. Safe to cancel."""
        self._on = False
        self.stop()
        try:
            await asyncio.wait_for(self._over.wait(), END_SECONDS)
        except asyncio.TimeoutError:
            self._kill()

    async def _run(self) -> None:
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *command("execs"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=sys.stderr,
                start_new_session=True,
                limit=_LONGEST_LINE_BYTES,
            )
            await self._listen(process)
            if await process.wait() != 0 and not self._leaving:
                self._limit("the process that watched programs begin has ended")
        except (OSError, ValueError, KeyError, TypeError):
            self._limit("the programs that are begun can't be watched")
        finally:
            self._on = self._on and self._leaving  # what ended by itself is not tried again
            self._kill()
            self._process = None
            self._over.set()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Until it says no more. Raises OSError, and ValueError where it makes no sense."""
        self._told = frozenset()
        self._say({"masks": self._masks})
        self._tell_own()
        if self._leaving:
            self.stop()
        while process.stdout is not None:
            line = await process.stdout.readline()
            if not line:
                return
            self._take(json.loads(line))

    def _take(self, told: Dict[str, Any]) -> None:
        if "limit" in told:
            self._limit(str(told["limit"]))
            return
        now, here, own = self._clock(), time.monotonic(), self._own()
        ran = [one for one in told["ran"] if one.pop("tty") not in own]
        for one in ran:
            one["t"] = round(now - (here - one.pop("at")), 3)
        if ran or told["lost"]:
            self._owner.log("execs", ran=ran, lost=int(told["lost"]))

    def _own(self) -> FrozenSet[int]:
        """The session's own terminals: those that are open, and were just now."""
        now = self._clock()
        for pid in self._shells():
            stands = standing(pid)
            if stands is not None and stands.tty:
                self._seen[stands.tty] = now
        self._seen = {tty: at for tty, at in self._seen.items() if now - at < _OURS_STILL_SECONDS}
        return frozenset(self._seen)

    def _tell_own(self) -> None:
        own = self._own()
        if own != self._told:
            self._told = own
            self._say({"own": sorted(own)})

    def _say(self, told: Dict[str, Any]) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(json.dumps(told).encode() + b"\n")

    def _limit(self, why: str) -> None:
        if why not in self._limits:
            self._limits.add(why)
            self._owner.log("limit", what="execs", why=why)

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
