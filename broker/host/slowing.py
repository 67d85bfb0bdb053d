"""When floods were slowed, as the session log tells it. Pure."""

from __future__ import annotations

from typing import Optional, Tuple


class Slowing:
    """Is asked at times; what began between two of them began at the first. Session seconds."""

    def __init__(self, t: float) -> None:
        self._looked = t
        self._since: Optional[float] = None

    def look(self, t: float, *, slow: bool) -> Tuple[bool, Optional[Tuple[float, float]]]:
        """Whether it has just begun, and from when to when it was where it has ended."""
        before, self._looked = self._looked, t
        if slow and self._since is None:
            self._since = before
            return True, None
        if not slow and self._since is not None:
            since, self._since = self._since, None
            return False, (since, t)
        return False, None
