"""A real broker that is killed at one step of sealing or deleting: ``DATA PAGES CONFIG POINT``.

POINT: ``STEP:N:before`` or ``after``, the Nth time that the step is taken.
"""

import asyncio
import functools
import inspect
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from broker.server import app
from broker.server.at_rest import custody, sealing
from broker.server.configuration import read
from broker.server.receipts import SessionReceipts

_STEPS: dict[str, tuple[Any, str]] = {
    "encrypt": (sealing, "encrypt"),
    "say": (SessionReceipts, "say"),
    "rename": (Path, "replace"),
    "unlink": (Path, "unlink"),
    "sync": (sealing, "_sync"),
}


def _kill_at(point: str) -> None:
    step, count, when = point.split(":")
    owner, name = _STEPS[step]
    original = getattr(owner, name)
    left = int(count)

    def passed(at: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        streams = ("run-", "receipts")  # other files are no step of ours
        if owner is Path and not arguments[0].name.startswith(streams):
            return
        if at == when:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    @functools.wraps(original)
    def step_taken(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        if name == "unlink" and not arguments[0].exists():
            return original(*arguments, **named)
        passed("before", arguments)
        done = original(*arguments, **named)
        passed("after", arguments)
        return done

    @functools.wraps(original)
    async def awaited(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        passed("before", arguments)
        done = await original(*arguments, **named)
        passed("after", arguments)
        return done

    setattr(owner, name, awaited if inspect.iscoroutinefunction(original) else step_taken)


async def _ready(_broker: app.Broker) -> None:
    """It is killed before or after that."""


if __name__ == "__main__":
    data, pages, config, point = sys.argv[1:]
    _kill_at(point)
    ahead = float(os.environ.get("CLOCK_AHEAD", "0"))
    custody.now = lambda: time.time() + ahead
    settings = app.Config(
        data=Path(data),
        host="127.0.0.1",
        port=0,
        configuration=read(Path(config)),
        pages=Path(pages),
    )
    asyncio.run(app.run(settings, _ready))
