"""Digests of the beginnings of streams, reckoned as receipts name them.

Each stream is read once: a receipt goes further than the one before it, and so the hash runs on.
"""

from __future__ import annotations

import hashlib
from typing import Any, Dict, Mapping, Optional, Tuple

from broker.host.spool import StreamFile

_CHUNK_BYTES = 1024 * 1024


class Prefixes:
    """Running SHA-256 of a session's streams. Blocking, and for one thread at a time."""

    def __init__(self, streams: Mapping[str, StreamFile]) -> None:
        self._streams = streams
        self._hashed: Dict[str, Tuple[int, Any]] = {}

    def digest(self, name: str, offset: int) -> Optional[str]:
        """Of the stream's first ``offset`` bytes, in hex; None: so many can't be read here.

        The first call for a stream reads it from its beginning, and so does one that goes back.
        """
        stream = self._streams.get(name)
        if stream is None or offset > stream.end:
            return None
        at, sha256 = self._hashed.pop(name, (0, None))
        if sha256 is None or at > offset:
            at, sha256 = 0, hashlib.sha256()
        while at < offset:
            try:
                piece = stream.read(at, min(_CHUNK_BYTES, offset - at))
            except OSError:
                piece = b""
            if not piece:
                return None  # what was hashed so far is forgotten: it is read again
            sha256.update(piece)
            at += len(piece)
        self._hashed[name] = at, sha256
        digest: str = sha256.hexdigest()
        return digest
