"""Where the files are that logins read, and which files of the host they are shown in place of.

All of it is in one folder of root's runtime folder, so in memory: a reboot takes it away. One
recorder has it at a time, by a lock that the kernel takes from it when it ends in any way.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Iterator, Mapping, NamedTuple, Optional, Tuple

from broker.host import paths

# Which files a shell reads when somebody logs in; of each row the first that is there.
LOGIN_FILES: Mapping[str, Tuple[str, ...]] = {
    "sh": ("/etc/profile",),
    "zsh": ("/etc/zsh/zprofile", "/etc/zprofile"),
    "fish": ("/etc/fish/config.fish",),
}
# And which bash reads within a terminal.
DEEPER_FILES = ("/etc/bash.bashrc", "/etc/bashrc")


class Place(NamedTuple):
    """The folder of what logins read."""

    folder: Path

    @property
    def socket(self) -> Path:
        """What a login's shell asks; everybody may connect to it."""
        return self.folder / "socket"

    @property
    def terminals(self) -> Path:
        """One file a recorded terminal, by its number as ``/proc/PID/stat`` has it."""
        return self.folder / "terminals"

    @property
    def hooks(self) -> Path:
        """What makes a bash within a recorded terminal tell its commands."""
        return self.folder / "hooks.bash"

    @property
    def program(self) -> Path:
        """Our one file, where every user can read it."""
        return self.folder / "jumpseat.pyz"

    def shown(self, target: str) -> Path:
        """What is shown in place of this file of the host."""
        return self.folder / target.strip("/").replace("/", "-")


def the_place() -> Place:
    """This host's."""
    return Place(paths.runtime_dir() / "logins")


def targets() -> Iterator[str]:
    """Every file of the host that something may be shown in place of."""
    for files in LOGIN_FILES.values():
        yield from files
    yield from DEEPER_FILES


def lock(place: Place) -> Optional[int]:
    """Take the place for this process, until the descriptor is closed; None: another has it."""
    path = place.folder.with_name("logins.lock")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        with contextlib.suppress(OSError):
            os.close(fd)
        return None
    return fd
