"""How much one end of a link bears of the other: a bucket of tokens that fills slowly. Pure."""

from __future__ import annotations

from typing import Optional


class Patience:
    """Gives ``burst`` at once and ``per_second`` in the long run.

    Times are seconds of any clock that does not go back.
    """

    def __init__(self, burst: int, per_second: float) -> None:
        self._most = float(burst)
        self._per_second = per_second
        self._left = float(burst)
        self._at: Optional[float] = None

    def spend(self, t: float) -> bool:
        """Take one; False where none is left."""
        if self._at is not None:
            self._left = min(self._most, self._left + (t - self._at) * self._per_second)
        self._at = t
        if self._left < 1:
            return False
        self._left -= 1
        return True
