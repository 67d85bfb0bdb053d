"""Drift: the difference between two fingerprints of a host, and how people say it. Pure.

A fingerprint is ``{area: {subject: {fact: value}}}``, all text: area ``links`` has subject
``eth1`` with facts ``mtu`` and ``mac``. A subject that has one main thing to say has it under
the fact ``""``. A fact whose value is empty is an *entry*, which is there or is not: a line of a
file, a rule of a chain, an address of a link. The words for each area stand in one table,
``AREAS``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

Facts = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Area, subject, fact: value."""

LONGEST_VALUE = 200
"""Characters of a value in a change; what is longer is cut, visibly."""
ENTRY = "entry"
"""The fact of a change to a subject's entries; the entries themselves are the values."""
DERIVED = frozenset({"content", "order"})
"""Facts that change with a subject's entries, and are told only where no entry tells it."""


class Change(NamedTuple):
    """One thing that differs. ``before`` None: it appeared; ``after`` None: it went."""

    area: str
    subject: str
    fact: str
    """Empty: the subject as a whole."""
    before: Optional[str]
    after: Optional[str]
    at: Optional[float] = None
    """When it happened, in session time, where the host can tell (a file's time of change)."""


@dataclass(frozen=True)
class Area:
    """How an area is called, and how its changes are said.

    ``{s}`` is the subject, ``{f}`` the fact, ``{b}`` and ``{a}`` the values before and after; a
    fact that was not there, or is no more, says ``none``.
    """

    title: str
    appeared: str = "{s} appeared: {a}"
    went: str = "{s} went: was {b}"
    changed: str = "{s} {b} → {a}"
    """Of a subject's main value."""
    fact: str = "{f} of {s} {b} → {a}"
    """Of one of several facts."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Of the facts that have words of their own."""
    added: str = "added to {s}: {a}"
    """Of an entry."""
    removed: str = "removed from {s}: {b}"
    replaced: str = "{s}: {b} → {a}"
    """Of one entry that went where one other came."""


AREAS: Mapping[str, Area] = {
    "system": Area("System", "{s}: {a}", "{s} no longer {b}"),
    "links": Area(
        "Links",
        "link {s} appeared: {a}",
        "link {s} went",
        "link {s} {b} → {a}",
        facts={"mac": "MAC address of {s} {b} → {a}"},
    ),
    "addresses": Area(
        "Addresses",
        added="address {a} added to {s}",
        removed="address {b} removed from {s}",
        replaced="address of {s} {b} → {a}",
    ),
    "routes": Area(
        "Routes", added="{s} {a} appeared", removed="{s} {b} went", replaced="{s} {b} → {a}"
    ),
    "rules": Area(
        "Routing rules",
        added="routing {s} added: {a}",
        removed="routing {s} removed: {b}",
        replaced="routing {s} {b} → {a}",
    ),
    "resolver": Area(
        "Resolver", added="{s} {a} added", removed="{s} {b} removed", replaced="{s} {b} → {a}"
    ),
    "sockets": Area(
        "Listening sockets", "{a} listens on {s}", "{b} no longer listens on {s}", "{s}: {b} → {a}"
    ),
    "firewall": Area("Firewall", went="{s} went", facts={"order": "order in {s} changed"}),
    "sysctl": Area("Kernel settings"),
    "mounts": Area("Mounts", "{s} mounted: {a}", "{s} unmounted: was {b}"),
    "pools": Area("Pools and volumes"),
    "services": Area("Services", "{s}: {a}", "{s}: no longer {b}", "{s}: {b} → {a}"),
    "timers": Area("Timers", "{s}: {a}", "{s}: no longer {b}", "{s}: {b} → {a}"),
    "packages": Area("Packages", "{s} {a} installed", "{s} {b} removed"),
    "modules": Area("Kernel modules", "module {s} loaded", "module {s} unloaded"),
    "users": Area(
        "Users and groups",
        "{s} added: {a}",
        "{s} removed: {b}",
        added="{a} added to {s}",
        removed="{b} removed from {s}",
    ),
    "sudoers": Area("Sudo"),
    "cron": Area("Cron"),
    "files": Area(
        "Files",
        went="{s} went",
        changed="{s}: {b} → {a}",
        facts={"content": "content of {s} changed"},
        added="{s}: line added: {a}",
        removed="{s}: line removed: {b}",
        replaced="{s}: line {b} → {a}",
    ),
}
_OTHER = Area("Other")


def compare(before: Facts, after: Facts) -> List[Change]:
    """What differs, in order of area, subject and fact.

    Of a subject that is in one of them only, one change says so, or, where it is made of entries
    alone, one for each; areas that one of them has not (a probe that failed) are passed over.
    """
    changes: List[Change] = []
    for area in sorted(before.keys() & after.keys()):
        old, new = before[area], after[area]
        for subject in sorted(old.keys() | new.keys()):
            was, now = old.get(subject), new.get(subject)
            if (was is None or now is None) and _main(was or now or {}):
                changes.append(Change(area, subject, "", _summary(was), _summary(now)))
            else:
                changes += _differences(area, subject, was or {}, now or {})
    return [cut(change) for change in changes]


def compose(drifts: Iterable[Iterable[Change]]) -> List[Change]:
    """The drift from the first fingerprint to the last, from those between them, in order."""
    net: Dict[Tuple[str, str], Dict[str, Change]] = {}
    entries: Dict[Tuple[str, str], Dict[str, Change]] = {}
    for change in (one for drift in drifts for one in drift):
        key = change[:2]
        if change.fact == ENTRY:
            _toggle(entries.setdefault(key, {}), change)
            continue
        facts = net.setdefault(key, {})
        earlier = facts.pop(change.fact, change)
        if not change.fact and (change.before is None or change.after is None):
            # The whole subject came or went: what was told of its facts went with it.
            entries.pop(key, None)
            facts.clear()
        if earlier.before != change.after:
            facts[change.fact] = change._replace(before=earlier.before)
    changed = [one for facts in net.values() for one in facts.values()]
    paired = [one for some in entries.values() for one in _paired(list(some.values()))]
    return sorted([*changed, *paired], key=_place)


def says(change: Change) -> str:
    """One change in the domain's words: ``mtu of eth1 1500 → 9000``."""
    area = AREAS.get(change.area, _OTHER)
    came, went = change.before is None, change.after is None
    if change.fact == ENTRY:
        template = area.added if came else area.removed if went else area.replaced
    elif change.fact:
        template = area.facts.get(change.fact, area.fact)
    else:
        template = area.appeared if came else area.went if went else area.changed
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


def cut(change: Change) -> Change:
    """With values that are not too long."""
    return change._replace(before=_short(change.before), after=_short(change.after))


def _differences(
    area: str, subject: str, was: Mapping[str, str], now: Mapping[str, str]
) -> List[Change]:
    """What differs in the entries and facts of one subject, entries first."""
    gone, come = _entries(was) - _entries(now), _entries(now) - _entries(was)
    told = [Change(area, subject, ENTRY, text, None) for text in sorted(gone)]
    told += [Change(area, subject, ENTRY, None, text) for text in sorted(come)]
    told = _paired(told)
    by_entries = bool(told)
    for fact in sorted((was.keys() | now.keys()) - gone - come):
        b, a = was.get(fact), now.get(fact)
        is_derived = fact in DERIVED and (by_entries or b is None or a is None)
        if b != a and not is_derived:
            told.append(Change(area, subject, fact, b, a))
    return told


def _paired(changes: List[Change]) -> List[Change]:
    """Entries of one subject: where one went and one came, that is one change."""
    if len(changes) == 2:
        went, came = sorted(changes, key=lambda one: one.before is None)
        if went.after is None and came.before is None:
            return [came._replace(before=went.before)]
    return changes


def _toggle(entries: Dict[str, Change], change: Change) -> None:
    """Take in what came and went with ``change``; what came and went again did not change."""
    for text, is_there in ((change.before, False), (change.after, True)):
        if text is not None:
            earlier = entries.pop(text, None)
            if earlier is None or (earlier.after is not None) == is_there:
                before, after = (None, text) if is_there else (text, None)
                entries[text] = change._replace(before=before, after=after)


def _main(facts: Mapping[str, str]) -> List[str]:
    """What a subject has to say of itself besides its entries, in order."""
    return sorted(fact for fact, value in facts.items() if value and fact not in DERIVED)


def _entries(facts: Mapping[str, str]) -> "set[str]":
    return {fact for fact, value in facts.items() if not value}


def _summary(facts: Optional[Mapping[str, str]]) -> Optional[str]:
    if facts is None:
        return None
    told = [f"{fact} {facts[fact]}".lstrip() for fact in _main(facts)]
    return ", ".join([*told, *sorted(_entries(facts))])


def _place(change: Change) -> Tuple[str, str, str, str]:
    return (change.area, change.subject, change.fact, change.after or change.before or "")


def _short(value: Optional[str]) -> Optional[str]:
    if value is None or len(value) <= LONGEST_VALUE:
        return value
    return value[: LONGEST_VALUE - 2] + " …"
