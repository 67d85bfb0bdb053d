"""Which key each broker had when the customer last consented to one of its invitations.

One JSON file in the state folder, ``brokers.json``: the broker's URL to its key and the time of
the first consent. As ssh does with hosts: a key is trusted on first use, and one that has changed
is shown loudly, unless the one that is known vouches for it. It is noted on consent alone, so that
looking at terms pins nothing.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Dict, FrozenSet, Optional, Sequence

from broker.host.failures import Failed
from broker.recording.statements import Certificate, fingerprint

_NAME = "brokers.json"


class Acquaintance(Enum):
    """What this host knows of a broker's key."""

    NEW = "new"
    KNOWN = "known"
    FOLLOWED = "followed"
    """Another than the one that is known, which vouches for it."""
    CHANGED = "changed"


@dataclass(frozen=True)
class BrokerKey:
    """The key that a broker has shown now, beside what it showed before."""

    fingerprint: str
    acquaintance: Acquaintance
    since: float = 0.0
    """When the key that is known was first consented to, Unix time; 0 where none is."""
    before: str = ""
    """The fingerprint that was known, where the key is another now."""
    replaced: float = 0.0
    """When it was followed by this key, as it says itself: Unix time; 0 where it says nothing."""


def recognised(state: Path, url: str, key: bytes, keys: Sequence[Certificate] = ()) -> BrokerKey:
    """Compare the key that the broker at ``url`` has shown. Raises Failed for a broken file.

    ``keys``: all that it ever had, oldest first, as it lists them. Some milliseconds for each.
    """
    known = _load(state / _NAME).get(url)
    if known is None:
        return BrokerKey(fingerprint(key), Acquaintance.NEW)
    before, since = bytes.fromhex(known["key"]), float(known["since"])
    if before == key:
        return BrokerKey(fingerprint(key), Acquaintance.KNOWN, since)
    followed = _followed(before, key, keys)
    how = Acquaintance.CHANGED if followed is None else Acquaintance.FOLLOWED
    return BrokerKey(fingerprint(key), how, since, fingerprint(before), followed or 0.0)


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


def latest(key: bytes, keys: Sequence[Certificate]) -> bytes:
    """The last of a broker's keys where this one vouches for it, by way of others; else this."""
    if keys and _followed(key, keys[-1].public, keys) is not None:
        return keys[-1].public
    return key


def _followed(before: bytes, key: bytes, keys: Sequence[Certificate]) -> Optional[float]:
    """When the key took over, where there is an unbroken line of certificates from ``before``."""
    publics = [one.public for one in keys]
    if before not in publics or publics[-1] != key:
        return None
    line = keys[publics.index(before) :]
    if not all(new.is_of(old.public) for old, new in zip(line, line[1:])):
        return None
    return line[-1].since / 1000


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
