"""Watches over a recorder, and shows the host's own login files again when it has ended.

A process of its own, in a session of its own: it ends when the recorder has, whatever ended that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import List

from broker.host.invocation import command
from broker.host.logins import mounts

_ENDING_SECONDS = 5.0
"""So long a recorder may take to end; who has the place then is another one, which cleared it."""
_AGAIN_SECONDS = 0.02


class Guardian:
    """The recorder's end of it. Raises OSError where it can't be started."""

    def __init__(self) -> None:
        watched, self._alive = os.pipe()
        try:
            self.process = subprocess.Popen(
                command("guard", str(watched)),
                pass_fds=(watched,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except OSError:
            os.close(self._alive)
            raise
        finally:
            os.close(watched)

    def dismiss(self) -> None:
        """There is nothing to watch over any more."""
        os.close(self._alive)


def main(arguments: List[str]) -> int:
    """Wait for the recorder's end, and clear what it left."""
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)  # who ends us all at once ends the recorder first
    os.read(int(arguments[0]), 1)
    # A process that ends gives up its pipe and its lock one after the other.
    until = time.monotonic() + _ENDING_SECONDS
    while not mounts.clear_left() and time.monotonic() < until:
        time.sleep(_AGAIN_SECONDS)
    return 0
