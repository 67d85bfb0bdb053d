"""Drift: the difference between two fingerprints of a host, and how people say it. Pure.

A fingerprint is ``{area: {subject: {fact: value}}}``, all text: area ``links`` has subject
``eth1`` with facts ``mtu`` and ``state``. A subject that has only one thing to say has it under
the fact ``""``. The words for each area stand in one table, ``AREAS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

Facts = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Area, subject, fact: value."""

LONGEST_VALUE = 200
"""Characters of a value in a change; what is longer is cut, visibly."""


class Change(NamedTuple):
    """One thing that differs. ``before`` None: it appeared; ``after`` None: it went."""

    area: str
    subject: str
    fact: str
    """Empty: the subject as a whole."""
    before: Optional[str]
    after: Optional[str]
    at: Optional[float] = None
    """Session time at which it happened, where the host can tell (a file's time of change)."""


@dataclass(frozen=True)
class Area:
    """How an area is called, and how its changes are said.

    ``{s}`` is the subject, ``{f}`` the fact, ``{b}`` and ``{a}`` the values before and after.
    """

    title: str
    appeared: str
    went: str
    changed: str
    """Of a subject's only value."""
    fact: str = "{f} of {s} {b} → {a}"
    """Of one of several facts; a fact that was not there, or is no more, says ``none``."""


AREAS: Mapping[str, Area] = {
    "system": Area("System", "{s}: {a}", "{s} no longer {b}", "{s} {b} → {a}"),
    "links": Area("Links", "link {s} appeared: {a}", "link {s} went", "link {s} {b} → {a}"),
    "addresses": Area(
        "Addresses", "address {a} on {s}", "no address on {s}: was {b}", "address of {s} {b} → {a}"
    ),
    "routes": Area("Routes", "{s} route {a} appeared", "{s} route {b} went", "{s} route {b} → {a}"),
    "rules": Area(
        "Routing rules", "rule {s} appeared: {a}", "rule {s} went: {b}", "rule {s} {b} → {a}"
    ),
    "resolver": Area("Resolver", "{s} now {a}", "{s} no longer {b}", "{s} {b} → {a}"),
    "sockets": Area(
        "Listening sockets", "{s} listens: {a}", "{s} no longer listens: was {b}", "{s} {b} → {a}"
    ),
    "firewall": Area("Firewall", "{s} {a} appeared", "{s} {b} went", "{s} {b} → {a}"),
    "sysctl": Area("Kernel settings", "{s} now {a}", "{s} no longer there", "{s} {b} → {a}"),
    "mounts": Area("Mounts", "{s} mounted: {a}", "{s} unmounted: was {b}", "{s} {b} → {a}"),
    "pools": Area("Pools and volumes", "{s} appeared: {a}", "{s} went: {b}", "{s} {b} → {a}"),
    "services": Area("Services", "{s}: {a}", "{s} no longer there: was {b}", "{s}: {b} → {a}"),
    "timers": Area("Timers", "{s}: {a}", "{s} no longer there: was {b}", "{s}: {b} → {a}"),
    "packages": Area("Packages", "{s} {a} installed", "{s} {b} removed", "{s} {b} → {a}"),
    "modules": Area("Kernel modules", "module {s} loaded", "module {s} unloaded", "{s} {b} → {a}"),
    "users": Area("Users and groups", "{s} added: {a}", "{s} removed: {b}", "{s} {b} → {a}"),
    "sudoers": Area("Sudo", "added in {s}: {a}", "removed from {s}: {b}", "{s}: {b} → {a}"),
    "cron": Area("Cron", "added in {s}: {a}", "removed from {s}: {b}", "{s}: {b} → {a}"),
    "files": Area("Files", "{s} appeared: {a}", "{s} went", "{s}: {b} → {a}"),
}
_OTHER = Area("Other", "{s} appeared: {a}", "{s} went: {b}", "{s} {b} → {a}")


def compare(before: Facts, after: Facts) -> List[Change]:
    """What differs, in order of area, subject and fact.

    Of a subject that is in one of them only, one change says so; areas that one of them has not
    (a probe that failed) are passed over.
    """
    changes: List[Change] = []
    for area in sorted(before.keys() & after.keys()):
        old, new = before[area], after[area]
        for subject in sorted(old.keys() | new.keys()):
            was, now = old.get(subject), new.get(subject)
            if was is None or now is None:
                changes.append(Change(area, subject, "", _summary(was), _summary(now)))
            else:
                for fact in sorted(was.keys() | now.keys()):
                    b, a = was.get(fact), now.get(fact)
                    if b != a:
                        changes.append(Change(area, subject, fact, b, a))
    return [_cut(change) for change in changes]


def compose(drifts: Iterable[Iterable[Change]]) -> List[Change]:
    """The drift from the first fingerprint to the last, from those between them, in order."""
    net: Dict[Tuple[str, str, str], Change] = {}
    for change in (one for drift in drifts for one in drift):
        key = change[:3]
        if not change.fact and (change.before is None or change.after is None):
            # The whole subject came or went: what was told of its facts went with it.
            for other in [one for one in net if one[:2] == key[:2] and one[2]]:
                del net[other]
        earlier = net.pop(key, change)
        if earlier.before != change.after:
            net[key] = change._replace(before=earlier.before)
    return sorted(net.values(), key=lambda change: change[:3])


def says(change: Change) -> str:
    """One change in the domain's words: ``mtu of eth1 1500 → 9000``."""
    area = AREAS.get(change.area, _OTHER)
    if change.fact:
        template = area.fact
    elif change.before is None:
        template = area.appeared
    elif change.after is None:
        template = area.went
    else:
        template = area.changed
    before = "none" if change.before is None else change.before
    after = "none" if change.after is None else change.after
    said = template.format(s=change.subject, f=change.fact, b=before, a=after)
    return " ".join(said.rstrip(": ").split())


def title(area: str) -> str:
    """What an area is called; one that this version does not know, by its own name."""
    known = AREAS.get(area)
    return known.title if known else area


def by_area(changes: Iterable[Change]) -> List[Tuple[str, List[Change]]]:
    """Changes by area, in the order of ``AREAS``, what is unknown last."""
    grouped: Dict[str, List[Change]] = {}
    for change in changes:
        grouped.setdefault(change.area, []).append(change)
    order = {area: at for at, area in enumerate(AREAS)}
    return sorted(grouped.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))


def as_json(change: Change) -> List[Any]:
    """As ``drift`` entries of the session log hold it."""
    return list(change)


def from_json(value: Sequence[Any]) -> Change:
    """Read it again. Raises ValueError and TypeError for what makes no sense."""
    area, subject, fact, before, after, at = value
    for text in (area, subject, fact):
        if not isinstance(text, str):
            raise ValueError("not text")
    for text in (before, after):
        if text is not None and not isinstance(text, str):
            raise ValueError("not text")
    return Change(area, subject, fact, before, after, None if at is None else float(at))


def _summary(facts: Optional[Mapping[str, str]]) -> Optional[str]:
    if facts is None:
        return None
    return ", ".join(f"{fact} {value}" if fact else value for fact, value in sorted(facts.items()))


def _cut(change: Change) -> Change:
    return change._replace(before=_short(change.before), after=_short(change.after))


def _short(value: Optional[str]) -> Optional[str]:
    if value is None or len(value) <= LONGEST_VALUE:
        return value
    return value[: LONGEST_VALUE - 2] + " …"
