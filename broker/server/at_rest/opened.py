"""Sealed streams as they are read: decrypted into memory that has no name, never onto a disk."""

import errno
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from broker.evidence.encryption import ENDING, CantDecrypt, Keys, NoKey
from broker.evidence.encryption import opened as decrypted
from broker.server.at_rest import standing

MOST_BYTES = 512 * 1024 * 1024
"""Of what is kept opened; a stream that is larger is opened all the same, and kept alone."""
IDLE_SECONDS = 60.0


class Sealed(OSError):
    """The stream lies here encrypted, and no key here opens it; ``says`` is the sentence."""

    def __init__(self, path: Path) -> None:
        seal = standing.read(path.parent).seals.get(path.name.removesuffix(ENDING))
        whom = ", ".join(seal.recipients) if seal else "nobody that its receipts name"
        self.says = f"encrypted to {whom}; there is no key for it here"
        super().__init__(errno.ENOKEY, self.says, str(path))


@dataclass(slots=True)
class _Open:
    fd: int
    size: int
    used: float


class Opened:
    """The streams that were opened last. Safe from any thread; every method blocks."""

    def __init__(self, keys: Keys, most_bytes: int = MOST_BYTES) -> None:
        self.keys = keys
        self._most_bytes = most_bytes
        self._open: OrderedDict[Path, _Open] = OrderedDict()
        self._lock = threading.Lock()
        self._turn = threading.Lock()  # one is decrypted at a time

    @contextmanager
    def reading(self, path: Path) -> Iterator[int]:
        """A descriptor of what the sealed file at ``path`` holds, for this block.

        Raises Sealed, and OSError where it is damaged or can't be read.
        """
        fd = self._known(path)
        if fd is None:
            with self._turn:
                fd = self._known(path)
                if fd is None:
                    fd = self._keep(path, self._decrypted(path))
        try:
            yield fd
        finally:
            os.close(fd)

    def let_go(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Close what nobody has read for so long. Blocks on no decryption."""
        before = time.monotonic() - idle_seconds
        with self._lock:
            for path in [path for path, one in self._open.items() if one.used <= before]:
                os.close(self._open.pop(path).fd)

    def forget(self, folder: Path) -> None:
        """Close what is of this folder."""
        with self._lock:
            for path in [path for path in self._open if path.parent == folder]:
                os.close(self._open.pop(path).fd)

    def _known(self, path: Path) -> int | None:
        with self._lock:
            known = self._open.get(path)
            if known is None:
                return None
            known.used = time.monotonic()
            self._open.move_to_end(path)
            return os.dup(known.fd)  # so that whoever reads is not closed under

    def _keep(self, path: Path, fd: int) -> int:
        with self._lock:
            reading = os.dup(fd)
            self._open[path] = _Open(fd, os.fstat(fd).st_size, time.monotonic())
            while len(self._open) > 1 and sum(one.size for one in self._open.values()) > (
                self._most_bytes
            ):
                os.close(self._open.popitem(last=False)[1].fd)
        return reading

    def _decrypted(self, path: Path) -> int:
        if not self.keys:
            path.stat()  # raises FileNotFoundError
            raise Sealed(path)
        try:
            return decrypted(path, self.keys)
        except NoKey:
            raise Sealed(path) from None
        except CantDecrypt as error:
            raise OSError(errno.EIO, str(error), str(path)) from None
