"""The admin's command that takes in a session from a bundle: what never came over a link.

The bundle was verified before (``jumpseat import``); here it is compared with what is held, and
what is missing is taken in as a host's appends are, so it is durable, replayed and searched like
them. However often that is done, nothing is there twice. What comes so late is attested.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import structlog

from broker.evidence.bundle import Bundle
from broker.evidence.source import Unreadable, first_line, in_order, session_of
from broker.recording.grant import Away, Mode
from broker.recording.log_reader import LogReader
from broker.recording.presence import granted
from broker.recording.receipts import BadReceipts, Receipts, read
from broker.recording.session_log import Entry
from broker.server.access import Access, BadRequest, Refusal, hashed, new_token
from broker.server.admin import Arguments
from broker.server.audience import TooMany
from broker.server.hub import Hub
from broker.server.identity import Identity
from broker.server.room import Room
from broker.server.signing import NoReceipts
from broker.server.stores.metadata import Metadata, Session
from broker.server.stores.recordings import Recordings
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import check_id, parse_stream

log = structlog.get_logger()

NOBODY = "nobody (offline)"
"""The engineer of a session that was recorded without one."""
_PIECE_BYTES = 64 * 1024
_AT_ONCE_BYTES = 4 * 1024 * 1024


class _Asked(msgspec.Struct):
    path: str


@dataclass(frozen=True)
class _Carried:
    """What a bundle has. ``whole``: its maker had all there is."""

    bundle: Bundle
    session: str
    receipts: Receipts
    started: Entry | None
    whole: bool


class Import:
    """``import``: one at a time. For the loop's thread."""

    def __init__(
        self,
        hub: Hub,
        metadata: Metadata,
        access: Access,
        recordings: Recordings,
        identity: Identity,
    ) -> None:
        self._hub = hub
        self._metadata = metadata
        self._access = access
        self._recordings = recordings
        self._identity = identity
        self._turn = asyncio.Lock()

    async def take_in(self, arguments: Arguments) -> dict[str, Any]:
        """Take in the bundle at ``path``. Raises Refusal; cut off, it can be done again."""
        try:
            path = Path(msgspec.convert(arguments, _Asked).path)
        except msgspec.ValidationError as error:
            raise BadRequest("bad-request", str(error)) from None
        async with self._turn:
            try:
                return await self._take_in(await asyncio.to_thread(_opened, path))
            except (Unreadable, RemoteProtocolError, TooMany) as error:
                raise Refusal("bad-bundle", str(error)) from None

    async def _take_in(self, carried: _Carried) -> dict[str, Any]:
        self._check_keys(carried)
        room = self._hub.room(carried.session)
        if room is not None:
            await self._check_room(room, carried)
        else:
            room = self._hub.carried(await self._keep(carried))
            await room.receipts.open()
        added = 0
        for name in in_order(carried.bundle.streams):
            added += await self._append(room, carried.bundle, name)
        complete = await self._sign(room, carried)
        room.let_go()
        log.info("imported", session=carried.session, bytes=added, complete=complete)
        return {"session": carried.session, "added": added, "complete": complete}

    def _check_keys(self, carried: _Carried) -> None:
        if carried.receipts.bad is not None:
            raise Refusal("bad-bundle", str(carried.receipts.bad))
        for key, _ in carried.receipts.chain.signers:
            if self._identity.ring.since(key) is None:
                raise Refusal("not-ours", f"its receipts are another broker's, whose key is {key}")

    async def _check_room(self, room: Room, carried: _Carried) -> None:
        """Whether what is held and what was carried agree as far as both go. Raises Refusal."""
        if room.connected:
            raise Refusal("connected", "the session's host is connected: it delivers by itself")
        if room.standing.deleted is not None:
            raise Refusal("deleted", "the session was deleted here")
        await room.receipts.open()
        over = room.receipts.completing
        for name, size in carried.bundle.streams.items():
            copy = room.copies.get(name)
            if over is not None and size > over.get(name, 0):
                raise Refusal("contradicts", f"the session is complete here without all of {name}")
            if copy is not None:
                await copy.written()
                if not await asyncio.to_thread(self._agrees, carried, name, copy.held):
                    raise Refusal("contradicts", f"{name} is another here than in the bundle")
        ours = await room.receipts.written()
        theirs = carried.bundle.receipts
        if not (ours.startswith(theirs) or theirs.startswith(ours)):
            raise Refusal("contradicts", "the receipts here are others than those in the bundle")

    def _agrees(self, carried: _Carried, name: str, held: int) -> bool:
        """Blocking. Raises OSError."""
        at = 0
        for piece in carried.bundle.pieces(name):
            here = self._recordings.read(carried.session, name, at, min(len(piece), held - at))
            if here != piece[: len(here)]:
                return False
            at += len(piece)
            if at >= held:
                break
        return True

    async def _keep(self, carried: _Carried) -> Session:
        """A row for a session that is new here. Raises Refusal."""
        started = carried.started
        if started is None or not isinstance(started["grant"], dict):
            raise Refusal("bad-bundle", "the session's log does not say what it is of")
        grant = started["grant"]
        title, engineer = _text(grant.get("case"), 200), _text(grant.get("engineer"), 64)
        case = await self._metadata.case_titled(title or _UNNAMED)
        if case is None:
            case = await self._access.open_case(title or _UNNAMED)
        began = float(started["wall"]) - float(started["t"])
        shell = started["shell"] if isinstance(started["shell"], dict) else {}
        session = Session(
            id=carried.session,
            case=case,
            engineer=engineer or NOBODY,
            token_hash=hashed(new_token()),  # that nobody has: its host can't come by a link
            mode=_one_of(Mode, grant.get("mode")),
            away=_one_of(Away, grant.get("away")),
            until=began + _number(grant.get("until")),
            host_name=_text(started["host"], 255) or _UNNAMED,
            host_user=_text(shell.get("user"), 64) or _UNNAMED,
            created=began,
            page_hash="",
            completed=None,
            shown=granted(began).shown,
            imported=time.time(),
        )
        engineer_id = await self._access.engineer(session.engineer)
        await self._metadata.add_imported(session, hashed(new_token()), engineer_id)
        return session

    async def _append(self, room: Room, bundle: Bundle, name: str) -> int:
        """Take in what is missing of a stream; how many bytes that was, durable now."""
        copy = room.copies.get(name)
        held = copy.received if copy is not None else 0
        at = 0
        pieces = bundle.pieces(name)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            for start in range(0, len(piece), _PIECE_BYTES):
                data = piece[start : start + _PIECE_BYTES]
                if at + len(data) > held:
                    copy = room.carry(name, at, data)
                    if copy.unwritten > _AT_ONCE_BYTES:
                        await copy.written()
                at += len(data)
                await asyncio.sleep(0)  # keys first
        if at != bundle.streams[name]:
            raise Refusal("bad-bundle", f"{name} is damaged in the bundle")
        if copy is not None:
            await copy.written()
        return max(0, at - held)

    async def _sign(self, room: Room, carried: _Carried) -> bool:
        """Sign for what is here; whether the session is complete by that."""
        try:
            await room.receipts.carried(carried.bundle.receipts)
            if carried.whole and room.ended and not room.completed:
                streams = {name: copy.held for name, copy in room.copies.items()}
                await room.receipts.complete(streams)
        except (NoReceipts, BadReceipts) as error:
            log.error("imported without receipts", session=carried.session, why=str(error))
        return room.completed


_UNNAMED = "unnamed"


def _opened(path: Path) -> _Carried:
    """Blocking. Raises Unreadable and RemoteProtocolError."""
    bundle = Bundle(path)
    session = check_id(session_of(bundle), "session")
    receipts = read(session, bundle.receipts)
    started = next((one for one in _first_entries(bundle) if one["event"] == "started"), None)
    # The host has all there is, and so has a broker that has signed for all.
    whole = _made_by(bundle) == "host" or receipts.chain.complete is not None
    return _Carried(bundle, session, receipts, started, whole)


def _made_by(bundle: Bundle) -> object:
    made = bundle.told().get("made")
    return made.get("by") if isinstance(made, dict) else None


def _first_entries(bundle: Bundle) -> Iterator[Entry]:
    """The first entry of each log, run after run."""
    for name in in_order(bundle.streams):
        if parse_stream(name).is_log:
            yield from LogReader().feed(first_line(bundle.pieces(name)))


def _text(value: object, longest: int) -> str:
    """A text from a stranger's log, fit to be shown; empty where it is none."""
    if not isinstance(value, str):
        return ""
    return "".join(char if char.isprintable() else "?" for char in value).strip()[:longest]


def _one_of(kind: type[Mode] | type[Away], value: object) -> str:
    found = [one.value for one in kind]
    return value if isinstance(value, str) and value in found else found[0]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
