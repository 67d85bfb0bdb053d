"""How much a broker may have logged: a bucket that fills slowly. Pure."""

from __future__ import annotations


class Patience:
    """Gives ``burst`` at once and ``per_second`` in the long run. Times are session seconds."""

    def __init__(self, burst: int, per_second: float) -> None:
        self._most = float(burst)
        self._per_second = per_second
        self._left = float(burst)
        self._at = 0.0

    def spend(self, t: float) -> bool:
        """Take one; False where none is left."""
        self._left = min(self._most, self._left + (t - self._at) * self._per_second)
        self._at = t
        if self._left < 1:
            return False
        self._left -= 1
        return True
