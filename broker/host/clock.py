"""The session's clock: seconds since the session began, suspended time counted.

Within one boot it is CLOCK_BOOTTIME, which no change of the wall clock moves. Across a reboot only
the wall clock is left to say how much time went by; the session log then shows both anchors.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple


def boot_id() -> str:
    """The kernel's id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def boottime() -> float:
    """Seconds since boot, suspended time counted."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def suspended() -> float:
    """Seconds that this host has slept since it booted."""
    return boottime() - time.monotonic()


class Moment(NamedTuple):
    """A moment on both clocks of the session."""

    t: float
    """Session time, in seconds."""
    suspended: float
    """Seconds that this host had slept since it booted."""


class SessionClock:
    """Gives ``t``; never less than ``not_before``, where an earlier run's records end."""

    def __init__(
        self, began_boot: str, began_boottime: float, began_wall: float, not_before: float
    ) -> None:
        now = boottime()
        since = now - began_boottime if boot_id() == began_boot else time.time() - began_wall
        self._zero = now - max(since, not_before)

    def __call__(self) -> float:
        """Session time in seconds."""
        return boottime() - self._zero
