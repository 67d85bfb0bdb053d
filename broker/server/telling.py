"""Who is told of news: whoever listens, at once, and the outbox, from which webhooks are served."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from broker.recording.presence import Shown
from broker.recording.session_log import Entry
from broker.server.news import News, SessionNews, Told
from broker.server.stores.deliveries import Deliveries
from broker.server.stores.metadata import Session
from broker.server.tasks import Tasks
from broker.server.webhooks.sender import Sender

log = structlog.get_logger()

_MOST_UNWRITTEN = 1000
"""News that the disk has not taken; what comes beyond is lost to webhooks, which is logged."""

_RETRY_SECONDS = 5.0

Listener = Callable[[News], None]


class Telling:
    """The news of all sessions. For the loop's thread; nothing here waits but ``close``."""

    def __init__(self, deliveries: Deliveries, sender: Sender, tasks: Tasks) -> None:
        self._deliveries = deliveries
        self._sender = sender
        self._tasks = tasks
        self._sessions: dict[str, SessionNews] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._listeners: set[Listener] = set()
        self._told: dict[str, Told] = {}
        self._unwritten: deque[tuple[News, Told | None]] = deque()
        self._writing = asyncio.Lock()
        self._retry: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Learn what an earlier broker has told, before any session is followed."""
        self._told = await self._deliveries.absences()

    def follow(self, session: Session, shown: Shown, restarted: float = 0.0) -> None:
        """Tell news of this session from now on.

        ``restarted``: when the broker started, for a session that was there before.
        """
        if session.completed is None:
            self._sessions[session.id] = SessionNews(
                session.id,
                session.host_name,
                session.case.title,
                shown=shown,
                told=self._told.pop(session.id, None),
                restarted=restarted,
            )
            self._collect(session.id, time.time())

    def see(self, session_id: str, shown: Shown) -> None:
        """Presence, as people are shown it now; often the same as before."""
        news = self._sessions.get(session_id)
        if news is not None:
            now = time.time()
            news.see(shown, now)
            self._collect(session_id, now)

    def read(self, session_id: str, entries: Iterable[tuple[Entry, float]]) -> None:
        """What came of the session's log just now, and when it was written; after ``see``."""
        news = self._sessions.get(session_id)
        if news is None:
            return
        now = time.time()
        for entry, at in entries:
            try:
                news.read(entry, at, now)
            except (KeyError, TypeError, ValueError, OverflowError):
                continue  # of a host: it costs no other entry
        self._collect(session_id, now)

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with all news; it never waits."""
        self._listeners.add(listener)

    def unlisten(self, listener: Listener) -> None:
        """Call it no more."""
        self._listeners.discard(listener)

    async def close(self) -> None:
        """Have all that was told in the outbox; tell nothing more."""
        for timer in self._timers.values():
            timer.cancel()
        self._sessions.clear()
        await self._write()
        if self._retry is not None:
            self._retry.cancel()

    def _collect(self, session_id: str, now: float) -> None:
        news = self._sessions[session_id]
        found = news.collect(now)
        for one in found:
            if len(self._unwritten) < _MOST_UNWRITTEN:
                self._unwritten.append((one, news.told))
            else:
                log.error("news lost: the outbox takes nothing", session=session_id)
            for listener in list(self._listeners):
                listener(one)
        if found:
            self._write_soon()
        timer = self._timers.pop(session_id, None)
        if timer is not None:
            timer.cancel()
        if news.due is not None:
            delay = max(0.0, news.due - now)
            loop = asyncio.get_running_loop()
            self._timers[session_id] = loop.call_later(delay, self._tick, session_id)

    def _tick(self, session_id: str) -> None:
        self._collect(session_id, time.time())

    def _write_soon(self) -> None:
        self._tasks.spawn(self._write(), "write news")

    async def _write(self) -> None:
        async with self._writing:
            while self._unwritten:
                news, told = self._unwritten[0]
                now = time.time()
                new = self._sender.addressed(news, now)
                try:
                    await self._deliveries.add(news.session, told, new, now)
                except SQLAlchemyError as error:
                    log.error("outbox failed", error=type(error).__name__)
                    loop = asyncio.get_running_loop()
                    self._retry = loop.call_later(_RETRY_SECONDS, self._write_soon)
                    return
                self._unwritten.popleft()
                self._sender.wake()
