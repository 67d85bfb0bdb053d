"""How the link to the broker was lost, and what is known of why once it is back. Pure.

Only this host can tell a sleep from a network that was gone; ``recording.causes`` says how.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Optional

from broker.host.clock import Moment
from broker.host.pulse import Stillness
from broker.recording.causes import LEAST_SECONDS, Cause, Evidence, cause_of


class Return(NamedTuple):
    """The link is back: why it was gone (None: it never was), and since when (session time)."""

    cause: Optional[Cause]
    since: float


class Absence:
    """What is known of the link's present loss."""

    def __init__(self) -> None:
        self.cut = False
        """The customer has cut the link, and not yet let it be made again."""
        self._last: Optional[Moment] = None
        self._seen = Evidence()
        self._still: Optional[Stillness] = None
        self._instance = ""

    def began_anew(self, last: Moment, *, rebooted: bool) -> None:
        """This run goes on from one that ended without a word at ``last``."""
        self.lost(last)
        self._seen = replace(self._seen, new_run=True, rebooted=rebooted)

    def lost(self, last: Moment, *, uplink_ended: bool = False) -> None:
        """The link is gone; ``last``: when something was heard through it."""
        if self._last is None:
            self._last = last
            self._seen = replace(self._seen, uplink_ended=uplink_ended)

    def stood_still(self, stillness: Stillness) -> None:
        """The recorder did not run for a while; a loss that this explains may be noticed later."""
        self._still = stillness

    def cut_by_customer(self, now: Moment) -> None:
        """The customer cut it, or cut what was lost already."""
        self.lost(now)
        self.cut = True
        self._seen = replace(self._seen, cut=True)

    def mended_by_customer(self) -> None:
        """The customer lets it be made again; it is not back yet."""
        self.cut = False

    def back(self, now: Moment, instance: str) -> Return:
        """The link is there, to this ``instance`` of the broker."""
        last, seen, still = self._last, self._seen, self._still
        restarted = self._instance not in ("", instance)
        self._last, self._seen, self._still, self._instance = None, Evidence(), None, instance
        if last is None:
            return Return(None, now.t)
        since, stood = last.t, 0.0
        slept = 0.0 if seen.new_run else now.suspended - last.suspended
        # Who wakes up first reads what came meanwhile: that is no sign of life after the stillness.
        if still is not None and last.t < still.until + LEAST_SECONDS:
            since, stood = min(since, still.since), still.until - still.since
            slept = max(slept, stood) if still.cause is Cause.ASLEEP else slept
        seen = replace(seen, slept=slept, stood_still=stood, broker_restarted=restarted)
        return Return(cause_of(seen), since)
