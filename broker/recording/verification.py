"""What a session's receipts prove of its streams: VERIFIED, UNANCHORED or REJECTED, and why.

REJECTED: something contradicts a signed statement. UNANCHORED: nothing does, but for something no
receipt of a trusted key speaks, or nobody has said yet that the session is complete. VERIFIED: the
streams are, to the last byte, what the broker held when the session was complete.

Pure. Whoever calls reads the streams and hands in their sizes and the digests of their prefixes,
so that what is judged are the bytes that are replayed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import AbstractSet, Any, Dict, List, Mapping, Optional, Tuple, Union

from broker.recording.receipts import Code, Receipts
from broker.recording.statements import Statement
from broker.wire.names import parse_stream


class Verdict(Enum):
    """The three answers; the value is the exit status of ``jumpseat verify``."""

    VERIFIED = 0
    UNANCHORED = 1
    REJECTED = 2


@dataclass(frozen=True)
class Finding:
    """One thing that keeps a session from being verified, where it is, and a sentence."""

    verdict: Verdict
    code: Code
    says: str
    stream: str = ""
    offset: int = 0
    line: int = 0
    """Of the receipts, counted from 1; 0: no line."""


@dataclass(frozen=True)
class Bytes:
    """A stream as it lies there: its size, and the SHA-256 of its prefixes at receipts' offsets.

    ``session``: the one that a session log says it is of (``session_named``).
    """

    size: int
    digests: Mapping[int, str]
    session: Optional[str] = None


@dataclass(frozen=True)
class Ciphertext:
    """A stream that lies there encrypted, and nobody has given the key: its size and digest."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Judgement:
    """The verdict, and every finding: what contradicts first, each in order of place."""

    verdict: Verdict
    findings: Tuple[Finding, ...]
    keys: Tuple[str, ...]
    """Fingerprints of the keys that signed, in order."""
    trusted: bool
    """Whether one of them was named as the broker's."""
    receipts: int
    """Statements that hold."""
    until: Optional[int]
    """The broker's time of the last one, Unix milliseconds."""
    complete: bool


def session_named(first: bytes) -> Optional[str]:
    """The session that a log's first line names; empty: none. None: the line is not whole."""
    if not first.endswith(b"\n"):
        return None
    try:
        found = json.loads(first.decode(), parse_constant=_no_number)
        named = found["session"]
    except (ValueError, RecursionError, TypeError, LookupError):
        return ""
    return named if isinstance(named, str) else ""


def offsets(receipts: Receipts) -> Dict[str, Tuple[int, ...]]:
    """At which offsets each stream's prefix is to be hashed, ascending."""
    found: Dict[str, List[int]] = {}
    for one in receipts.statements:
        if one.kind == "receipt":
            found.setdefault(one.fields["stream"], []).append(one.fields["offset"])
    return {stream: tuple(there) for stream, there in found.items()}


def judge(
    receipts: Receipts,
    streams: Mapping[str, Union[Bytes, Ciphertext]],
    trusted: AbstractSet[str],
) -> Judgement:
    """Judge ``streams`` (all that are there) by the receipts.

    ``trusted``: fingerprints that whoever asks knows to be the broker's; one of them that has
    signed anchors the whole chain, since what it signed names all lines before it, and each later
    key was vouched for.
    """
    chain, bad = receipts.chain, receipts.bad
    found: List[Finding] = []
    if bad is not None:
        found.append(Finding(Verdict.REJECTED, bad.code, str(bad), line=bad.line))
    else:
        by_stream: Dict[str, List[Statement]] = {}
        for one in receipts.statements:
            if one.kind == "receipt":
                by_stream.setdefault(one.fields["stream"], []).append(one)
        for name in sorted({*streams, *by_stream}, key=parse_stream):
            found += _of_stream(receipts, name, by_stream.get(name, []), streams.get(name))
    if chain.count == 0 and bad is None:
        says = "there are no receipts: no broker says that it held any of this"
        found.append(_unanchored(Code.NO_RECEIPTS, says))
    elif bad is None:
        found += _of_chain(receipts, trusted)
    found.sort(key=lambda one: -one.verdict.value)  # stable: each kind stays in order of place
    last = receipts.statements[-1] if receipts.statements else None
    return Judgement(
        verdict=found[0].verdict if found else Verdict.VERIFIED,
        findings=tuple(found),
        keys=tuple(key for key, _ in chain.signers),
        trusted=_is_trusted(receipts, trusted),
        receipts=chain.count,
        until=last.time if last else None,
        complete=chain.complete is not None,
    )


def as_json(judgement: Judgement) -> Dict[str, Any]:
    """As ``jumpseat verify --json`` prints it."""
    return {
        "verdict": judgement.verdict.name,
        "findings": [
            {
                "verdict": one.verdict.name,
                "code": one.code.value,
                "says": one.says,
                "stream": one.stream,
                "offset": one.offset,
                "line": one.line,
            }
            for one in judgement.findings
        ],
        "keys": list(judgement.keys),
        "trusted": judgement.trusted,
        "receipts": judgement.receipts,
        "until": judgement.until,
        "complete": judgement.complete,
    }


def _no_number(_: str) -> None:
    raise ValueError("NaN and its like are no JSON")


def _of_stream(
    receipts: Receipts,
    name: str,
    spoken: List[Statement],
    there: Union[Bytes, Ciphertext, None],
) -> List[Finding]:
    chain = receipts.chain
    last = spoken[-1] if spoken else None
    covered = last.fields["offset"] if last else 0
    if there is None:
        if last is None or _is_deleted(receipts):
            return []
        return [_rejected(Code.STREAM_MISSING, f"{name} is not there", name, 0, last.n)]
    if isinstance(there, Ciphertext):
        return _of_ciphertext(receipts, name, there)
    if there.session not in (None, chain.session):
        return [_rejected(Code.SESSION, f"{name} does not say that it is of this session", name)]
    if last is not None and there.size < covered:
        says = f"{name} is shorter than what the broker held: it has {there.size} of {covered}"
        return [_rejected(Code.STREAM_SHORT, says, name, there.size, last.n)]
    for one in spoken:
        if there.digests.get(one.fields["offset"]) != one.fields["sha256"]:
            says = f"{name} is not what the broker held"
            return [_rejected(Code.DIGEST, says, name, one.fields["offset"], one.n)]
    if chain.complete is not None and there.size > chain.complete.get(name, 0):
        says = f"{name} is longer than it was when the session was complete"
        return [_rejected(Code.COMPLETE, says, name, chain.complete.get(name, 0))]
    if there.size > covered:
        says = f"for {name} from offset {covered} on, no receipt speaks"
        return [_unanchored(Code.BEYOND_RECEIPTS, says, name, covered)]
    return []


def _of_ciphertext(receipts: Receipts, name: str, there: Ciphertext) -> List[Finding]:
    sealed = receipts.chain.sealed.get(name)
    if sealed is None or (there.size, there.sha256) != (
        sealed.fields["size"],
        sealed.fields["sha256"],
    ):
        line = sealed.n if sealed else 0
        says = f"{name} is encrypted, and not as the broker encrypted it"
        return [_rejected(Code.SEALED_DIGEST, says, name, 0, line)]
    to = ", ".join(sealed.fields["recipients"])
    says = f"{name} is encrypted to {to}, as the broker signed it; what is in it was not looked at"
    return [_unanchored(Code.SEALED, says, name)]


def _of_chain(receipts: Receipts, trusted: AbstractSet[str]) -> List[Finding]:
    found = []
    if _is_deleted(receipts):
        last = receipts.statements[-1]
        says = f"the broker's copy was deleted by {last.fields['by']}: {last.fields['why']}"
        found.append(_unanchored(Code.DELETED, says, line=last.n))
    elif receipts.chain.complete is None:
        says = (
            "nobody has said that the session is complete: it may go on, its end may not have "
            "reached the broker, or receipts may be missing at the end"
        )
        found.append(_unanchored(Code.NOT_COMPLETE, says))
    if not _is_trusted(receipts, trusted):
        says = (
            f"the receipts are signed by {receipts.chain.signers[-1][0]}; "
            "nobody has said here that this is the broker's key"
        )
        found.append(_unanchored(Code.UNTRUSTED_KEY, says))
    return found


def _is_trusted(receipts: Receipts, trusted: AbstractSet[str]) -> bool:
    return any(key in trusted for key, _ in receipts.chain.signers)


def _is_deleted(receipts: Receipts) -> bool:
    return bool(receipts.statements) and receipts.statements[-1].kind == "deleted"


def _rejected(code: Code, says: str, stream: str, offset: int = 0, line: int = 0) -> Finding:
    return Finding(Verdict.REJECTED, code, says, stream, offset, line)


def _unanchored(code: Code, says: str, stream: str = "", offset: int = 0, line: int = 0) -> Finding:
    return Finding(Verdict.UNANCHORED, code, says, stream, offset, line)
