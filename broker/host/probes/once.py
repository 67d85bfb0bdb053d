"""Each change is told once, by the probe that has the best words for it. Pure.

A user who is added changes ``/etc/passwd``, ``passwd-``, ``shadow`` and more: the user is told, and
not the files. What the other probe's facts do not explain is told of the file.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from broker.host.probes.probe import Probe
from broker.recording.drift import ENTRY, Change


class Found(NamedTuple):
    """What one probe found changed."""

    probe: Probe
    changes: List[Change]


_Root = Tuple[str, str, Optional[str]]
_BACKUP = re.compile(r"/etc/(passwd|shadow|group|gshadow|subuid|subgid)-")
_OF_LINK = re.compile(r"net\.(ipv[46]|mpls)\.(conf|neigh)\.(.+)\.([^.]+)")
_FORWARDING = {"net.ipv4.ip_forward": ("ipv4", "conf", "all", "forwarding")}


def told_once(found: Sequence[Found], trees: Sequence[Change]) -> List[Change]:
    """What is left of what the probes and the looks into trees found."""
    files = [one for one in trees if not _is_explained(one, found)]
    files = _one_for_a_kind(_without_insides(files))
    whole = {one.subject for one in files if _is_whole(one)}
    told: List[Change] = []
    for probe, changes in found:
        if probe.area == "files" and probe.by_path:
            files = [_with_text(one, changes) for one in files]
            changes = [  # noqa: PLW2901
                one
                for one in changes
                if one.subject not in whole and not _is_covered(one.subject, found)
            ]
        told += changes
    return _without_echoes(told) + files


def _is_covered(path: str, found: Sequence[Found]) -> bool:
    """Whether a probe that has words of its own for this file has found it changed."""
    return any(
        not probe.by_path and any(fnmatchcase(path, pattern) for pattern in probe.covers)
        for probe, changes in found
        if changes
    )


def _is_whole(change: Change) -> bool:
    return not change.fact and (change.before is None or change.after is None)


def _is_explained(change: Change, found: Sequence[Found]) -> bool:
    if not _is_whole(change) and change.fact != "content":
        return False
    path, text = change.subject, change.after or change.before or ""
    if _BACKUP.fullmatch(path):
        return True
    is_link = _is_whole(change) and text.startswith(("link to", "directory"))
    for probe, changes in found:
        if probe.by_path and any(one.subject == path for one in changes):
            # A file whose lines are told; one of settings that is new is told as a whole.
            if not (probe.area == "files" and _is_whole(change)):
                return True
        elif is_link and changes and any(fnmatchcase(path, one) for one in probe.covers_links):
            return True
    return _is_covered(path, found)


def _without_insides(changes: List[Change]) -> List[Change]:
    """Of a directory that came or went, what is in it is told with it."""
    whole = {one.subject: one for one in changes if _is_whole(one)}
    told: List[Change] = []
    inside: Dict[str, List[str]] = {}
    for change in changes:
        top = _top(change.subject, whole) if _is_whole(change) else None
        if top is None:
            told.append(change)
        else:
            inside.setdefault(top, []).append(change.subject[len(top) + 1 :])
    return [_holding(one, inside.get(one.subject, [])) for one in told]


def _top(path: str, whole: Dict[str, Change]) -> Optional[str]:
    """The uppermost directory above ``path`` that came or went as a whole, as it did."""
    came = whole[path].before is None
    parts = path.split("/")
    for end in range(2, len(parts)):
        above = whole.get("/".join(parts[:end]))
        if above is not None and (above.before is None) == came:
            return above.subject
    return None


def _holding(change: Change, names: List[str]) -> Change:
    return _with_more(change, "with " + ", ".join(names)) if names else change


def _with_text(change: Change, lines: Sequence[Change]) -> Change:
    """A file of settings that came or went, and its lines."""
    entries = [one.after or one.before or "" for one in lines if one.subject == change.subject]
    return _with_more(change, "; ".join(entries)) if entries and _is_whole(change) else change


def _with_more(change: Change, more: str) -> Change:
    if change.after is None:
        return change._replace(before=f"{change.before}: {more}")
    return change._replace(after=f"{change.after}: {more}")


def _one_for_a_kind(changes: List[Change]) -> List[Change]:
    """Where a file became a link, its mode and the rest went with it."""
    others = {one.subject for one in changes if not one.fact and not _is_whole(one)}
    return [one for one in changes if not one.fact or one.subject not in others]


def _without_echoes(changes: List[Change]) -> List[Change]:
    """Without what only follows from another change that is told."""
    gone = {
        one.subject
        for one in changes
        if one.area == "links" and one.after is None and _is_whole(one)
    }
    users = {
        (one.subject.partition(" ")[2], one.before is None): one
        for one in changes
        if one.area == "users" and one.subject.startswith("user ") and _is_whole(one)
    }
    bridges = {
        name
        for one in changes
        if one.area == "links" and one.fact == "master"
        for name in (one.before, one.after)
    }
    roots = _roots(changes)
    return [
        one
        for one in changes
        if not (one.area == "addresses" and one.after is None and one.subject in gone)
        and not (one.area == "links" and one.fact == "mac" and one.subject in bridges)
        and not (one.area == "users" and _is_own_group(one, users))
        and not (one.area == "sysctl" and _follows(one, roots))
    ]


def _is_own_group(change: Change, users: Dict[Tuple[str, bool], Change]) -> bool:
    """A group that came or went with its only user."""
    kind, _, name = change.subject.partition(" ")
    user = users.get((name, change.before is None))
    if kind != "group" or user is None or not _is_whole(change):
        return False
    return (change.after or change.before or "") in (user.after or user.before or "").split(", ")


def _roots(changes: Sequence[Change]) -> Set[_Root]:
    """Settings of all links that were changed: which, and to what."""
    roots = set()
    for change in changes:
        place = _setting(change)
        if place is not None and place[2] in {"all", "default"}:
            roots.add((place[0], place[3], change.after))
            if place[2] == "all":
                roots.add((place[0], f"default {place[3]}", change.after))
    return roots


def _follows(change: Change, roots: Set[_Root]) -> bool:
    """Settings come and go with links and modules, and a link takes over what is set for all."""
    if _is_whole(change) and change.fact != ENTRY:
        return True
    place = _setting(change)
    if place is None:
        return False
    family, _, link, setting = place
    if setting == "accept_redirects" and any(one[:2] == (family, "forwarding") for one in roots):
        return True
    name = f"default {setting}" if link == "default" else setting
    return link != "all" and (family, name, change.after) in roots


def _setting(change: Change) -> Optional[Tuple[str, str, str, str]]:
    """Family, ``conf`` or ``neigh``, link, setting."""
    if change.area != "sysctl":
        return None
    found = _OF_LINK.fullmatch(change.subject)
    if found is None:
        return _FORWARDING.get(change.subject)
    return found[1], found[2], found[3], found[4]
