"""Verifying a session's evidence: what ``jumpseat verify`` does, for programs.

    from pathlib import Path
    from broker.evidence.opening import opened
    from broker.evidence.verifying import verify

    found = verify(opened(Path("session.zip")), {"SHA256:..."})
    print(found.judgement.verdict.name)

Works offline, on Python 3.9 and later, with nothing but the standard library.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, replace
from typing import AbstractSet, Any, Deque, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from broker.evidence.encryption import ENDING
from broker.evidence.line_times import LineTimes
from broker.evidence.source import (
    Damage,
    Source,
    Unreadable,
    first_line,
    in_order,
    session_of,
)
from broker.recording import receipts, stretches, verification
from broker.recording.log_reader import LogReader
from broker.recording.receipts import Code, Receipts
from broker.recording.session_log import Entry
from broker.recording.stretches import Range, Stretch
from broker.recording.verification import (
    Bytes,
    Ciphertext,
    Finding,
    Judgement,
    Verdict,
    session_named,
)
from broker.wire.names import parse_stream


@dataclass(frozen=True)
class Seen:
    """A stream: how long it is, and how far receipts speak for it, in bytes."""

    name: str
    size: int
    covered: int
    sealed: bool = False


@dataclass(frozen=True)
class About:
    """What the session's log says that it is. Nobody has checked it but the receipts."""

    case: str = ""
    engineer: str = ""
    host: str = ""
    wall: float = 0.0
    """When the session began by the host's clock, Unix time; 0: not told."""


@dataclass(frozen=True)
class Verified:
    """A session's evidence, judged."""

    session: str
    about: About
    judgement: Judgement
    streams: Tuple[Seen, ...]
    stretches: Tuple[Stretch, ...]


def verify(source: Source, trusted: AbstractSet[str]) -> Verified:
    """Judge what lies in ``source``.

    ``trusted``: the fingerprints (``SHA256:...``) that whoever asks knows to be the broker's.
    Reads every stream once, in pieces; blocks for as long. Raises Unreadable where there is
    nothing to be judged, or a disk does not give what is on it.
    """
    session = session_of(source)
    found = receipts.read(session, source.receipts)
    statements = found.statements if found.bad is None else ()
    ranges = stretches.ranges(
        statements, {name: source.streams[name] for name in in_order(source.streams)}
    )
    readings = {
        name: _read(source, name, found, [one for one in ranges if one.stream == name])
        for name in in_order(source.streams)
    }
    sealed = {
        name[: -len(ENDING)]: _ciphertext(source, name)
        for name in source.streams
        if name.endswith(ENDING)
    }
    streams: Dict[str, Union[Bytes, Ciphertext]] = {
        **{name: one.there for name, one in readings.items()},
        **sealed,
    }
    digests = {name: one.digest for name, one in readings.items()}
    digests.update({name + ENDING: one.sha256 for name, one in sealed.items()})
    damage = source.damage(digests)
    if not streams and not source.receipts and not damage:
        raise Unreadable(f"there is no session in {source.place}")
    logs = [entry for one in readings.values() for entry in one.entries]
    return Verified(
        session,
        _about(logs),
        _judge(found, streams, trusted, damage),
        tuple(
            Seen(name, streams[name].size, _covered(found, name), name in sealed)
            for name in sorted(streams, key=parse_stream)
        ),
        tuple(stretches.stretches(_timed(ranges, readings), logs)),
    )


def as_json(verified: Verified) -> Dict[str, Any]:
    """As ``jumpseat verify --json`` prints it."""
    return {
        "session": verified.session,
        **verification.as_json(verified.judgement),
        "about": vars(verified.about),
        "streams": [vars(one) for one in verified.streams],
        "stretches": stretches.as_json(verified.stretches),
    }


@dataclass(frozen=True)
class _Reading:
    """What one pass over a stream gave."""

    there: Bytes
    digest: str
    times: LineTimes
    entries: Sequence[Entry]
    """Of a log: those that are needed here, in order."""


def _read(source: Source, name: str, found: Receipts, ranges: List[Range]) -> _Reading:
    wanted = deque(verification.offsets(found).get(name, ()))
    digests: Dict[int, str] = {}
    whole = hashlib.sha256()
    times = LineTimes(mark for one in ranges for mark in (one.start, one.end - 1))
    reader = LogReader() if parse_stream(name).is_log else None
    entries: List[Entry] = []
    size = 0
    for piece in source.pieces(name):
        _hash(whole, piece, size, wanted, digests)
        size += len(piece)
        times.feed(piece)
        if reader is not None:
            entries += [one for one in reader.feed(piece) if one["event"] in ("started", "gap")]
    times.end()
    named = None if reader is None else session_named(first_line(source.pieces(name)))
    return _Reading(Bytes(size, digests, named), whole.hexdigest(), times, entries)


def _hash(
    whole: hashlib._Hash, piece: bytes, at: int, wanted: Deque[int], digests: Dict[int, str]
) -> None:
    """Take in a piece that begins at ``at``, and the digest at each offset that is wanted."""
    view, done = memoryview(piece), 0
    while wanted and wanted[0] <= at + len(piece):
        whole.update(view[done : wanted[0] - at])
        done = wanted[0] - at
        digests[wanted.popleft()] = whole.hexdigest()
    whole.update(view[done:])


def _ciphertext(source: Source, name: str) -> Ciphertext:
    whole, size = hashlib.sha256(), 0
    for piece in source.pieces(name):
        whole.update(piece)
        size += len(piece)
    return Ciphertext(size, whole.hexdigest())


def _covered(found: Receipts, name: str) -> int:
    last = found.chain.held.get(name) if found.bad is None else None
    return int(last.fields["offset"]) if last else 0


def _judge(
    found: Receipts,
    streams: Mapping[str, Union[Bytes, Ciphertext]],
    trusted: AbstractSet[str],
    damage: Sequence[Damage],
) -> Judgement:
    judged = verification.judge(found, streams, trusted)
    if not damage:
        return judged
    damaged = tuple(Finding(Verdict.REJECTED, Code.MALFORMED, one.says) for one in damage)
    # Of what can't be read at all there is no more to say.
    more = judged.findings if streams or found.chain.count else ()
    return replace(judged, verdict=Verdict.REJECTED, findings=(*damaged, *more))


def _about(logs: Sequence[Entry]) -> About:
    for entry in logs:
        if entry["event"] == "started":
            grant = entry["grant"] if isinstance(entry["grant"], dict) else {}
            wall = entry["wall"]
            return About(
                _text(grant.get("case")),
                _text(grant.get("engineer")),
                _text(entry["host"]),
                float(wall) if type(wall) in (int, float) else 0.0,
            )
    return About()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _timed(
    ranges: Sequence[Range], readings: Mapping[str, _Reading]
) -> List[Tuple[Range, float, float]]:
    """Each range with the times of its first and last line; without those that have none."""
    timed = []
    for one in ranges:
        times = readings[one.stream].times
        last = times.found.get(one.end - 1)
        first: Optional[float] = times.found.get(one.start)
        if first is None:  # a recording's header: what follows it
            first = times.first if one.start == 0 else last
        if first is not None:
            timed.append((one, first, max(first, first if last is None else last)))
    return timed
