"""A verdict as people read it. Pure."""

from __future__ import annotations

import time
from typing import AbstractSet, Dict, List

from broker.evidence.verifying import Seen, Verified
from broker.recording.causes import SAYS
from broker.recording.receipts import Code
from broker.recording.stretches import ATTESTED, GAP, OBSERVED, Stretch, explained
from broker.recording.timeline import duration
from broker.recording.verification import Finding, Verdict

MEANS = {
    Verdict.VERIFIED: "to the last byte what the broker held when the session was complete",
    Verdict.UNANCHORED: "nothing contradicts, but not all of it is vouched for",
    Verdict.REJECTED: "it is not what was signed for",
}
_MOST_GAPS = 10
_LACKING = (Code.STREAM_SHORT, Code.STREAM_MISSING)
_MOST_CHARACTERS = 300


def read_out(found: Verified, trusted: AbstractSet[str]) -> List[str]:
    """The lines of a verdict: what it is, of what, and each finding with its place."""
    judged = found.judgement
    lines = [f"{judged.verdict.name}: {MEANS[judged.verdict]}"]
    lines += [_finding(one) for one in judged.findings]
    about = found.about
    facts = {
        "session": found.session,
        "case": about.case,
        "host": about.host,
        "engineer": about.engineer,
        "began": _utc(about.wall) + " by the host's clock" if about.wall > 0 else "",
    }
    lines += [f"  {name:<9} {plain(text)}" for name, text in facts.items() if text]
    if judged.receipts:
        until = f", the last at {_utc(judged.until / 1000)}" if judged.until is not None else ""
        lines.append(f"  {'receipts':<9} {judged.receipts}{until} by the broker's clock")
    for key in judged.keys:
        known = "known" if key in trusted else "nobody has said that this is the broker's key"
        lines.append(f"  {'signed by':<9} {key} ({known})")
    lines += [f"  {plain(one.name):<24} {_stream(one)}" for one in found.streams]
    summed = [
        f"{name} {duration(total)}"
        for name, total in _sums(found.stretches).items()
        if total or name == OBSERVED
    ]
    if found.stretches:
        lines.append(f"  {'how known':<9} {', '.join(summed)}")
    gaps = [one for one in found.stretches if one.kind == GAP]
    lines += [_gap(one) for one in gaps[:_MOST_GAPS]]
    if len(gaps) > _MOST_GAPS:
        lines.append(f"  and {len(gaps) - _MOST_GAPS} more gaps (--json lists all)")
    return lines


def plain(text: str) -> str:
    """Text from a stranger's file, safe to print."""
    return "".join(char if char.isprintable() else "?" for char in text[:_MOST_CHARACTERS])


def _finding(one: Finding) -> str:
    says = plain(one.says)
    if one.code in _LACKING:
        says += f"; it may be that {', or '.join(explained('stream-lost'))}"
    place = []
    if one.stream:
        place.append(f"{one.stream}, byte {one.offset}")
    if one.line:
        place.append(f"line {one.line} of the receipts")
    where = f" [{'; '.join(place)}]" if place else ""
    return f"  {one.verdict.name.lower()} ({one.code.value}): {says}{where}"


def _stream(one: Seen) -> str:
    if one.sealed:
        return f"{one.size} bytes, encrypted"
    if one.covered >= one.size:
        return f"{one.size} bytes, receipts for all of it"
    if one.covered == 0:
        return f"{one.size} bytes, no receipts"
    return f"{one.size} bytes, receipts up to byte {one.covered}"


def _sums(stretches: "tuple[Stretch, ...]") -> Dict[str, float]:
    sums = {OBSERVED: 0.0, ATTESTED: 0.0, GAP: 0.0}
    for one in stretches:
        sums[one.kind] += max(0.0, one.until - one.since)
    return sums


def _gap(one: Stretch) -> str:
    since, length = duration(one.since), duration(max(0.0, one.until - one.since))
    cause = plain(SAYS.get(one.cause, one.cause.replace("-", " ")))
    text = f"  gap of {length} after {since}: {cause}"
    others = [other for other in one.explanations if other != cause]
    return f"{text}; it may be that {', or '.join(others)}" if others else text


def _utc(at: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
    except (ValueError, OverflowError, OSError):
        return f"{at:.0f}"
