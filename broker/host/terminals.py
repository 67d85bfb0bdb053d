"""The terminals of one run of the recorder: opened, found, marked, hung up together."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import replace
from typing import Any, Callable, Coroutine, Dict, List, Sequence

from broker.host.logins.origin import OWN, Origin
from broker.host.masks import Mask
from broker.host.pty import ShellPlan
from broker.host.recorded import Listener, RecordedTerminal, Size
from broker.host.spool import Spool
from broker.wire.names import terminal_name

MOST = 9
MOST_LOGINS = 50
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
        masks: Sequence[Mask],
    ) -> None:
        super().__init__()
        self._run = run
        self._spool = spool
        self._clock = clock
        self.plan = plan
        """The shell that the session's own get."""
        self._began_wall = began_wall
        self._masks = masks
        self._opened = self._coming = 0
        self._opening = asyncio.Lock()
        self._over = False
        self._fewer = asyncio.Event()
        self.on_opening: Callable[[RecordedTerminal], None] = lambda terminal: None
        """Called before a terminal's shell begins, and may raise OSError."""
        self.on_gone: Callable[[RecordedTerminal], None] = lambda terminal: None

    async def named(self, name: str, size: Size, listener: Listener) -> RecordedTerminal:
        """The terminal of this name; of no name: the first one, opened where there is none.

        Raises NoTerminal, and OSError where the shell can't be started.
        """
        if name:
            if name not in self:
                raise NoTerminal("that terminal is closed")
            if not self[name].origin.customers:
                raise NoTerminal("that terminal is shown where it was opened, and nowhere else")
            return self[name]
        async with self._opening:
            for terminal in self.customers:
                return terminal
            return await self._open(size, listener, self.plan, OWN)

    def another(self, listener: Listener) -> Coroutine[Any, Any, RecordedTerminal]:
        """One more, of the size of the first; it counts from this call on, and is to be awaited.

        Raises NoTerminal and OSError, when awaited.
        """
        self._coming += 1
        return self._another(listener)

    async def _another(self, listener: Listener) -> RecordedTerminal:
        try:
            async with self._opening:
                size = next((one.size for one in self.customers), (80, 24))
                return await self._open(size, listener, self.plan, OWN)
        finally:
            self._coming -= 1

    async def here(
        self, size: Size, listener: Listener, plan: ShellPlan, origin: Origin
    ) -> RecordedTerminal:
        """One more, for whoever wants a shell where they are. Raises NoTerminal and OSError."""
        async with self._opening:
            return await self._open(size, listener, plan, origin)

    @property
    def customers(self) -> List[RecordedTerminal]:
        """Those at which the customer can be; the session goes with the last of them."""
        return [one for one in self.values() if one.origin.customers]

    @property
    def attended(self) -> bool:
        """Whether the customer is at one of them."""
        return any(one.attended for one in self.values())

    @property
    def logins(self) -> List[RecordedTerminal]:
        """The shells of logins, which are their users' alone."""
        return [one for one in self.values() if one.origin.login]

    @property
    def expected(self) -> int:
        """How many are open, or about to be, in which engineers may have something to do."""
        return len(self) - len(self.logins) + self._coming

    async def _open(
        self, size: Size, listener: Listener, plan: ShellPlan, origin: Origin
    ) -> RecordedTerminal:
        if self._over:
            raise NoTerminal("the session has ended")
        if origin.login and len(self.logins) >= MOST_LOGINS:
            raise NoTerminal(f"{MOST_LOGINS} logins are recorded already")
        if not origin.login and len(self) - len(self.logins) >= MOST:
            raise NoTerminal(f"{MOST} terminals are open already")
        self._opened += 1
        stream = self._spool.create(terminal_name(self._run, self._opened))
        terminal = RecordedTerminal(stream, self._clock, size, listener, self._masks, origin)
        terminal.uid = plan.user.uid
        self.on_opening(terminal)
        session = self.plan.env["JUMPSEAT_SESSION"]
        if not origin.login:
            plan = replace(plan, env={**plan.env, "JUMPSEAT_TERMINAL": terminal.name})
        await terminal.open(plan, session, self._began_wall)
        self[terminal.name] = terminal
        return terminal

    def gone(self, terminal: RecordedTerminal) -> None:
        """Its shell has ended."""
        self.pop(terminal.name, None)
        self.on_gone(terminal)
        self._fewer.set()

    def mark(self, label: str) -> None:
        """Put a marker into every recording."""
        for terminal in self.values():
            terminal.cast.mark(label)

    def drop_guests(self) -> None:
        """What engineers have typed and no program has read yet is forgotten."""
        for terminal in self.values():
            terminal.drop_guests()

    @property
    def missing(self) -> List[RecordedTerminal]:
        """Those whose recording has stopped, as nothing could be written."""
        return [one for one in self.values() if one.cast.gap_since is not None]

    @property
    def shells(self) -> List[int]:
        """The processes of their shells."""
        return [one.pid for one in self.values()]

    async def hang_up(self, *, logins: bool) -> None:
        """Tell all shells that their terminals are gone; those that stay are killed.

        ``logins``: those of logins, too. No terminal is opened any more.
        """
        self._over = True
        async with self._opening:
            pass  # a shell that is just being started is told as well
        for signum in (signal.SIGHUP, signal.SIGKILL):
            for terminal in self._those(logins=logins):
                terminal.hang_up(signum)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._left(logins=logins), HANG_UP_SECONDS)

    async def end(self, terminal: RecordedTerminal) -> None:
        """Tell this shell that its terminal is gone; one that stays is killed."""
        for signum in (signal.SIGHUP, signal.SIGKILL):
            if terminal.name in self:
                terminal.hang_up(signum)
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._without(terminal), HANG_UP_SECONDS)

    async def _without(self, terminal: RecordedTerminal) -> None:
        while terminal.name in self:
            await self._one_fewer()

    async def logins_left(self) -> None:
        """Wait until the last shell of a login has ended."""
        while self.logins:
            await self._one_fewer()

    def _those(self, *, logins: bool) -> List[RecordedTerminal]:
        return [one for one in self.values() if logins or not one.origin.login]

    async def _left(self, *, logins: bool) -> None:
        while self._those(logins=logins):
            await self._one_fewer()

    async def _one_fewer(self) -> None:
        self._fewer.clear()
        await self._fewer.wait()
