"""A recorder's process ends when it is to, also where the disk or a program does not let go."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any, Callable, Coroutine

STOP_SECONDS = 16.0
"""From SIGTERM to the process's end, whatever hangs; each part of it has its own limit."""
LOGINS_SECONDS = 5.0
SETTLE_SECONDS = 3.0
CLOSE_SECONDS = 5.0
"""For what is still under way when a run is over and nothing is waited for."""


def ends_within(seconds: float) -> None:
    """End this process then, unless it has: a thread that a disk holds would keep it for as long.

    What the disk has not taken by then is lost as by a crash, and the next run's gap tells of it.
    """
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()


async def at_most(
    seconds: float, work: Coroutine[Any, Any, None], failed: Callable[[BaseException], None]
) -> None:
    """Do this, and give it up after so long."""
    try:
        await asyncio.wait_for(work, seconds)
    except (asyncio.TimeoutError, OSError) as error:
        failed(error)
