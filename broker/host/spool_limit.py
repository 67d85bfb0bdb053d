"""How much of what no broker holds a session keeps on this host: the states and where they begin.

Pure. It is told at times how things stand, and of each piece in between. What the disk has room
for bounds it as well, in that floods are slowed; that the disk is full the disk itself says.
"""

from __future__ import annotations

from enum import Enum

_SLOW, _NOT_SLOW = 0.75, 0.65
"""Of what may be kept: from here on floods are slowed; below that no longer."""
_NOT_FULL = 0.9


class Level(Enum):
    """How near the limit is."""

    FREE = "free"
    SLOW = "slow"
    """Floods are to be slowed."""
    FULL = "full"
    """No recording grows until the broker has taken enough."""


class SpoolLimit:
    """The limit of one session, in bytes."""

    def __init__(self, most: int) -> None:
        self.level = Level.FREE
        self._most = most
        self._unheld = 0
        self._room = most

    def measured(self, unheld: int, room: int) -> None:
        """The broker lacks ``unheld`` bytes, and the disk has ``room`` for more."""
        self._unheld, self._room = unheld, max(0, room)
        if self.level is Level.FULL and unheld < self._most * _NOT_FULL:
            self.level = Level.SLOW
        if self.level is Level.SLOW and self._share < _NOT_SLOW:
            self.level = Level.FREE
        self._rise()

    def takes(self, count: int) -> bool:
        """Whether recordings may grow by so many bytes; they are then counted."""
        if self.level is Level.FULL or self._unheld + count > self._most:
            self.level = Level.FULL
            return False
        self._unheld += count
        self._room -= count
        self._rise()
        return True

    @property
    def _share(self) -> float:
        return self._unheld / max(1, min(self._most, self._unheld + self._room))

    def _rise(self) -> None:
        if self._unheld >= self._most:
            self.level = Level.FULL
        elif self.level is Level.FREE and self._share > _SLOW:
            self.level = Level.SLOW
