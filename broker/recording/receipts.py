"""Receipts: what a broker has signed for of one session, as a chain of statements, one a line.

A line is ``SIGNATURE BODY``: the base64url Ed25519 signature of ``DOMAIN + BODY``, a space, and one
JSON object in its only encoding (keys sorted, no spaces, UTF-8). Each body names the SHA-256 of the
whole line before it, so the signature of a key's last line speaks for all of that key's lines, and
a reader checks one signature a key. ``docs/evidence.md`` is the format's page; the verifier of the
browser (``web/src/evidence``) is written from it, not from this file.

Pure: no I/O, no clock; whoever signs hands in the time.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Callable, Dict, List, Mapping, Optional, Tuple

from broker.recording import ed25519
from broker.recording.statements import (
    FIELDS,
    Statement,
    certificate,
    fingerprint,
    from_base64url,
    read_body,
    to_base64url,
    to_json,
)

DOMAIN = b"jumpseat receipt 1\n"
EVERY_SECONDS = 4.0
"""A stream that grows gets a receipt at least so often."""
MOST_LINE_BYTES = 64 * 1024

_SIGNATURE = re.compile(rb"[A-Za-z0-9_-]{86}")


class Code(str, Enum):
    """What is wrong with a receipts file or, in ``verification``, with what it speaks of."""

    MALFORMED = "malformed"
    CHAIN = "chain"
    SESSION = "session"
    TIME = "time"
    ORDER = "order"
    KEY = "key"
    OFFSET = "offset"
    COMPLETE = "complete"
    SIGNATURE = "signature"
    STREAM_MISSING = "stream-missing"
    STREAM_SHORT = "stream-short"
    DIGEST = "digest"
    SEALED_DIGEST = "sealed-digest"
    NO_RECEIPTS = "no-receipts"
    BEYOND_RECEIPTS = "beyond-receipts"
    NOT_COMPLETE = "not-complete"
    DELETED = "deleted"
    SEALED = "sealed"
    UNTRUSTED_KEY = "untrusted-key"


class BadReceipts(ValueError):
    """This line, counted from 1, does not belong here; nothing of it was taken in."""

    def __init__(self, code: Code, line: int, why: str) -> None:
        super().__init__(f"receipts, line {line}: {why}")
        self.code = code
        self.line = line
        self.why = why


class Phase(Enum):
    """Where a chain is in its life."""

    EMPTY = "empty"
    LIVE = "live"
    COMPLETE = "complete"
    DELETED = "deleted"


# What may be said in which phase, and the phase after it.
TRANSITIONS: Mapping[Tuple[Phase, str], Phase] = {
    (Phase.EMPTY, "began"): Phase.LIVE,
    (Phase.LIVE, "linked"): Phase.LIVE,
    (Phase.LIVE, "receipt"): Phase.LIVE,
    (Phase.LIVE, "key"): Phase.LIVE,
    (Phase.LIVE, "complete"): Phase.COMPLETE,
    (Phase.LIVE, "deleted"): Phase.DELETED,
    (Phase.COMPLETE, "key"): Phase.COMPLETE,
    (Phase.COMPLETE, "sealed"): Phase.COMPLETE,
    (Phase.COMPLETE, "deleted"): Phase.DELETED,
}


@dataclass
class Chain:
    """A receipts file so far. Takes its lines in order; says what has been signed for.

    ``take`` checks everything but signatures; ``check`` those, one a key. A chain that has taken
    lines in which nobody is trusted yet says only what somebody has written.
    """

    session: str
    phase: Phase = Phase.EMPTY
    count: int = 0
    """Lines taken in."""
    held: Dict[str, Statement] = field(default_factory=dict)
    """Each stream's latest receipt."""
    sealed: Dict[str, Statement] = field(default_factory=dict)
    """Each encrypted stream's latest statement."""
    complete: Optional[Mapping[str, int]] = None
    """All streams with their sizes, where the session is complete."""
    signers: List[Tuple[str, bytes]] = field(default_factory=list)
    """The keys that have signed, in order: fingerprint and public key."""
    size: int = 0
    """Bytes taken in."""
    _last: str = ""
    _time: int = 0
    _unchecked: Dict[str, Tuple[int, bytes, bytes]] = field(default_factory=dict)

    # --- signing ----------------------------------------------------------------------------

    def line(
        self,
        kind: str,
        time: int,
        sign: Callable[[bytes], bytes],
        key: bytes,
        /,
        **fields: object,
    ) -> bytes:
        """The next line, not yet taken. A clock that was set back does not take time back.

        Raises BadReceipts, and signs nothing, where it may not be said now.
        """
        body = to_json({
            "n": self.count + 1,
            "previous": self._last,
            "session": self.session,
            "key": fingerprint(key),
            "time": max(time, self._time),
            "kind": kind,
            **fields,
        }).encode()  # fmt: skip
        self._admit(self._read(body), body)
        return to_base64url(sign(DOMAIN + body)).encode() + b" " + body + b"\n"

    # --- reading ----------------------------------------------------------------------------

    def take(self, line: bytes) -> Statement:
        """Take in the next line, newline included. Raises BadReceipts and changes nothing."""
        n = self.count + 1
        signature, space, body = line[:86], line[86:87], line[87:-1]
        if (
            len(line) > MOST_LINE_BYTES
            or line[-1:] != b"\n"
            or space != b" "
            or not _SIGNATURE.fullmatch(signature)
            or to_base64url(from_base64url(signature.decode())).encode() != signature
        ):
            raise BadReceipts(Code.MALFORMED, n, "not a signature and a statement")
        found = self._read(body)
        phase = self._admit(found, body)
        if found.kind in ("began", "key"):
            self.signers.append((found.key, from_base64url(found.fields["public"])))
        elif found.kind == "receipt":
            self.held[found.fields["stream"]] = found
        elif found.kind == "complete":
            self.complete = found.fields["streams"]
        elif found.kind == "sealed":
            self.sealed[found.fields["stream"]] = found
        self._unchecked[found.key] = (n, body, from_base64url(signature.decode()))
        self.count = n
        self.phase, self._time = phase, found.time
        self._last = hashlib.sha256(line).hexdigest()
        self.size += len(line)
        return found

    def check(self) -> None:
        """Check the signatures of what was taken since the last check: one a key.

        Some milliseconds each. Raises BadReceipts; the chain is then of no use.
        """
        public = dict(self.signers)
        for key, (n, body, signature) in self._unchecked.items():
            if not ed25519.verify(public[key], DOMAIN + body, signature):
                raise BadReceipts(Code.SIGNATURE, n, "the signature is not that of its key")
        self._unchecked.clear()

    def _read(self, body: bytes) -> Statement:
        n = self.count + 1
        found = read_body(body)
        if found is None:
            raise BadReceipts(Code.MALFORMED, n, "not a statement")
        if found["n"] != n or found["previous"] != self._last:
            raise BadReceipts(Code.CHAIN, n, "it does not follow the line before it")
        if found["session"] != self.session:
            raise BadReceipts(Code.SESSION, n, "it is of another session")
        fields = {name: found[name] for name in FIELDS[found["kind"]]}
        return Statement(n, found["key"], found["time"], found["kind"], fields)

    def _admit(self, found: Statement, body: bytes) -> Phase:
        """The phase after this statement. Raises BadReceipts where it may not be made now."""
        n = found.n
        if len(body) > MOST_LINE_BYTES - 88:
            raise BadReceipts(Code.MALFORMED, n, "it is too long")
        if found.time < self._time:
            raise BadReceipts(Code.TIME, n, "it is dated before the line before it")
        phase = TRANSITIONS.get((self.phase, found.kind))
        if phase is None:
            why = f"nothing says {found.kind!r} when the chain is {self.phase.value}"
            raise BadReceipts(Code.ORDER, n, why)
        if not self._is_signer(found):
            raise BadReceipts(Code.KEY, n, "nobody that it follows has vouched for its key")
        if found.kind == "receipt":
            before = self.held.get(found.fields["stream"])
            if before is not None and found.fields["offset"] <= before.fields["offset"]:
                raise BadReceipts(Code.OFFSET, n, "an earlier receipt went as far")
        if found.kind == "complete":
            held = {name: one.fields["offset"] for name, one in self.held.items()}
            told = {name: size for name, size in found.fields["streams"].items() if size}
            if told != held:
                raise BadReceipts(Code.COMPLETE, n, "it differs from the receipts before it")
        return phase

    def _is_signer(self, found: Statement) -> bool:
        if found.kind not in ("began", "key"):
            return found.key == self.signers[-1][0]
        public = from_base64url(found.fields["public"])
        if found.key != fingerprint(public):
            return False
        if found.kind == "began":
            return True
        certificates = [certificate(one) for one in found.fields["certificates"]]
        keys = [self.signers[-1][1], *(one.public for one in certificates)]
        known = {key for key, _ in self.signers}
        return (
            keys[-1] == public
            and found.key not in known
            and all(one.is_of(old) for old, one in zip(keys, certificates))
        )


def lines(receipts: bytes) -> List[bytes]:
    """The lines of a file, newlines included; the last may have none."""
    *whole, rest = receipts.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


@dataclass(frozen=True)
class Receipts:
    """A whole file, read: what of it holds, and what is wrong with the line after that, if any."""

    chain: Chain
    statements: Tuple[Statement, ...]
    bad: Optional[BadReceipts]


def read(session: str, receipts: bytes) -> Receipts:
    """Read a session's receipts file."""
    chain = Chain(session)
    statements: List[Statement] = []
    try:
        for line in lines(receipts):
            statements.append(chain.take(line))
        chain.check()
    except BadReceipts as bad:
        return Receipts(chain, tuple(statements), bad)
    return Receipts(chain, tuple(statements), None)
