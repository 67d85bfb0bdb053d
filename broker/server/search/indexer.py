"""Keeps the search index up with the recordings, off the live path.

What grew is noted on the loop and no more; a worker process indexes it, a step of one stream at a
time, in turns, so that nobody's flood keeps the others from being found. A stream that the worker
dies of again and again is skipped for good, and the log names it.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from broker.server.search.schema import FILE_NAME
from broker.server.tasks import Tasks
from broker.server.worker import Died, Worker
from broker.wire.names import Stream, parse_stream

log = structlog.get_logger()

_PAUSE_SECONDS = 1.0
_STEP_SECONDS = 60.0
_START_SECONDS = 60.0
_TRIES = 3
_TROUBLE_SECONDS = 30.0
_FORGET_SECONDS = 300.0


class _Key(NamedTuple):
    session: str
    stream: Stream


@dataclass(slots=True)
class _Copy:
    began: float
    held: int = 0
    indexed: int = 0
    tries: int = 0
    skipped: bool = False


class _Trouble(Exception):
    """The index can't be written at present, whatever the stream."""


class Indexer:
    """The indexer of one broker. Methods are for the loop's thread."""

    def __init__(self, recordings: Path, data: Path, tasks: Tasks) -> None:
        self._worker = Worker("broker.server.search.worker", str(recordings), str(data / FILE_NAME))
        self._tasks = tasks
        self._copies: dict[_Key, _Copy] = {}
        self._due: set[_Key] = set()
        self._gone: set[str] = set()
        """Sessions of which nothing is to be found."""
        self._unforgotten: set[str] = set()
        """Those of them that may still be in the index."""
        self._tidying = False
        self._grown = asyncio.Event()
        self._troubled = False

    def start(self) -> None:
        """Begin; it goes on until the tasks are closed."""
        self._tasks.spawn(self._run(), "search indexer")

    def grew(self, session: str, began: float, name: str, held: int) -> None:
        """So much of a stream is held now. ``began``: Unix time of the session's zero."""
        key = _Key(session, parse_stream(name))
        if session in self._gone:
            return
        copy = self._copies.get(key)
        if copy is None:
            copy = self._copies[key] = _Copy(began)
        copy.held = held
        if held > copy.indexed and not copy.skipped:
            self._due.add(key)
            self._grown.set()

    def forget(self, session: str) -> None:
        """Soon nothing of this session is found or in the index, and it is not indexed again."""
        self._gone.add(session)
        self._unforgotten.add(session)
        for key in [key for key in self._copies if key.session == session]:
            del self._copies[key]
            self._due.discard(key)
        self._grown.set()

    def is_indexed(self, session: str) -> bool:
        """Whether all that is held of this session is in the index, or never will be."""
        return all(key.session != session for key in self._due)

    @property
    def behind(self) -> int:
        """Bytes that are held and not indexed."""
        due = (self._copies[key] for key in self._due)
        return sum(copy.held - copy.indexed for copy in due)

    async def _run(self) -> None:
        try:
            while True:
                await self._grown.wait()
                try:
                    more = await self._round()
                except _Trouble as trouble:
                    if not self._troubled:
                        log.error("search is not kept up", error=str(trouble))
                    self._troubled = True
                    await self._worker.close()
                    await asyncio.sleep(_TROUBLE_SECONDS)
                    continue
                if not self._due and not self._unforgotten and not self._tidying:
                    self._grown.clear()
                if not more:
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            await self._worker.close()

    async def _round(self) -> bool:
        """One step of each stream that is due; gives whether any of them has more."""
        await self._begin()
        await self._forget()
        more = self._tidying
        # Each run's log first, so that its commands are known when their output is read.
        for key in sorted(self._due):
            copy = self._copies.get(key)
            if copy is None:
                continue  # forgotten meanwhile
            upto = copy.held
            await self._step(key, copy)
            if copy.indexed >= copy.held:
                self._due.discard(key)
            more = more or copy.indexed < upto
        return more

    async def _forget(self) -> None:
        """Take what is to be forgotten out of the index, a step at a time. Raises _Trouble."""
        try:
            while self._unforgotten:
                session = next(iter(self._unforgotten))
                await self._ask(_FORGET_SECONDS, forget=session)
                self._unforgotten.discard(session)
                self._tidying = True
            if self._tidying:
                self._tidying = (await self._ask(_FORGET_SECONDS, tidy=True))["more"]
        except Died as died:
            raise _Trouble(str(died)) from None

    async def _step(self, key: _Key, copy: _Copy) -> None:
        """Raises _Trouble."""
        asked = {
            "session": key.session,
            "began": copy.began,
            "stream": key.stream.name,
            "held": copy.held,
            "skip": copy.tries >= _TRIES,
        }
        upto = copy.held
        try:
            await self._begin()
            answer = await self._ask(_STEP_SECONDS, **asked)
        except Died as died:
            copy.tries += 1
            name = key.stream.name
            log.warning("indexing failed", session=key.session, stream=name, error=str(died))
            if copy.tries == _TRIES:
                log.error("not searchable from here on", session=key.session, stream=name)
            elif copy.tries > _TRIES:
                raise _Trouble(str(died)) from None
            return
        if copy.indexed == answer["indexed"]:  # no whole line yet
            self._due.discard(key)
        copy.indexed = max(copy.indexed, min(answer["indexed"], upto))
        copy.skipped = copy.tries >= _TRIES
        copy.tries = 0
        self._troubled = False

    async def _begin(self) -> None:
        """Have a worker, and know what it knows. Raises _Trouble."""
        if self._worker.runs:
            return
        try:
            answer = await self._ask(_START_SECONDS, known=True)
        except Died as died:
            raise _Trouble(f"the worker does not start: {died}") from None
        self._tidying = answer["untidy"]
        self._unforgotten &= {session for session, *_ in answer["known"]}
        for copy in self._copies.values():
            copy.indexed, copy.skipped = 0, False  # the index may be another one
        for session, name, indexed, skipped in answer["known"]:
            if (known := self._copies.get(_Key(session, parse_stream(name)))) is not None:
                known.indexed, known.skipped = indexed, bool(skipped)
        self._due = {
            key
            for key, copy in self._copies.items()
            if copy.held > copy.indexed and not copy.skipped
        }

    async def _ask(self, seconds: float, **asked: object) -> dict[str, Any]:
        """Raises _Trouble and Died."""
        told = await self._worker.ask(seconds, **asked)
        if "trouble" in told:
            raise _Trouble(told["trouble"])
        return told
