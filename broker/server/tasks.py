"""The one way to start work beside the caller in the broker: supervised, named, ended in order."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger()


class Tasks:
    """Background work of one process. What fails is logged once and takes nothing else along."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()  # the loop itself holds weak references

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> Callable[[], None]:
        """Run ``work`` until it ends, the broker closes or the returned function is called."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)

        def cancel() -> None:
            task.cancel()

        return cancel

    async def close(self) -> None:
        """Cancel what still runs and wait for it. Safe to call twice."""
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.wait(self._running)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task failed", task=task.get_name(), exc_info=error)
