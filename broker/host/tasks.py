"""The one way to start a task on the customer's side, where TaskGroup does not exist yet (3.9)."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Coroutine, Set

_running: Set[asyncio.Task[Any]] = set()  # keeps tasks alive: the loop holds weak references only


def spawn(work: Coroutine[Any, Any, None], failed: Callable[[BaseException], None]) -> None:
    """Run ``work`` beside the caller. An exception in it is given to ``failed``, never lost."""
    task = asyncio.get_running_loop().create_task(work)
    _running.add(task)

    def done(task: asyncio.Task[None]) -> None:
        _running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            failed(error)

    task.add_done_callback(done)
