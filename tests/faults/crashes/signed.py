"""What must hold of receipts after every fault: honest sides are never taken for liars."""

import hashlib
from pathlib import Path

from broker.recording.receipts import Code, Receipts, read
from broker.recording.verification import Bytes, Judgement, Verdict, judge, offsets
from broker.wire.names import RECEIPTS
from tests.faults.crashes.invariants import streams, wrong

_LACKS = (Code.STREAM_SHORT, Code.STREAM_MISSING)


def never_rejected(host: Path, broker: Path, *, cut: bool = False) -> None:
    """The host's receipts are the beginning of the broker's, and neither side contradicts them.

    ``cut``: the host has lost power, so that it may lack what the broker had got of it before;
    but for that nothing contradicts its receipts either.
    """
    ours, theirs = _whole(host / RECEIPTS), _whole(broker / RECEIPTS)
    if not theirs.startswith(ours):
        raise wrong(f"the host has {len(ours)} bytes of receipts that the broker has not")
    for side in (broker, host):
        allowed = _LACKS if cut and side is host else ()
        for one in judged(side).findings:
            if one.verdict is Verdict.REJECTED and one.code not in allowed:
                raise wrong(f"{side} is rejected: {one}")


def judged(folder: Path) -> Judgement:
    """A side's files, by its own receipts and key."""
    receipts = read(folder.name, _whole(folder / RECEIPTS))
    keys = {key for key, _ in receipts.chain.signers}
    there = {name: _hashed(name, path, receipts) for name, path in streams(folder).items()}
    return judge(receipts, there, keys)


def _hashed(name: str, path: Path, receipts: Receipts) -> Bytes:
    raw, at, sha, digests = path.read_bytes(), 0, hashlib.sha256(), {}
    for offset in offsets(receipts).get(name, ()):
        if offset <= len(raw):
            sha.update(raw[at:offset])
            digests[offset], at = sha.hexdigest(), offset
    return Bytes(len(raw), digests)


def _whole(path: Path) -> bytes:
    raw = path.read_bytes() if path.exists() else b""
    return raw[: raw.rfind(b"\n") + 1]
