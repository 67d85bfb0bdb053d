"""What goes wrong on the customer's side, as told to the customer, and the exit status for it."""

from __future__ import annotations

import os

USAGE = 2
NOT_FOUND = 3
UNREACHABLE = 4
REFUSED = 5
_SIGPIPE = 141


class Failed(Exception):
    """One sentence for the customer, and the status that the command exits with."""

    status = 1


class NotFound(Failed):
    """There is no such session here, or no recorder of it."""

    status = NOT_FOUND


class Unreachable(Failed):
    """The broker can't be reached, or is none."""

    status = UNREACHABLE


class Declined(Failed):
    """The broker, or the customer, said no."""

    status = REFUSED


class Misused(Failed):
    """The command can't be run like this."""

    status = USAGE


def reader_gone() -> int:
    """Whoever read our standard output is gone: print no more there. As a shell tells SIGPIPE."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return _SIGPIPE
