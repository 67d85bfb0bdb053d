"""A fingerprint: what probes saw of a host at one time; how it is kept, how two differ. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from broker.host.probes.gather import Gathered
from broker.host.probes.once import Found, told_once
from broker.host.probes.probe import Probe
from broker.host.probes.trees import Cached, place
from broker.recording.drift import Change, compare, cut

FORMAT = 1
"""Of what is kept, and of what parsers make of it; only like is compared with like."""
_OWNER = re.compile(r"(?:(?<=owner )|\A)(\d+):(\d+)\b")
Subjects = Dict[str, Dict[str, str]]


class Kept(NamedTuple):
    """What one probe saw, and how it was asked: only like is compared with like."""

    asked: str
    facts: Subjects
    upto: Optional[str] = None
    """Of a tree: the last path that was looked at, where that is not all."""
    unseen: Sequence[str] = ()
    """Of files told by their paths: those that were not read."""


@dataclass
class Fingerprint:
    """``began`` is Unix time; ``key`` names the key that files' digests are made with."""

    n: int
    began: float
    key: str
    probes: Dict[str, Kept] = field(default_factory=dict)
    trees: Dict[str, Kept] = field(default_factory=dict)
    cache: Dict[str, Cached] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Hex SHA-256 of what was seen, in one order."""
        seen = {**{name: one.facts for name, one in self.probes.items()}}
        seen.update({f"files in {root}": one.facts for root, one in self.trees.items()})
        text = json.dumps(seen, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def count(self) -> int:
        """How many facts it holds."""
        kept = [*self.probes.values(), *self.trees.values()]
        return sum(len(facts) for one in kept for facts in one.facts.values())


def fingerprint_of(
    seen: Gathered, probes: Sequence[Probe], n: int, began: float, key: str
) -> Fingerprint:
    """What is to be kept of what was seen."""
    found = Fingerprint(n, began, key)
    for probe in probes:
        if probe.name in seen.facts:
            unseen = seen.unseen[probe.name]
            found.probes[probe.name] = Kept(_asked(probe), seen.facts[probe.name], None, unseen)
    for root, tree in seen.trees.items():
        found.trees[root] = Kept(root, tree.facts, tree.upto)
        found.cache.update(tree.cache)
    return found


def changes_between(
    before: Fingerprint, after: Fingerprint, probes: Sequence[Probe], changed: Mapping[str, int]
) -> List[Change]:
    """How the host changed, each change once, in order of area.

    ``changed`` has the time of change (ns since 1970) of files that are there.
    """
    found = []
    for probe in probes:
        was, now = before.probes.get(probe.name), after.probes.get(probe.name)
        if was is not None and now is not None and was.asked == now.asked:
            differs = compare({probe.area: was.facts}, {probe.area: now.facts})
            unseen = {*was.unseen, *now.unseen}
            found.append(Found(probe, [one for one in differs if one.subject not in unseen]))
    files: List[Change] = []
    for root in sorted(before.trees.keys() & after.trees.keys()):
        files += _files(before.trees[root], after.trees[root])
    if before.key != after.key:
        files = [one for one in files if one.fact != "content"]
    names = _Names(after)
    told = [_timed(cut(names.put_in(one)), changed) for one in told_once(found, files)]
    return sorted(told, key=lambda one: (one.area, one.subject, one.fact))


def _files(was: Kept, now: Kept) -> List[Change]:
    """How a tree changed, as far as both looked."""
    ends = [place(one.upto) for one in (was, now) if one.upto is not None]
    if not ends:
        return compare({"files": was.facts}, {"files": now.facts})
    end = min(ends)
    old, new = (
        {path: facts for path, facts in one.facts.items() if place(path) <= end}
        for one in (was, now)
    )
    return compare({"files": old}, {"files": new})


def _timed(change: Change, changed: Mapping[str, int]) -> Change:
    at = changed.get(change.subject)
    return change if at is None else change._replace(at=at / 1e9)


class _Names:
    """Owners of files by name, as this host's own users and groups have them."""

    def __init__(self, seen: Fingerprint) -> None:
        self._users = self._of(seen.probes.get("users"), "uid")
        self._groups = self._of(seen.probes.get("groups"), "gid")

    def put_in(self, change: Change) -> Change:
        if change.area != "files" or change.fact not in {"", "owner"}:
            return change
        return change._replace(before=self._named(change.before), after=self._named(change.after))

    def _named(self, text: Optional[str]) -> Optional[str]:
        return text and _OWNER.sub(
            lambda found: (
                f"{self._users.get(found[1], found[1])}:{self._groups.get(found[2], found[2])}"
            ),
            text,
        )

    @staticmethod
    def _of(kept: Optional[Kept], number: str) -> Dict[str, str]:
        facts = {} if kept is None else kept.facts
        return {
            one[number]: subject.partition(" ")[2]
            for subject, one in facts.items()
            if number in one
        }


def as_json(one: Fingerprint) -> Dict[str, Any]:
    """As it is kept in a file."""
    return {
        "format": FORMAT,
        "n": one.n,
        "began": one.began,
        "key": one.key,
        "probes": {name: list(kept) for name, kept in one.probes.items()},
        "trees": {root: list(kept) for root, kept in one.trees.items()},
        "cache": one.cache,
    }


def from_json(value: Any) -> Fingerprint:  # noqa: ANN401 - what a file holds
    """Read it again. Raises ValueError, KeyError, TypeError and AttributeError."""
    if value["format"] != FORMAT:
        raise ValueError("of another version")
    found = Fingerprint(int(value["n"]), float(value["began"]), str(value["key"]))
    found.probes = {name: Kept(*kept) for name, kept in value["probes"].items()}
    found.trees = {root: Kept(*kept) for root, kept in value["trees"].items()}
    found.cache = dict(value["cache"])
    return found


def _asked(probe: Probe) -> str:
    return "\n".join((probe.area, *probe.command, *probe.files))
