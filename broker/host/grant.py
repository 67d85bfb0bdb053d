"""What the customer allows, and the decision on each key of an engineer. Pure.

The recorder asks here, on the customer's host; whatever a broker claims changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional


class Mode(str, Enum):
    """What the engineer may do."""

    WATCH = "watch"
    CONTROL = "control"


class Away(str, Enum):
    """What becomes of the engineer's typing when the customer leaves the terminal."""

    PAUSE = "pause"
    CONTINUE = "continue"
    END = "end"


class Refusal(str, Enum):
    """Why a key of an engineer does not reach the terminal."""

    MODE = "mode"
    EXPIRED = "expired"
    PAUSED = "paused"
    NO_TERMINAL = "no-terminal"
    DISK_FULL = "disk-full"
    BUSY = "busy"


@dataclass(frozen=True)
class Grant:
    """One grant; ``until`` is session time in seconds, so no change of a clock moves it."""

    mode: Mode
    away: Away
    until: float

    def expired(self, t: float) -> bool:
        """Whether the grant is over at session time ``t``."""
        return t >= self.until

    def refuses(self, t: float, *, seated: bool, recording: bool) -> Optional[Refusal]:
        """Why an engineer may not type at ``t``, or None if they may.

        ``seated``: the customer is at the terminal. ``recording``: what the keys cause would be
        recorded; where it can't be, an engineer types nothing.
        """
        if self.mode is not Mode.CONTROL:
            return Refusal.MODE
        if self.expired(t):
            return Refusal.EXPIRED
        if not seated and self.away is not Away.CONTINUE:
            return Refusal.PAUSED
        if not recording:
            return Refusal.DISK_FULL
        return None
