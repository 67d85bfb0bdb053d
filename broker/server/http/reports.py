"""What a session's logs tell: its timeline, commands, away reports and drift."""

import asyncio
import contextlib
import re
import sys
from weakref import WeakValueDictionary

import structlog
from aiohttp import web

from broker.server.access import BadRequest, NotFound, Refusal
from broker.server.http.api import readable_room, room_of
from broker.server.hub import Hub
from broker.server.report_worker import NO_SUCH, SEALED, Asked
from broker.server.stores.recordings import Recordings

log = structlog.get_logger()

_AT_ONCE = 2
_TOLD_SECONDS = 30.0
_WRITTEN_SECONDS = 2.0
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


class Untold(Refusal):
    """The report takes more time or memory than it may."""

    status = 503


class Unreadable(Refusal):
    """The logs lie encrypted, and there is no key for them here."""

    status = 409


class Reports:
    """Handlers of what is told from logs as they are held, one at a time for each session."""

    def __init__(self, hub: Hub, recordings: Recordings) -> None:
        self._hub = hub
        self._recordings = recordings
        self._workers = asyncio.Semaphore(_AT_ONCE)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def timeline(self, request: web.Request) -> web.Response:
        """What happened in the session."""
        return await self._told(request, "timeline")

    async def away(self, request: web.Request) -> web.Response:
        """What happened while the customer, or the link, was not there."""
        return await self._told(request, "away")

    async def commands(self, request: web.Request) -> web.Response:
        """What was run, by whom, and how it ended."""
        return await self._told(request, "commands")

    async def drift(self, request: web.Request) -> web.Response:
        """How the host differs between two fingerprints."""
        start, end = _number(request, "from"), _number(request, "to")
        return await self._told(request, "drift", start, end)

    async def evidence(self, request: web.Request) -> web.Response:
        """What is signed of the session, and how each stretch of it came to be known."""
        return await self._told(request, "evidence")

    async def output(self, request: web.Request) -> web.Response:
        """What one command printed, as the screen showed it."""
        return await self._told(request, "output", command=request.match_info["command"])

    async def _told(
        self,
        request: web.Request,
        what: str,
        start: int | None = None,
        end: int | None = None,
        command: str = "",
    ) -> web.Response:
        # Of a session that was deleted, the receipts are still here.
        room = (room_of if what == "evidence" else readable_room)(self._hub, request)
        session = room.session.id
        turn = self._turns.setdefault(session, asyncio.Lock())
        async with turn, self._workers:
            logs = [copy for copy in room.copies.values() if copy.stream.is_log]
            # Who asks because of an entry that they were just sent expects it to be told, and with
            # the end of a command what it printed before that.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_WRITTEN_SECONDS):
                    for copy in logs if command == "" else list(room.copies.values()):
                        await copy.written()
            held = sorted((copy.stream, copy.name, copy.held) for copy in logs)
            asked = Asked(
                what,
                str(self._recordings.root),
                session,
                [(name, size) for _, name, size in held],
                start,
                end,
                command,
                [(one.name, one.held) for one in room.copies.values() if not one.stream.is_log],
                list(map(str, self._recordings.opened.keys.files)),
            )
            status, answer = await _ask(asked)
        if status == NO_SUCH:
            code = "unknown-fingerprint" if what == "drift" else "unknown-command"
            raise NotFound(code, answer.decode())
        if status == SEALED:
            raise Unreadable("sealed", answer.decode())
        if status != 0:
            log.warning("report untold", session=session, what=what, status=status)
            raise Untold("untold", "the session's log is too much to be told of at once")
        return web.Response(body=answer, content_type="application/json")


async def _ask(asked: Asked) -> tuple[int | None, bytes]:
    """The worker's exit status and answer. Where this is cancelled, so is the worker."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "broker.server.report_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # an error's text may quote the log
    )
    try:
        async with asyncio.timeout(_TOLD_SECONDS):
            answer, _ = await worker.communicate(asked.encoded())
    except TimeoutError:
        return None, b""
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    return worker.returncode, answer


def _number(request: web.Request, name: str) -> int | None:
    """Raises BadRequest."""
    asked = request.query.get(name)
    if asked is None:
        return None
    if not _NUMBER.fullmatch(asked):
        raise BadRequest("bad-request", f"{name}: the number of a fingerprint")
    return int(asked)
