"""What is installed, and in which version. Pure."""

from __future__ import annotations

from typing import Dict, List

from broker.host.probes.probe import Subjects

_WANTED = {"h": "held"}
_FAULTY = {"U": "unpacked only", "F": "half configured", "H": "half installed"}


def dpkg(_: str, text: str) -> Subjects:
    """``dpkg-query -W -f 'NAME TAB VERSION TAB STATUS'``; packages that are gone are left out."""
    found: Dict[str, Dict[str, str]] = {}
    for line in text.splitlines():
        name, version, status = line.split("\t")
        wanted, is_now = status[:1], status[1:2]
        if version and is_now not in {"n", "c"}:
            notes = [one for one in (_WANTED.get(wanted), _FAULTY.get(is_now)) if one]
            found[name] = {"": ", ".join([version, *notes])}
    return found


def rpm(_: str, text: str) -> Subjects:
    """``rpm -qa --qf 'NAME.ARCH TAB VERSION'``; some are there in several versions."""
    versions: Dict[str, List[str]] = {}
    for line in text.splitlines():
        name, version = line.split("\t")
        versions.setdefault(name, []).append(version)
    return {name: {"": ", ".join(sorted(several))} for name, several in versions.items()}
