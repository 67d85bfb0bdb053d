"""An event loop whose time goes by only when nothing is left to do, and whose threads take turns.

A process of the simulation is everything that was begun in one ``Life``. When it is over, its
timers and jobs are forgotten and its tasks cancelled; what those still do reaches nothing, as disk
and network know the life that is over.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from asyncio import events
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from typing import Any, TypeVarTuple


class Gone(BaseException):
    """The process that called is no more: it was killed, or its machine lost power, in the call."""


class Life:
    """One process, from its start to its end. ``ended`` is called once, in its last moment."""

    def __init__(self, name: str, ended: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self.over = False
        self.ended = ended
        self.tasks: set[asyncio.Task[Any]] = set()

    def end(self) -> None:
        """Nothing of it runs from now on."""
        if not self.over:
            self.over = True
            self.ended()
            for task in sorted(self.tasks, key=lambda one: one.get_name()):
                task.cancel()

    def run(self, work: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401 - what it gives
        """Call ``work`` as this process; None where it went in the middle of it."""
        context = Context()
        context.run(LIFE.set, self)
        try:
            return context.run(work, *args)
        except Gone:
            return None


_Ts = TypeVarTuple("_Ts")

LIFE: ContextVar[Life] = ContextVar("life")


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs in no time. ``thread_seconds``: how long a job takes in a thread."""

    def __init__(self, chance: random.Random, failed: Callable[[str], None]) -> None:
        super().__init__()
        self.chance = chance
        self.slow = False
        """Whether disks, and so whatever runs in threads, are slow."""
        self.steps = 0
        self._now = 0.0
        self._failed = failed
        self._named = 0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._pending: Any = self._ready  # type: ignore[attr-defined]
        factory: Any = self._task
        self.set_task_factory(factory)
        self.set_exception_handler(self._broke)

    def time(self) -> float:
        """Seconds since the simulation began."""
        return self._now

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio has it."""
        timer = events.TimerHandle(when, callback, args, self, context)
        self.steps += 1
        heapq.heappush(self._timers, (when, self.steps, timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Called by asyncio."""

    def _run_once(self) -> None:
        pending, timers = self._pending, self._timers
        if not pending:
            while timers and timers[0][2].cancelled():
                heapq.heappop(timers)
            if not timers:
                raise RuntimeError("nothing will ever happen again")
            self._now = max(self._now, timers[0][0])
            while timers and timers[0][0] <= self._now:
                timer = heapq.heappop(timers)[2]
                life = timer._context.get(LIFE, None)  # type: ignore[attr-defined]
                if not timer.cancelled() and not (life is not None and life.over):
                    pending.append(timer)
        for _ in range(len(pending)):
            handle = pending.popleft()
            if not handle._cancelled:
                handle._run()

    def run_in_executor(
        self, executor: object, func: Callable[..., Any], *args: object
    ) -> asyncio.Future[Any]:
        """A job: it is done at some moment, and its result is known some time after that."""
        future: asyncio.Future[Any] = self.create_future()
        mean = 0.4 if self.slow else 0.002

        def tell(result: object, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        def work() -> None:
            result, error = None, None
            try:
                result = func(*args)
            except Gone:
                return
            except Exception as why:  # noqa: BLE001 - as an executor does
                error = why
            self.call_later(self.chance.expovariate(1 / mean), tell, result, error)

        self.call_later(self.chance.expovariate(1 / mean), work)
        return future

    def _task(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any],
        context: Context | None = None,
    ) -> asyncio.Task[Any]:
        self._named += 1
        task = asyncio.Task(work, loop=loop, name=f"{self._named:09}", context=context)
        life = context.get(LIFE, None) if context is not None else LIFE.get(None)
        if life is not None:
            life.tasks.add(task)
            task.add_done_callback(life.tasks.discard)
            if life.over:
                task.cancel()
        return task

    def _broke(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, Gone):
            self._failed(f"{context['message']}: {error!r}")

    def _process_events(self, event_list: object) -> None:
        """Called by asyncio: there are none."""

    def call_soon_threadsafe(
        self,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """There are no other threads."""
        return self.call_soon(callback, *args, context=context)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """There is none."""
