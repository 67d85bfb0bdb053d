"""The holds of this host on disk, for its recorders; and for the shells of a session, in a file.

One file for a user, or for root, in the state folder: sessions come and go, holds stay until they
are lifted. Several recorders may change it; each change is made under a lock, to what is there.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import Callable, Optional, Tuple

from broker.host.failures import Failed
from broker.host.holds import Holds, read

_NAME = "holds.json"
_ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_ID_LENGTH = 4


class HoldFile:
    """The holds as they are on disk. Blocking, for moments: a small file is read or written."""

    def __init__(self, state_folder: Path) -> None:
        self._path = state_folder / _NAME
        self._seen: Optional[Tuple[int, int, int]] = None

    def load(self) -> Holds:
        """The holds that are up; none without a file. Raises Failed for one that can't be read."""
        self._seen = self._stamp()
        try:
            return read(json.loads(self._path.read_text("utf-8")))
        except FileNotFoundError:
            return Holds()
        except OSError as error:
            raise Failed(f"the holds in {self._path} can't be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise Failed(f"the holds in {self._path} can't be read: they make no sense") from None

    def change(self, change: Callable[[Holds], Holds]) -> Holds:
        """Make other holds of those that are up now, and keep them; what is up then.

        Whole or not at all, safe from a power cut, after and before other recorders' changes.
        Raises what ``change`` raises, and Failed.
        """
        try:
            lock = os.open(self._path.with_suffix(".lock"), _FLAGS, 0o600)
        except OSError as error:
            raise Failed(f"the holds can't be kept: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            holds = change(self.load())
            text = json.dumps([hold.entry for hold in holds], indent=1)
            _replace(self._path, text, 0o600)
            self._seen = self._stamp()
            return holds
        finally:
            os.close(lock)

    def changed(self) -> bool:
        """Whether another recorder has changed the file since ``load`` or ``change``."""
        return self._stamp() != self._seen

    def _stamp(self) -> Optional[Tuple[int, int, int]]:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def new_id(holds: Holds) -> str:
    """An id for one more hold, short enough to be typed."""
    taken = {hold.id for hold in holds}
    while True:
        found = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
        if found not in taken:
            return found


def patterns_path(runtime: Path, session: str) -> Path:
    """The file that the shells of a session compare lines with."""
    return runtime / f"holds-{session}.ere"


def write_patterns(path: Path, holds: Holds) -> None:
    """Write what shells compare lines with: one expression a line, no line for no holds.

    Root's is for the shell's user to read. Raises Failed.
    """
    text = "".join(f"{one}\n" for one in holds.expressions)
    _replace(path, text, 0o644 if os.geteuid() == 0 else 0o600)


def _replace(path: Path, text: str, mode: int) -> None:
    new = path.with_name(path.name + ".new")
    try:
        fd = os.open(new, _FLAGS | os.O_TRUNC, mode)
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, mode)  # whatever the umask is
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(fd)
        new.replace(path)
    except OSError as error:
        raise Failed(f"{path} can't be written: {error.strerror}") from None
