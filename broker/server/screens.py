"""Screens of recordings, for viewers who join late or could not keep up.

No emulator is kept for a session: a screen is worked out when somebody wants it, from the last
checkpoint on, in one worker process that reads the recording itself. A checkpoint (a few KiB) is
the last screen that was worked out; while nobody looks, one is made every 64 MiB and when a
stream falls quiet, so that nobody waits long for the first.
"""

import asyncio
from dataclasses import asdict
from pathlib import Path

import structlog

from broker.server.mirror import Screen
from broker.server.tasks import Tasks
from broker.server.worker import Died, Worker

log = structlog.get_logger()

_STEP_BYTES = 4 * 1024 * 1024  # of one request, so that the others get their turn between
_STEP_SECONDS = 30.0
_CHECKPOINT_BYTES = 64 * 1024 * 1024
_QUIET_BYTES = 1024 * 1024
_QUIET_SECONDS = 1.0


class NoScreen(Exception):
    """The screen can't be told: not an asciicast, or the worker failed."""


class Screens:
    """All screens of one broker. Methods are for the loop's thread."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._worker = Worker("broker.server.screen_worker")

    def follow(self, path: Path) -> "Follower":
        """Keep a checkpoint of the recording at ``path``."""
        return Follower(self, path, self._tasks)

    async def advance(self, path: Path, screen: Screen, upto: int) -> Screen:
        """One step from ``screen`` towards ``upto``. Raises NoScreen; safe to cancel."""
        try:
            answer = await self._worker.ask(
                _STEP_SECONDS, path=str(path), screen=asdict(screen), upto=upto, most=_STEP_BYTES
            )
        except Died as died:
            raise NoScreen(str(died)) from None
        if "error" in answer:
            raise NoScreen(answer["error"])
        return Screen(**answer["screen"])

    async def close(self) -> None:
        """End the worker. Call when nothing else is running."""
        await self._worker.close()


class Follower:
    """The checkpoint of one recording. ``grew`` is told of it; ``screen`` gives the present one."""

    def __init__(self, screens: Screens, path: Path, tasks: Tasks) -> None:
        self._screens = screens
        self._path = path
        self._tasks = tasks
        self._checkpoint = Screen()
        self._held = 0
        self._quiet: asyncio.TimerHandle | None = None
        self._busy = False

    async def screen(self, upto: int) -> Screen:
        """The screen after the last whole line below ``upto``, which must be held.

        Takes as long as it takes to read what came since the checkpoint; safe to cancel, as what
        was worked out so far is kept. Raises NoScreen.
        """
        while True:
            before = self._checkpoint
            if before.offset >= upto:
                return before
            try:
                after = await self._screens.advance(self._path, before, upto)
            except TimeoutError:
                raise NoScreen("the worker took too long") from None
            if after.offset > self._checkpoint.offset:  # another viewer may have been faster
                self._checkpoint = after
            if after.offset == before.offset or after.offset >= upto:
                return self._checkpoint

    def grew(self, held: int) -> None:
        """The recording is now held up to here."""
        self._held = held
        behind = held - self._checkpoint.offset
        if behind >= _CHECKPOINT_BYTES:
            self._make()
        elif behind >= _QUIET_BYTES:
            if self._quiet is not None:
                self._quiet.cancel()
            self._quiet = asyncio.get_running_loop().call_later(_QUIET_SECONDS, self._make)

    def close(self) -> None:
        """Follow no more."""
        if self._quiet is not None:
            self._quiet.cancel()

    def _make(self) -> None:
        if not self._busy:
            self._busy = True
            self._tasks.spawn(self._catch_up(), "checkpoint")

    async def _catch_up(self) -> None:
        try:
            await self.screen(self._held)
        except NoScreen as error:
            log.warning("no screen", error=str(error))
        finally:
            self._busy = False
