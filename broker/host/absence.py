"""How the link to the broker was lost, and what is known of why once it is back. Pure.

Only this host can tell a sleep from a network that was gone: while it slept, its clock of
suspended time grew.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

from broker.host.clock import Moment

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
        self._last: Optional[Moment] = None
        self._was_cut = False

    def lost(self, last: Moment) -> None:
        """The link is gone; ``last``: when something was heard through it."""
        if self._last is None:
            self._last = last

    def cut_by_customer(self, now: Moment) -> None:
        """The customer cut it, or cut what was lost already."""
        self.lost(now)
        self.cut = self._was_cut = True

    def mended_by_customer(self) -> None:
        """The customer lets it be made again; it is not back yet."""
        self.cut = False

    def back(self, now: Moment) -> Return:
        """The link is there."""
        last, was_cut = self._last, self._was_cut
        self._last, self._was_cut = None, False
        if last is None:
            return Return("", now.t)
        if was_cut:
            return Return("reconnected", last.t)
        if now.suspended - last.suspended > _SLEPT_SECONDS:
            return Return("asleep", last.t)
        return Return("network lost", last.t)
