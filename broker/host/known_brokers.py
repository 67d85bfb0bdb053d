"""Which key each broker had when the customer last consented to one of its invitations.

One JSON file in the state folder, ``brokers.json``: the broker's URL to its key and the time of
the first consent. As ssh does with hosts: a key is trusted on first use, and one that has changed
is shown loudly. It is noted on consent alone, so that looking at terms pins nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Dict, FrozenSet

from broker.host.failures import Failed

_NAME = "brokers.json"


class Acquaintance(Enum):
    """What this host knows of a broker's key."""

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"


@dataclass(frozen=True)
class BrokerKey:
    """The key that a broker has shown now, beside what it showed before."""

    fingerprint: str
    acquaintance: Acquaintance
    since: float = 0.0
    """When the key that is known was first consented to, Unix time; 0 where none is."""
    before: str = ""
    """The fingerprint that was known, where the key has changed."""


def fingerprint(key: bytes) -> str:
    """How people are shown a key, as ssh shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def recognised(state: Path, url: str, key: bytes) -> BrokerKey:
    """Compare the key that the broker at ``url`` has shown. Raises Failed for a broken file."""
    known = _load(state / _NAME).get(url)
    if known is None:
        return BrokerKey(fingerprint(key), Acquaintance.NEW)
    before, since = bytes.fromhex(known["key"]), float(known["since"])
    if before == key:
        return BrokerKey(fingerprint(key), Acquaintance.KNOWN, since)
    return BrokerKey(fingerprint(key), Acquaintance.CHANGED, since, fingerprint(before))


def fingerprints(state: Path) -> FrozenSet[str]:
    """Of all brokers' keys that are known here. Raises Failed for a broken file."""
    known = _load(state / _NAME).values()
    return frozenset(fingerprint(bytes.fromhex(one["key"])) for one in known)


def remember(state: Path, url: str, key: bytes, now: float) -> None:
    """Note the key of the broker at ``url``; ``now`` is Unix time. Raises Failed, OSError."""
    path = state / _NAME
    known = _load(path)
    if known.get(url, {}).get("key") == key.hex():
        return
    known[url] = {"key": key.hex(), "since": now}
    written = path.with_suffix(".new")
    fd = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "w") as file:
        json.dump(known, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)


def _load(path: Path) -> Dict[str, Dict[str, Any]]:
    """Read the file. One that makes no sense is not taken for an empty one: keys would be lost."""
    try:
        known: Dict[str, Dict[str, Any]] = json.loads(path.read_text())
        for one in known.values():
            bytes.fromhex(one["key"])
            float(one["since"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Failed(
            f"{path} can't be read: it holds the keys of brokers that you know; repair or remove it"
        ) from None
    return known
