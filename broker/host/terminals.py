"""The terminals of one run of the recorder: opened, found, marked, hung up together."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import replace
from typing import Any, Callable, Coroutine, Dict, List

from broker.host.pty import ShellPlan
from broker.host.recorded import Listener, RecordedTerminal, Size
from broker.host.spool import Spool
from broker.wire.names import terminal_name

MOST = 9
HANG_UP_SECONDS = 2.0


class NoTerminal(Exception):
    """There is no terminal to attach to; says why."""


class Terminals(Dict[str, RecordedTerminal]):
    """Those that are open, by the names of their recordings, oldest first."""

    def __init__(
        self,
        run: int,
        spool: Spool,
        clock: Callable[[], float],
        plan: ShellPlan,
        began_wall: float,
    ) -> None:
        super().__init__()
        self._run = run
        self._spool = spool
        self._clock = clock
        self._plan = plan
        self._began_wall = began_wall
        self._opened = self._coming = 0
        self._opening = asyncio.Lock()
        self._none = asyncio.Event()
        self._none.set()

    async def named(self, name: str, size: Size, listener: Listener) -> RecordedTerminal:
        """The terminal of this name; of no name: the first one, opened where there is none.

        Raises NoTerminal, and OSError where the shell can't be started.
        """
        if name:
            if name not in self:
                raise NoTerminal("that terminal is closed")
            return self[name]
        async with self._opening:
            for terminal in self.values():
                return terminal
            return await self._open(size, listener)

    def another(self, listener: Listener) -> Coroutine[Any, Any, RecordedTerminal]:
        """One more, of the size of the first; it counts from this call on, and is to be awaited.

        Raises NoTerminal and OSError, when awaited.
        """
        self._coming += 1
        return self._another(listener)

    async def _another(self, listener: Listener) -> RecordedTerminal:
        try:
            async with self._opening:
                if len(self) >= MOST:
                    raise NoTerminal(f"{MOST} terminals are open already")
                size = next((one.size for one in self.values()), (80, 24))
                return await self._open(size, listener)
        finally:
            self._coming -= 1

    @property
    def expected(self) -> int:
        """How many are open, or about to be."""
        return len(self) + self._coming

    async def _open(self, size: Size, listener: Listener) -> RecordedTerminal:
        self._opened += 1
        stream = self._spool.create(terminal_name(self._run, self._opened))
        terminal = RecordedTerminal(stream, self._clock, size, listener)
        env = {**self._plan.env, "JUMPSEAT_TERMINAL": terminal.name}
        await terminal.open(replace(self._plan, env=env), self._began_wall)
        self[terminal.name] = terminal
        self._none.clear()
        return terminal

    def gone(self, terminal: RecordedTerminal) -> None:
        """Its shell has ended."""
        self.pop(terminal.name, None)
        if not self:
            self._none.set()

    def mark(self, label: str) -> None:
        """Put a marker into every recording."""
        for terminal in self.values():
            terminal.mark(label)

    def drop_guests(self) -> None:
        """What engineers have typed and no program has read yet is forgotten."""
        for terminal in self.values():
            terminal.drop_guests()

    @property
    def missing(self) -> List[RecordedTerminal]:
        """Those whose recording a full disk has stopped."""
        return [one for one in self.values() if one.gap_since is not None]

    @property
    def shells(self) -> List[int]:
        """The processes of their shells."""
        return [one.pid for one in self.values()]

    async def hang_up(self) -> None:
        """Tell all shells that their terminals are gone; those that stay are killed."""
        for signum in (signal.SIGHUP, signal.SIGKILL):
            for terminal in list(self.values()):
                terminal.hang_up(signum)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._none.wait(), HANG_UP_SECONDS)
