"""Mounts and swap, pools and volumes; without how full they are. Pure."""

from __future__ import annotations

import re
from typing import Dict, List

from broker.host.probes.probe import Subjects

# Mounts that containers, logins and network namespaces make and unmake.
_PASSING = re.compile(
    r"/run/(user|netns|docker|containerd|credentials|systemd|snapd/ns)/.*"
    r"|/var/(lib|run)/(docker|containerd|containers|kubelet/pods)/.*"
)
_PASSING_KINDS = frozenset({"autofs", "nsfs", "fuse.gvfsd-fuse", "fuse.portal"})
_LONG_OPTIONS = ("lowerdir=", "upperdir=", "workdir=", "size=", "nr_inodes=", "fd=", "pgrp=")
_ESCAPED = re.compile(r"\\([0-7]{3})")
_MEMBER = re.compile(r"^(\S+?)\[\d+\]((?:\(\w\))*)$")


def mounts(_: str, text: str) -> Subjects:
    """``/proc/self/mountinfo``; of several at one place the uppermost."""
    found: Dict[str, Dict[str, str]] = {}
    for line in text.splitlines():
        left, is_one, right = line.partition(" - ")
        words, kind = left.split(), right.split()
        if not is_one or len(words) < 6 or len(kind) < 3:
            raise ValueError("not as mountinfo has it")
        place = _plain(words[4])
        if kind[0] in _PASSING_KINDS or _PASSING.fullmatch(place):
            continue
        own, general = words[5].split(","), kind[2].split(",")
        options = [one for one in dict.fromkeys([*own, *general]) if one not in {"rw", "ro"}]
        options = [one for one in options if not one.startswith(_LONG_OPTIONS)]
        below = "" if words[3] == "/" else f" ({_plain(words[3])})"
        found[place] = {
            "": f"{kind[0]} from {_plain(kind[1])}{below}",
            # A file system that met with errors is read-only whatever its mount says.
            "access": "read-only" if "ro" in own or "ro" in general else "read-write",
        }
        if options:
            found[place]["options"] = ",".join(options)
    return found


def mount_points(text: str) -> Dict[str, str]:
    """All of ``/proc/self/mountinfo``: place, kind of file system."""
    found = {}
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        found[_plain(left.split()[4])] = right.split()[0]
    return found


def swaps(_: str, text: str) -> Subjects:
    """``/proc/swaps``, without what is used of them."""
    rows = [line.split() for line in text.splitlines()[1:]]
    return {f"swap {_plain(row[0])}": {"": f"{row[1]} of {row[2]} KiB"} for row in rows if row}


def zpools(_: str, text: str) -> Subjects:
    """``zpool list -H -o name,health,size,readonly``."""
    found = {}
    for name, health, size, readonly in _rows(text, 4):
        found[f"pool {name}"] = {"": health, "size": size, "readonly": readonly}
    return found


def datasets(_: str, text: str) -> Subjects:
    """``zfs list -H -t filesystem,volume -o name,type,mountpoint,mounted,quota,…``."""
    found = {}
    for name, kind, mountpoint, mounted, quota, reservation, readonly in _rows(text, 7):
        facts = {"": kind, "mountpoint": mountpoint, "mounted": mounted, "quota": quota}
        facts.update({"reservation": reservation, "readonly": readonly})
        found[f"dataset {name}"] = {key: one for key, one in facts.items() if one != "-"}
    return found


def volumes(_: str, text: str) -> Subjects:
    """``lvs --noheadings --separator TAB -o lv_full_name,lv_size,segtype,lv_active``."""
    found = {}
    for name, size, kind, active in _rows(text, 4):
        found[f"volume {name}"] = {"": active or "inactive", "size": size, "kind": kind}
    return found


def groups(_: str, text: str) -> Subjects:
    """``vgs --noheadings --separator TAB -o vg_name,vg_size,pv_count,vg_missing_pv_count``."""
    found = {}
    for name, size, disks, missing in _rows(text, 4):
        found[f"volume group {name}"] = {"size": size, "disks": disks, "missing disks": missing}
    return found


def arrays(_: str, text: str) -> Subjects:
    """``/proc/mdstat``, without how far a rebuild is."""
    found: Dict[str, Dict[str, str]] = {}
    facts: Dict[str, str] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) > 2 and words[1] == ":" and words[0] not in {"Personalities", "unused"}:
            members = [_MEMBER.match(word) for word in words[2:]]
            disks = sorted(f"{one[1]}{one[2]}" for one in members if one)
            state = " ".join(word for word in words[2:] if not _MEMBER.match(word))
            facts = found[f"array {words[0]}"] = {"": state, "disks": ", ".join(disks) or "none"}
        elif facts and (up := re.search(r"\[(\d+/\d+)\] \[([U_]+)\]", line)):
            facts["disks up"] = up[2]
    return found


def _rows(text: str, columns: int) -> List[List[str]]:
    rows = [[cell.strip() for cell in line.split("\t")] for line in text.splitlines() if line]
    if any(len(row) != columns for row in rows):
        raise ValueError("not the columns that were asked for")
    return rows


def _plain(path: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), path)
