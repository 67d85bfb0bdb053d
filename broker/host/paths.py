"""Where things are on the customer's host.

==============  =====================================  ==========================================
                recorder runs as root                  recorder runs as the user
==============  =====================================  ==========================================
state           ``/var/lib/jumpseat``                  ``$XDG_STATE_HOME/jumpseat``
runtime         ``/run/jumpseat``                      ``$XDG_RUNTIME_DIR/jumpseat``, or
                                                       ``/tmp/jumpseat-UID``
==============  =====================================  ==========================================

``JUMPSEAT_STATE_DIR`` and ``JUMPSEAT_RUNTIME_DIR`` move both (sudo does not pass them on). The
state of a session is a folder named by its id, for its owner's eyes only; its socket stands in
the runtime folder, open to the shell's user and to root.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import List

from broker.host.failures import Failed

_SYSTEM_STATE = Path("/var/lib/jumpseat")
_SYSTEM_RUNTIME = Path("/run/jumpseat")
_LONGEST_SOCKET_PATH = 107  # sun_path of unix(7), less its NUL


def state_dir() -> Path:
    """Where this user's recorders keep their sessions."""
    moved = os.environ.get("JUMPSEAT_STATE_DIR")
    if moved:
        return Path(moved)
    if os.geteuid() == 0:
        return _SYSTEM_STATE
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "jumpseat"


def runtime_dir() -> Path:
    """Where this user's recorders listen."""
    moved = os.environ.get("JUMPSEAT_RUNTIME_DIR")
    if moved:
        return Path(moved)
    if os.geteuid() == 0:
        return _SYSTEM_RUNTIME
    given = os.environ.get("XDG_RUNTIME_DIR")
    return Path(given) / "jumpseat" if given else Path(f"/tmp/jumpseat-{os.geteuid()}")  # noqa: S108 - made_private checks the owner


def socket_path(folder: Path, session: str) -> Path:
    """The socket of a session's recorder. Raises Failed where the path is too long for one."""
    path = folder / f"{session}.sock"
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise Failed(f"the path of the recorder's socket is too long: {path}")
    return path


def live_sockets() -> List[Path]:
    """Sockets of recorders that this user may be able to talk to, its own and root's."""
    found: List[Path] = []
    folders = [runtime_dir()]
    if "JUMPSEAT_RUNTIME_DIR" not in os.environ and _SYSTEM_RUNTIME not in folders:
        folders.append(_SYSTEM_RUNTIME)
    for folder in folders:
        if folder.is_dir():
            found.extend(sorted(folder.glob("*.sock")))
    return found


def made_private(folder: Path, mode: int = 0o700) -> Path:
    """Make a folder of ours, or check that it is: owned by us, not a link, closed to others.

    Raises Failed otherwise: somebody else could have put it there for us to walk into.
    """
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise Failed(f"cannot use {folder}: {error.strerror}") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Failed(f"{folder} is not a folder of ours: remove it, or say who made it")
    folder.chmod(mode)
    return folder
