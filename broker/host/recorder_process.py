"""Starts a recorder as a process of its own, which outlives whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Callable

from broker.host.ending import CLOSE_SECONDS, ends_within
from broker.host.recorder import Recorder


async def _record(folder: Path, ready: Callable[[], None]) -> None:
    await Recorder(folder, ready).serve()
    ends_within(CLOSE_SECONDS)


def main(folder: Path) -> int:
    """Leave the caller behind, and record until the session is over.

    The caller's process ends when the recorder listens (status 0) or has failed to (status 1).
    """
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(told, 1) else 1
    os.close(told)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def ready() -> None:
        os.write(tell, b".")
        os.close(tell)

    asyncio.run(_record(folder, ready))
    return 0
