"""Whether a process runs inside one of the session's terminals, where an engineer may have typed.

What gives engineers more is not taken from there. The recorder is made the reaper of what its
shells leave behind, so that a process can't step out by having its parents end. It could still be
started for it by a service that runs it anyway (cron, another login): the limits of a recorder
that shares a user with the shell are told in the customers' guide.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Container

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_MOST_PARENTS = 1000


def adopt_orphans() -> None:
    """From now on what loses its parents below us becomes our child. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def bury_orphans(own: Container[int]) -> None:
    """Reap adopted children that have ended; ``own`` ones are awaited by whoever started them."""
    with suppress(ChildProcessError):
        while True:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None or ended.si_pid in own:
                return
            os.waitpid(ended.si_pid, os.WNOHANG)


def is_inside(pid: int, recorder: int, logins: Container[int] = ()) -> bool:
    """Whether ``pid`` descends from the recorder; also where that can't be seen.

    Not where it descends from one of ``logins``: their shells are the recorder's, and whoever
    logged in is as free of the engineers there as they would be without it.
    """
    for _ in range(_MOST_PARENTS):
        if pid in logins:
            return False
        if pid == recorder:
            return True
        if pid <= 1:
            return pid < 1  # 0: a process of another pid namespace
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            return True
        pid = int(stat.rpartition(")")[2].split()[1])
    return True
