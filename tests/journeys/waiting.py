"""Waiting for a condition, never for a length of time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 40.0
"""How long to wait before a test gives up; never how long anything should take."""

_POLL_SECONDS = 0.02


class Changing:
    """Something that changes, and that can be waited for.

    ``describe`` tells how it is now, for whoever waited in vain.
    """

    def __init__(self, describe: Callable[[], str]) -> None:
        self._describe = describe
        self._waiting: set[asyncio.Future[None]] = set()

    def changed(self) -> None:
        """Have everyone who waits look again."""
        for one in self._waiting:
            if not one.done():
                one.set_result(None)
        self._waiting.clear()

    async def until(
        self, condition: Callable[[], T], what: str, seconds: float = PATIENCE_SECONDS
    ) -> T:
        """Wait until ``condition`` gives something true, and return that."""
        try:
            async with asyncio.timeout(seconds):
                while not (value := condition()):
                    look = asyncio.get_running_loop().create_future()
                    self._waiting.add(look)
                    await look
        except TimeoutError:
            raise AssertionError(f"waited {seconds} s for {what}: {self._describe()}") from None
        return value


async def until(condition: Callable[[], T], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Wait for something that nobody announces, such as a file or the end of a process."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not (value := condition()):
        if loop.time() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        await asyncio.sleep(_POLL_SECONDS)
    return value


@asynccontextmanager
async def keeps(pressing: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Press keys again and again meanwhile: whoever types has the turn for a moment only."""
    enough = asyncio.Event()

    async def press() -> None:
        while not enough.is_set():
            await pressing()
            await asyncio.sleep(0.2)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(press())
            try:
                yield
            finally:
                enough.set()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # what went wrong is easier to read alone
