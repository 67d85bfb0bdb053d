"""Users and groups, without passwords. Pure."""

from __future__ import annotations

from typing import Dict

from broker.host.probes.probe import Subjects


def users(_: str, text: str) -> Subjects:
    """``/etc/passwd``."""
    found = {}
    for line in text.splitlines():
        columns = line.split(":")
        if len(columns) == 7 and columns[0]:
            name, _, uid, gid, about, home, shell = columns
            facts = {"uid": uid, "gid": gid, "name": about, "home": home, "shell": shell}
            found[f"user {name}"] = {key: one for key, one in facts.items() if one}
    return found


def groups(_: str, text: str) -> Subjects:
    """``/etc/group``; its members are entries."""
    found: Dict[str, Dict[str, str]] = {}
    for line in text.splitlines():
        columns = line.split(":")
        if len(columns) == 4 and columns[0]:
            members = [one.strip() for one in columns[3].split(",") if one.strip()]
            facts = {"gid": columns[2]} if columns[2] else {}
            found[f"group {columns[0]}"] = {**facts, **dict.fromkeys(members, "")}
    return found
