"""How a session's streams lie here, as the end of its receipts says: plain, sealed or deleted."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from broker.wire.names import RECEIPTS

_TAIL_BYTES = 128 * 1024
_LATER = frozenset({"sealed", "key"})


@dataclass(frozen=True, slots=True)
class Deletion:
    """A session's tombstone; ``at``: Unix time."""

    at: float
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Seal:
    """A stream's ciphertext as the broker signed it: bytes, hex, and to whom it is encrypted."""

    size: int
    sha256: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What has become of a session's streams since it was complete."""

    complete: Mapping[str, int] | None = None
    """All streams with their sizes; None: the session is not complete, or deleted."""
    completed: float | None = None
    """When that was signed, Unix time."""
    seals: Mapping[str, Seal] = field(default_factory=dict)
    """Those that are encrypted, or about to be."""
    deleted: Deletion | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everyone to whom something of the session is encrypted."""
        return tuple(dict.fromkeys(one for seal in self.seals.values() for one in seal.recipients))

    def told(self) -> dict[str, Any]:
        """As summaries tell it."""
        deleted = None if self.deleted is None else asdict(self.deleted)
        return {"sealed": list(self.recipients), "deleted": deleted}


def read(session: Path) -> Standing:
    """How the session in this folder stands. Blocking; raises OSError.

    The receipts are our own, and only their end is read: nothing is checked.
    """
    seals: dict[str, Seal] = {}
    for said in _from_the_end(session / RECEIPTS):
        if said["kind"] == "deleted":
            return Standing(deleted=Deletion(said["time"] / 1000, said["by"], said["why"]))
        if said["kind"] == "complete":
            return Standing(said["streams"], said["time"] / 1000, seals)
        if said["kind"] == "sealed" and said["stream"] not in seals:
            to = tuple(said["recipients"])
            seals[said["stream"]] = Seal(said["size"], said["sha256"], to)
        elif said["kind"] not in _LATER:
            break
    return Standing()


def signed(session: Path) -> dict[str, tuple[int, str]]:
    """Each stream's last receipt, size and SHA-256. Blocking, reads all; raises OSError."""
    last: dict[str, tuple[int, str]] = {}
    with (session / RECEIPTS).open("rb") as file:
        for line in file:
            if b'"kind":"receipt"' in line and (said := _said(line)) is not None:
                last[said["stream"]] = said["offset"], said["sha256"]
    return last


def _from_the_end(path: Path) -> Iterator[dict[str, Any]]:
    """Statements, the last one first: at least to ``complete``, if there is one."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        size, most = file.seek(0, 2), _TAIL_BYTES
        while True:
            start = max(0, size - most)
            file.seek(start)
            lines = file.read(size - start).split(b"\n")[1 if start else 0 : -1]
            said = [one for line in reversed(lines) if (one := _said(line)) is not None]
            if start == 0 or any(one["kind"] not in _LATER for one in said):
                break
            most *= 4
    yield from said


def _said(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line.partition(b" ")[2])
    except ValueError:
        return None
    return said if isinstance(said, dict) and "kind" in said else None
