"""The admin's commands about sessions at rest: ``encrypt``, ``delete``, ``keep``, ``release``."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import msgspec

from broker.server.access import BadRequest, NotFound, Refusal, new_id
from broker.server.admin import Arguments, Command
from broker.server.at_rest.custody import CantDelete, Custody
from broker.server.at_rest.settings import AtRest
from broker.server.hub import Hub
from broker.server.room import Room
from broker.server.stores.keeps import Keep, Keeps
from broker.server.stores.metadata import Metadata

T = TypeVar("T")

MOST_WHY = 500


class _Encrypt(msgspec.Struct):
    session: str = ""


class _Delete(msgspec.Struct):
    session: str
    why: str
    by: str


class _Keep(msgspec.Struct):
    by: str
    why: str = ""
    session: str = ""
    case: str = ""
    """A case's text."""


class AtRestCommands:
    """Handlers; each may be cancelled, and what it has begun is then finished at the next start."""

    def __init__(
        self, hub: Hub, custody: Custody, metadata: Metadata, keeps: Keeps, at_rest: AtRest
    ) -> None:
        self._hub = hub
        self._custody = custody
        self._metadata = metadata
        self._keeps = keeps
        self._at_rest = at_rest

    def table(self) -> Mapping[str, Command]:
        """By name, for the admin's socket."""
        return {
            "encrypt": self.encrypt,
            "delete": self.delete,
            "keep": self.keep,
            "release": self.release,
        }

    async def encrypt(self, arguments: Arguments) -> dict[str, Any]:
        """Without a session: which there are to encrypt, or to encrypt anew. With one: do it."""
        asked = _read(arguments, _Encrypt)
        if not self._at_rest.recipients:
            raise Refusal("no-recipients", "its configuration names nobody to encrypt to: at_rest")
        if not asked.session:
            found = [room.session.id for room in self._hub.rooms() if self._custody.is_due(room)]
            return {"sessions": found, "recipients": list(self._at_rest.recipients)}
        try:
            done, problems = await self._custody.seal(self._room(asked.session))
        except OSError as error:
            done, problems = 0, [error.strerror or type(error).__name__]
        return {"streams": done, "problems": problems}

    async def delete(self, arguments: Arguments) -> dict[str, Any]:
        """Delete a session's streams; its tombstone stays."""
        asked = _read(arguments, _Delete)
        room = self._room(asked.session)
        try:
            await self._custody.delete(room, _text(asked.by, "by"), _text(asked.why, "why"))
        except CantDelete as error:
            raise Refusal("not-deleted", str(error)) from None
        except OSError as error:
            raise Refusal("not-deleted", f"{error.strerror}; the next start goes on") from None
        return room.standing.told()

    async def keep(self, arguments: Arguments) -> dict[str, Any]:
        """Nobody deletes a session, or a case's sessions, from now on."""
        asked = _read(arguments, _Keep)
        why, by = _text(asked.why, "why"), _text(asked.by, "by")
        session, case = await self._what(asked)
        keep = Keep(new_id(), session, case, by, why, time.time())
        await self._keeps.add(keep)
        await self._custody.read_keeps()
        return {"keeps": [asdict(keep)]}

    async def release(self, arguments: Arguments) -> dict[str, Any]:
        """All that was said to keep of this session, or of this case, is so no longer."""
        asked = _read(arguments, _Keep)
        by = _text(asked.by, "by")
        session, case = await self._what(asked)
        mine = [
            keep
            for keep in await self._keeps.all()
            if keep.released is None and (keep.session, keep.case) == (session, case)
        ]
        if not mine:
            raise NotFound("not-kept", "nobody has said to keep that")
        now = time.time()
        for keep in mine:
            await self._keeps.release(keep.id, by, now)
        await self._custody.read_keeps()
        return {"keeps": [{**asdict(keep), "released": now, "released_by": by} for keep in mine]}

    async def _what(self, asked: _Keep) -> tuple[str, str]:
        """A session's id, or a case's text. Raises Refusal."""
        if bool(asked.session) == bool(asked.case):
            raise BadRequest("bad-request", "a session or a case")
        if asked.session:
            room = self._room(asked.session)
            if room.standing.deleted is not None:
                raise Refusal("gone", "it was deleted before")
            return room.session.id, ""
        case = await self._metadata.case_titled(asked.case)
        if case is None:
            raise NotFound("unknown-case", f"there is no case {asked.case!a}")
        return "", case.title

    def _room(self, session: str) -> Room:
        room = self._hub.room(session)
        if room is None:
            raise NotFound("unknown-session", f"there is no session {session!a}")
        return room


def _read(arguments: Arguments, shape: type[T]) -> T:
    try:
        return msgspec.convert(arguments, shape)
    except msgspec.ValidationError as error:
        raise BadRequest("bad-request", str(error)) from None


def _text(text: str, what: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= MOST_WHY or not text.isprintable():
        raise BadRequest("bad-request", f"{what}: one line of 1 to {MOST_WHY} characters")
    return text
