"""How much of a flood may be read: a burst at once, then so much a second. Pure.

What is small passes at once. Times are seconds of any clock that does not go back.
"""

from __future__ import annotations

BURST_BYTES = 64 * 1024
BYTES_PER_SECOND = 32 * 1024


class Pace:
    """One terminal's."""

    def __init__(self, burst: int = BURST_BYTES, per_second: int = BYTES_PER_SECOND) -> None:
        self._most = burst
        self._per_second = per_second
        self._left = float(burst)
        self._at = 0.0

    def left(self, t: float) -> int:
        """So many bytes may be read now."""
        self._left = min(self._most, self._left + (t - self._at) * self._per_second)
        self._at = t
        return max(0, int(self._left))

    def took(self, count: int) -> None:
        """So many were."""
        self._left -= count

    def seconds_until(self, count: int) -> float:
        """How long after the last ``left`` so many may be."""
        return max(0.0, (count - self._left) / self._per_second)
