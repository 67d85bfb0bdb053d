"""The chain of one session's receipts, as the broker goes on with it: read, signed, taken over.

Everything here blocks: for threads, one call at a time. Nothing is written here.
"""

import copy
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from broker.recording.receipts import BadReceipts, Chain, Code, Phase, lines, read
from broker.recording.statements import to_base64url
from broker.server.identity import Identity, Ring
from broker.server.stores.recordings import Recordings

log = structlog.get_logger()

_NOT_OURS = "they were signed by a key that is not ours"


class NoReceipts(Exception):
    """Nothing can be signed for this session; the log says why."""


class Digested(Protocol):
    """A stream whose durable part has a digest."""

    @property
    def name(self) -> str:
        """The stream's."""

    def digest(self, upto: int) -> tuple[int, str]:
        """How much is durable, at least ``upto``, and its SHA-256 in hex. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Something to be said; ``at``: when it was so, Unix milliseconds."""

    kind: str
    at: int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Signed:
    """Lines that are part of the chain now, and have to be written next."""

    lines: bytes
    offsets: Mapping[str, int] = field(default_factory=dict)
    """Up to where receipts now speak for each stream that was due."""
    refused: Mapping[int, BadReceipts] = field(default_factory=dict)
    """What may not be said now, by its place in what was asked for."""


class SigningChain:
    """``chain`` is not to be looked at while a call runs."""

    def __init__(self, session: str, identity: Identity) -> None:
        self.chain = Chain(session)
        self._session = session
        self._identity = identity

    def load(self, recordings: Recordings) -> int:
        """Go on with what an earlier broker has written, which is durable on return: its size.

        A line that a crash tore off counts for nothing. Raises NoReceipts where the rest is not a
        chain of ours, and OSError.
        """
        recordings.settle_receipts(self._session)
        written = recordings.receipts(self._session)
        found = read(self._session, written)
        if found.bad is not None:
            raise NoReceipts(str(found.bad))
        if not self._is_ours(found.chain):
            raise NoReceipts(_NOT_OURS)
        self.chain = found.chain
        return len(written)

    def sign(self, asked: Iterable[Statement], due: Iterable[tuple[Digested, int]]) -> Signed:
        """Lines for what is asked for, and receipts for the streams that are due.

        ``complete`` comes after the receipts. A stream that can't be read gets none. Raises
        NoReceipts. Where anything is raised, the chain is of no more use.
        """
        said, refused, offsets = _Said(self.chain, self._identity.ring), {}, {}
        statements = list(enumerate(asked))
        for at, one in statements:
            if one.kind != "complete" and (bad := said.unless_refused(one)) is not None:
                refused[at] = bad
        for stream, upto in due:
            try:
                offset, digest = stream.digest(upto)
            except OSError as error:
                log.error("not read", session=self._session, stream=stream.name, error=str(error))
                continue
            last = self.chain.held.get(stream.name)
            live = self.chain.phase in (Phase.EMPTY, Phase.LIVE)
            if live and (last is None or offset > last.fields["offset"]):
                said.say("receipt", now(), stream=stream.name, offset=offset, sha256=digest)
            offsets[stream.name] = offset
        for at, one in statements:
            if one.kind == "complete" and (bad := said.unless_refused(one)) is not None:
                refused[at] = bad
        return Signed(said.lines, offsets, refused)

    def take_over(self, more: bytes) -> None:
        """Go on after these whole lines, which an earlier broker signed and we have lost.

        Raises BadReceipts, and changes nothing, where they are not the chain's or not ours.
        """
        chain = copy.deepcopy(self.chain)
        for line in lines(more):
            chain.take(line)
        chain.check()
        if not self._is_ours(chain):
            raise BadReceipts(Code.KEY, chain.count, _NOT_OURS)
        self.chain = chain

    def _is_ours(self, chain: Chain) -> bool:
        return all(self._identity.ring.since(key) is not None for key, _ in chain.signers)


class _Said:
    """One batch of lines, signed by the key that is current when it begins."""

    def __init__(self, chain: Chain, ring: Ring) -> None:
        self.lines = b""
        self._chain = chain
        self._ring = ring

    def say(self, kind: str, at: int, **fields: object) -> None:
        """Raises BadReceipts, having changed nothing, and NoReceipts.

        ``began`` is said before whatever is first; asked for by itself, it begins an empty chain.
        """
        chain, signer = self._chain, self._ring.signer
        public = to_base64url(signer.public)
        if chain.phase is Phase.EMPTY:
            self._say("began", at, public=public)
        elif chain.signers[-1][0] != signer.fingerprint and chain.phase is not Phase.DELETED:
            since = self._ring.since(chain.signers[-1][0])
            if not since:
                raise NoReceipts(_NOT_OURS)
            self._say("key", at, public=public, certificates=[one.as_json() for one in since])
        if kind != "began":
            self._say(kind, at, **fields)

    def _say(self, kind: str, at: int, **fields: object) -> None:
        signer = self._ring.signer
        line = self._chain.line(kind, at, signer.sign, signer.public, **fields)
        self._chain.take(line)
        self.lines += line

    def unless_refused(self, one: Statement) -> BadReceipts | None:
        try:
            self.say(one.kind, one.at, **one.fields)
        except BadReceipts as bad:
            return bad
        return None


def now() -> int:
    """Unix milliseconds."""
    return int(time.time() * 1000)
