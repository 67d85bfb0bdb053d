"""A bundle as evidence: the one file that ``jumpseat bundle`` writes (docs/evidence.md).

It comes from anybody. What is wrong with the file itself is told as damage, with the name of the
member; what is wrong with what is in it, the receipts tell.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping

from broker.evidence.encryption import ENDING
from broker.evidence.members import BadMember, listed, read, shown
from broker.evidence.source import (
    MOST_RECEIPTS_BYTES,
    Damage,
    Unreadable,
    parsed,
)
from broker.wire.names import RECEIPTS

FORMAT = 1
STREAMS = "streams/"
README, REPLAY, SESSION, CONSENT = "README.txt", "replay.html", "session.json", "consent.txt"
KEYS, MANIFEST, REPORTS = "keys.json", "manifest.json", "reports/"

_FILES = {README, REPLAY, SESSION, CONSENT, RECEIPTS, KEYS, MANIFEST}
_REPORT = re.compile(r"reports/[a-z]{1,32}\.(?:json|txt)", re.ASCII)
_MOST_JSON_BYTES = 4 * 1024 * 1024


class Bundle:
    """One bundle, whatever is wrong with it: ``damage`` tells.

    Raises Unreadable where the file can't be opened.
    """

    session = ""

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._path = path
        self._damage: Dict[str, Damage] = {}
        try:
            with path.open("rb") as file:
                self._members, damage = listed(file)
        except BadMember as bad:
            self._members, damage = {}, [Damage("", f"{path.name} is not a bundle: {bad}")]
        except OSError as error:
            raise Unreadable(f"{path}: {error.strerror}") from None
        for one in damage:
            self._damage.setdefault(one.name, one)
        for name in [name for name in self._members if not _is_ours(name)]:
            del self._members[name]
            self._note(name, "is no file of a bundle")
        for name in [one for one in self._members if one + ENDING in self._members]:
            del self._members[name + ENDING]
            self._note(name + ENDING, "is there unencrypted too")
        self.streams: Mapping[str, int] = {
            name[len(STREAMS) :]: info.file_size
            for name, info in self._members.items()
            if name.startswith(STREAMS)
        }
        self.receipts = self._whole(RECEIPTS, MOST_RECEIPTS_BYTES)

    def pieces(self, name: str) -> Iterator[bytes]:
        """See Source. What can't be read of it is noted as damage."""
        return self._pieces(STREAMS + name)

    def damage(self, digests: Mapping[str, str]) -> List[Damage]:
        """What is wrong with the file: what can't be read, and what differs from the manifest."""
        if self._members:
            self._compare({STREAMS + name: digest for name, digest in digests.items()})
        return [self._damage[name] for name in sorted(self._damage)]

    def told(self) -> Dict[str, Any]:
        """What ``session.json`` says; empty where that makes no sense. Nobody vouches for it."""
        return self._json(SESSION)

    def _compare(self, digests: Mapping[str, str]) -> None:
        manifest = self._json(MANIFEST).get("files")
        if not isinstance(manifest, dict):
            self._note(MANIFEST, "is not there, or does not say what is")
            return
        for name, info in self._members.items():
            if name == MANIFEST:
                continue
            found = digests.get(name) or self._digest(name)
            if manifest.get(name) != {"size": info.file_size, "sha256": found}:
                self._note(name, "is not as the manifest says")
        for name in manifest:
            if name not in self._members:
                self._note(name, "is in the manifest, and not there")

    def _digest(self, name: str) -> str:
        whole = hashlib.sha256()
        for piece in self._pieces(name):
            whole.update(piece)
        return whole.hexdigest()

    def _json(self, name: str) -> Dict[str, Any]:
        try:
            found = json.loads(self._whole(name, _MOST_JSON_BYTES))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _whole(self, name: str, most: int) -> bytes:
        info = self._members.get(name)
        if info is None:
            return b""
        if info.file_size > most:
            self._note(name, "is longer than it may be")
            return b""
        return b"".join(self._pieces(name))

    def _pieces(self, name: str) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                yield from read(file, self._members[name])
        except BadMember as bad:
            self._note(name, str(bad))
        except OSError as error:
            raise Unreadable(f"{self.place}: {error.strerror}") from None

    def _note(self, name: str, why: str) -> None:
        self._damage.setdefault(name, Damage(name, f"{shown(name)} {why}"))


def _is_ours(name: str) -> bool:
    if name.startswith(STREAMS):
        return parsed(name[len(STREAMS) :]) is not None
    return name in _FILES or _REPORT.fullmatch(name) is not None
