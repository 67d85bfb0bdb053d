"""When this host's state is read, and what of it goes into the session log.

The reading is done by a process of its own at the lowest priority (``probes``), one at a time, so
that neither the shell nor the recorder waits for it. Its result stays in the session's folder; the
log gets its digest and how it differs from the one before.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Protocol

from broker.host.failures import NotFound
from broker.host.invocation import command
from broker.host.session_file import SessionFile, load
from broker.host.tasks import spawn
from broker.recording.drift import from_json
from broker.wire.patience import Patience

AWAY_EVERY_SECONDS = 300.0
_BURST, _EVERY_SECONDS = 4, 30.0
"""Who comes and goes all the time costs so many readings and then one in so long."""
END_SECONDS = 6.0
"""So long the end of a session waits for its last fingerprint."""
_LONGEST_SECONDS = 30.0
_MOST_RESULT_BYTES = 4 * 1024 * 1024
_CHANGES_AN_ENTRY = 100
_ENTRY_CHARACTERS = 40_000
_FILE = "fingerprint.json"
_KEY = "fingerprint.key"


class Owner(Protocol):
    """Who has the host's state read: the recorder."""

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log."""

    def fingerprinted(self, why: str) -> None:
        """A fingerprint, and what it differs in, is in the log."""

    def failed(self, error: BaseException) -> None:
        """Something broke that should not."""


class Fingerprinting:
    """The fingerprints of one run. With the grant's ``drift off`` it does nothing."""

    def __init__(
        self, session: SessionFile, folder: Path, clock: Callable[[], float], owner: Owner
    ) -> None:
        self._session = session
        self._folder = folder
        self._clock = clock
        self._owner = owner
        self._on = session.drift == "on"
        self._wanted: Optional[str] = None
        self._done = asyncio.Event()
        self._done.set()
        self._taken = clock()
        self._patience = Patience(_BURST, 1 / _EVERY_SECONDS)
        self._process: Optional[asyncio.subprocess.Process] = None
        self._limited = self._stopped = False

    @property
    def processes(self) -> List[int]:
        """The process that reads the host's state, while there is one."""
        return [] if self._process is None else [self._process.pid]

    def take(self, why: str) -> None:
        """Have one made, now or as soon as it is its turn; the latest reason counts."""
        if self._on:
            self._wanted = why
            self._begin()

    def look(self, *, away: bool) -> None:
        """Call every second or so: make what waits, and one now and then while nobody is there."""
        if away and self._clock() - self._taken >= AWAY_EVERY_SECONDS:
            self.take("while-away")
        else:
            self._begin()

    def stop(self) -> None:
        """No more of them; what runs is ended."""
        self._on, self._wanted = False, None
        self._stopped = True
        self._kill()

    async def finish(self) -> None:
        """Make the last one of the session, and wait for it a little. Safe to cancel."""
        if not self._on:
            return
        self._on, self._wanted = False, None
        try:
            await asyncio.wait_for(self._last(), END_SECONDS)
        except asyncio.TimeoutError:
            self._limit("the last fingerprint took too long")
            self._kill()

    async def _last(self) -> None:
        await self._done.wait()
        await self._take("ended")

    def _begin(self) -> None:
        why = self._wanted
        if why is None or not self._done.is_set():
            return
        if self._patience.spend(self._clock()):
            self._wanted = None
            self._done.clear()
            spawn(self._take(why), self._owner.failed)

    async def _take(self, why: str) -> None:
        self._done.clear()
        self._taken = self._clock()
        try:
            found = await asyncio.wait_for(self._read(), _LONGEST_SECONDS)
            if not self._stopped:
                self._tell(why, found)
        except asyncio.TimeoutError:
            self._limit("reading the host's state took too long")
        except (OSError, ValueError, KeyError, TypeError):
            self._limit("the host's state could not be read")
        finally:
            self._kill()
            self._done.set()
        self._owner.fingerprinted(why)

    async def _read(self) -> Dict[str, Any]:
        """What the process found. Raises OSError, and ValueError where it makes no sense."""
        session = self._session
        against = await asyncio.get_running_loop().run_in_executor(None, self._session_before)
        asked = {
            "folder": str(self._folder),
            "against": against,
            "key": str(self._folder.parent / _KEY),
            "trees": ["/etc", *session.trees],
            "probes": session.probes,
            "uid": session.uid,
            "gid": session.gid,
        }
        process = await asyncio.create_subprocess_exec(
            *command("fingerprint"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=sys.stderr,
            start_new_session=True,
            limit=_MOST_RESULT_BYTES,
        )
        self._process = process
        told, _ = await process.communicate(json.dumps(asked).encode())
        found = json.loads(told)
        if not isinstance(found, dict):
            raise ValueError("no object")
        return found

    def _tell(self, why: str, found: Dict[str, Any]) -> None:
        to_session = self._clock() - time.time()
        n, began = int(found["n"]), float(found["began"]) + to_session
        before = found["before"]
        if before is not None:
            changes = []
            for one in found["changes"]:
                change = from_json(one)
                at = None if change.at is None else round(change.at + to_session, 3)
                changes.append(list(change._replace(at=at)))
            earlier = bool(before["earlier"])
            if changes or earlier:
                for some, is_last in _portions(changes):
                    self._owner.log(
                        "drift", n=n, before=0 if earlier else int(before["n"]),
                        since=float(before["wall"]) + to_session, until=self._clock(),
                        changes=some, more=int(found["more"]) if is_last else 0,
                    )  # fmt: skip
        self._owner.log(
            "fingerprint", n=n, why=why, since=began, cpu=float(found["cpu"]),
            digest=str(found["digest"]), facts=int(found["facts"]), limits=found["limits"],
        )  # fmt: skip

    def _session_before(self) -> str:
        """The newest fingerprint of an earlier session with this broker; empty: none.

        Another vendor's sessions are nobody else's business.
        """
        newest, path = 0.0, ""
        for found in self._folder.parent.glob(f"*/{_FILE}"):
            with suppress(OSError, NotFound):
                written = found.stat().st_mtime
                is_other = found.parent != self._folder
                if is_other and written > newest and self._is_of_this_broker(found.parent):
                    newest, path = written, str(found)
        return path

    def _is_of_this_broker(self, folder: Path) -> bool:
        return load(folder).broker == self._session.broker

    def _limit(self, why: str) -> None:
        if not (self._limited or self._stopped):
            self._limited = True
            self._owner.log("limit", what="fingerprint", why=why)

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _portions(changes: List[List[Any]]) -> "Iterator[tuple[List[List[Any]], bool]]":
    """Changes in portions that each fit an entry; whether it is the last."""
    some: List[List[Any]] = []
    size = 0
    for change in changes:
        length = sum(len(str(one)) for one in change) + 40
        if some and (len(some) >= _CHANGES_AN_ENTRY or size + length > _ENTRY_CHARACTERS):
            yield some, False
            some, size = [], 0
        some.append(change)
        size += length
    yield some, True
