"""How the link to the broker was lost, and what is known of why once it is back. Pure.

Only this host can tell a sleep from a network that was gone: while it slept, its clock of
suspended time grew.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

_SLEPT_SECONDS = 2.0


class Return(NamedTuple):
    """The link is back: why it was gone (empty: it never was), and since when (session time)."""

    cause: str
    since: float


class Absence:
    """What is known of the link's present loss."""

    def __init__(self) -> None:
        self.cut = False
        """The customer has cut the link, and not yet let it be made again."""
        self._since: Optional[float] = None
        self._suspended = 0.0
        self._was_cut = False

    def lost(self, t: float, suspended: float) -> None:
        """The link is gone at session time ``t``; ``suspended``: seconds slept since boot."""
        if self._since is None:
            self._since, self._suspended = t, suspended

    def cut_by_customer(self, t: float, suspended: float) -> None:
        """The customer cut it, or cut what was lost already."""
        self.lost(t, suspended)
        self.cut = self._was_cut = True

    def mended_by_customer(self) -> None:
        """The customer lets it be made again; it is not back yet."""
        self.cut = False

    def back(self, t: float, suspended: float) -> Return:
        """The link is there."""
        since, was_cut = self._since, self._was_cut
        self._since, self._was_cut = None, False
        if since is None:
            return Return("", t)
        if was_cut:
            return Return("reconnected", since)
        if suspended - self._suspended > _SLEPT_SECONDS:
            return Return("asleep", since)
        return Return("network lost", since)
