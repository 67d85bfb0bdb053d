"""The SHA-256 of what is durable of a stream, reckoned as it becomes that."""

import errno
import hashlib
import threading
from collections.abc import Callable

_PIECE_BYTES = 256 * 1024


class Prefix:
    """Safe from any thread; hashing large pieces lets other threads run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hash = hashlib.sha256()
        self._size = 0

    def extend(self, offset: int, data: bytes) -> None:
        """``data`` at ``offset`` is durable now. Where earlier bytes were not read yet: nothing."""
        with self._lock:
            if offset == self._size:
                self._take(data)

    def digest(self, upto: int, read: Callable[[int, int], bytes]) -> tuple[int, str]:
        """How much was hashed, at least ``upto``, and the digest in hex.

        What was durable before this broker began is read first, by ``read(offset, size)``, piece
        by piece, so that nobody who writes waits for more than one. Raises OSError.
        """
        while True:
            with self._lock:
                if self._size >= upto:
                    return self._size, self._hash.hexdigest()
                data = read(self._size, min(_PIECE_BYTES, upto - self._size))
                if not data:
                    raise OSError(errno.EIO, "the file is shorter than what was held")
                self._take(data)

    def _take(self, data: bytes) -> None:
        self._hash.update(data)
        self._size += len(data)
