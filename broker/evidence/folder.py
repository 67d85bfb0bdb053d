"""A session's folder as evidence: the host's, the broker's, or what ``jumpseat export`` wrote.

It may be written to meanwhile. It is taken as it was when it was opened, the receipts first: what
they speak for was on the disk before they were.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Dict, Iterator, List, Mapping

from broker.evidence.encryption import ENDING
from broker.evidence.source import (
    MOST_RECEIPTS_BYTES,
    PIECE_BYTES,
    Damage,
    Unreadable,
    parsed,
    session_of_receipts,
)
from broker.recording.asciicast import whole_lines
from broker.recording.receipts import read
from broker.wire.names import RECEIPTS

_TAIL_BYTES = 1024 * 1024


class Folder:
    """One folder: streams by their names, and ``receipts``.

    A line that is torn at the end, by a crash or because it is being written, is left out, unless
    a receipt speaks for it or the session is complete. Raises Unreadable.
    """

    def __init__(self, path: Path, session: str = "") -> None:
        self.place = str(path)
        self.session = session
        self._path = path
        try:
            self.receipts = self._whole_receipts()
            self.streams: Mapping[str, int] = self._sizes()
        except OSError as error:
            raise Unreadable(f"{error.filename or path}: {error.strerror}") from None

    def pieces(self, name: str) -> Iterator[bytes]:
        """See Source."""
        left = self.streams[name]
        try:
            with os.fdopen(_opened(self._path / name), "rb") as file:
                while left:
                    piece = file.read(min(PIECE_BYTES, left))
                    if not piece:
                        raise Unreadable(f"{self._path / name} became shorter while it was read")
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise Unreadable(f"{self._path / name}: {error.strerror}") from None

    def damage(self, digests: Mapping[str, str]) -> List[Damage]:
        """None that a folder could tell."""
        del digests
        return []

    def _whole_receipts(self) -> bytes:
        path = self._path / RECEIPTS
        if not os.path.lexists(path):
            return b""
        with os.fdopen(_opened(path), "rb") as file:
            data = file.read(MOST_RECEIPTS_BYTES + 1)
        if len(data) > MOST_RECEIPTS_BYTES:
            raise Unreadable(f"{path} is too long for a receipts file")
        return data[: whole_lines(data)]

    def _sizes(self) -> Dict[str, int]:
        sizes: Dict[str, int] = {}
        chain = read(session_of_receipts(self.receipts), self.receipts).chain
        for name in sorted(entry.name for entry in self._path.iterdir() if parsed(entry.name)):
            size = (self._path / name).lstat().st_size
            if chain.complete is None and not name.endswith(ENDING):
                held = chain.held.get(name)
                covered = held.fields["offset"] if held else 0
                size = max(self._whole(name, size), min(size, covered))
            sizes[name] = size
        # Encrypted and not yet removed: what can be read is what is judged.
        return {
            name: size
            for name, size in sizes.items()
            if not name.endswith(ENDING) or name[: -len(ENDING)] not in sizes
        }

    def _whole(self, name: str, size: int) -> int:
        """Where the last whole line of the first ``size`` bytes ends."""
        with os.fdopen(_opened(self._path / name), "rb") as file:
            end = size
            while end > 0:
                start = max(0, end - _TAIL_BYTES)
                file.seek(start)
                found = whole_lines(file.read(end - start))
                if found:
                    return start + found
                end = start
        return 0


def _opened(path: Path) -> int:
    """Raises OSError, and Unreadable for what is no plain file."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Unreadable(f"{path} is not a plain file")
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
