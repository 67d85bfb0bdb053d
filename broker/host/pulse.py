"""Whether the recorder ran all the time, told by its own ticks. Pure.

A host that sleeps stops every process, and its clock of suspended time grows. A frozen process, or
a virtual machine that was paused, stops too, and that clock does not grow. Either way nothing was
read meanwhile: what programs printed is recorded later than it was.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

from broker.host.clock import Moment
from broker.recording.causes import LEAST_SECONDS, Cause


class Stillness(NamedTuple):
    """A stretch in which the recorder did not run, in session seconds, and why."""

    since: float
    until: float
    cause: Cause


class Pulse:
    """One run's. Beat it at least every ``every`` seconds."""

    def __init__(self, now: Moment, every: float) -> None:
        self._last = now
        self._longest = every + LEAST_SECONDS

    def beat(self, now: Moment) -> Optional[Stillness]:
        """The recorder runs; the stretch before this in which it did not, if there was one."""
        last, self._last = self._last, now
        if now.suspended - last.suspended > LEAST_SECONDS:
            return Stillness(last.t, now.t, Cause.ASLEEP)
        if now.t - last.t > self._longest:
            return Stillness(last.t, now.t, Cause.FROZEN)
        return None
