"""Services and timers of systemd: how they are, and whether they start by themselves. Pure."""

from __future__ import annotations

import re
from typing import Dict, List

from broker.host.probes.probe import Subjects

# Started by logins, terminals and the bus; they come and go.
_PASSING = re.compile(r"(user|user-runtime-dir|getty|serial-getty|systemd-fsck|run-|session-).*@.*")
_STEADY = frozenset({"enabled", "enabled-runtime", "linked", "linked-runtime"})
_PASSING_FILES = frozenset({"transient", "generated", "static", "alias", "indirect"})
_STATES = {"reloading": "active", "deactivating": "active", "refreshing": "active"}


def states(_: str, text: str) -> Subjects:
    """``systemctl show -p Id,LoadState,ActiveState,UnitFileState,TriggeredBy 'PATTERN'``.

    A unit that something else starts when it needs it (a timer, the bus) is told when it has
    failed; whether it runs at the moment says nothing.
    """
    found: Dict[str, Dict[str, str]] = {}
    for unit in _blocks(text):
        state = _STATES.get(unit.get("ActiveState", ""), unit.get("ActiveState", ""))
        if unit.get("LoadState") == "not-found" or not state:
            continue
        is_steady = unit.get("UnitFileState") in _STEADY
        is_passing = bool(_PASSING.match(unit["Id"])) or unit.get("UnitFileState", "") in {
            "",
            *_PASSING_FILES,
        }
        if state != "failed":
            if is_passing or unit.get("TriggeredBy"):
                continue
            if state == "inactive" and not is_steady:
                continue
        found[_name(unit["Id"])] = {"": state}
    return found


def at_boot(_: str, text: str) -> Subjects:
    """``systemctl list-unit-files --no-legend``: unit, state, and in newer versions the preset."""
    found: Dict[str, Dict[str, str]] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2:
            raise ValueError("not as systemctl prints it")
        if words[1] not in {"transient", "generated"}:
            found[f"{_name(words[0])} at boot"] = {"": words[1]}
    return found


def _blocks(text: str) -> List[Dict[str, str]]:
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip()):
        pairs = [line.partition("=") for line in block.splitlines()]
        unit = {name: value for name, _, value in pairs}
        if unit:
            if "Id" not in unit:
                raise ValueError("not as systemctl prints it")
            blocks.append(unit)
    return blocks


def _name(unit: str) -> str:
    return unit[: -len(".service")] if unit.endswith(".service") else unit
