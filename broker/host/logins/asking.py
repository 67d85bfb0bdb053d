"""What the shell of a login runs: asks the recorder for a recorded shell, and shows it."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from typing import List

from broker.host import sessions
from broker.host.failures import Failed
from broker.host.logins.relay import Cut, NotRecorded, asked, relay

_SAID = 3
"""Descriptor on which the shell is told with what status to end; told nothing, it goes on."""


def login(arguments: List[str]) -> int:
    """Show a recorded shell until it ends."""
    try:
        status = relay(_connected(arguments[0]), asked("login"))
    except Cut as why:
        with contextlib.suppress(OSError):  # the terminal may be gone as well
            sys.stderr.write(f"\r\njumpseat: {why}; this login goes on, unrecorded.\n")
        return why.status
    except (NotRecorded, OSError) as why:
        if isinstance(why, NotRecorded) and str(why):
            sys.stderr.write(f"jumpseat: this login is not recorded: {why}.\n")
        return NotRecorded.status
    os.write(_SAID, str(status).encode())
    return 0


def marks(arguments: List[str]) -> int:
    """Print what a shell within a recorded terminal needs to tell its commands."""
    try:
        with _connected(arguments[0]) as recorder:
            sys.stdout.write(sessions.do(recorder, "marks")["marks"] + "\n")
    except (Failed, OSError):
        return NotRecorded.status
    return 0


def _connected(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    return sock
