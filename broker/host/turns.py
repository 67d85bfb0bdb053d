"""Whose turn it is to type at a terminal: one engineer at a time, the customer before all. Pure.

A turn is taken by typing and lapses a moment after the last key, so nobody has to hand anything
over. Times are session seconds.
"""

from __future__ import annotations

from typing import NamedTuple

CUSTOMER = "customer"
CUSTOMER_SECONDS = 1.0
"""So long after a key of the customer engineers wait."""
ENGINEER_SECONDS = 2.0
"""So long after a key of an engineer the others wait."""


class Holder(NamedTuple):
    """Who types: a viewer's id, or ``customer``; empty: nobody."""

    id: str
    person: str


NOBODY = Holder("", "")


class Turns:
    """One terminal's."""

    def __init__(self) -> None:
        self._holder = NOBODY
        self._until = 0.0

    def holder(self, t: float) -> Holder:
        """Whose turn it is at ``t``."""
        return self._holder if t < self._until else NOBODY

    @property
    def latest(self) -> Holder:
        """Who typed last, however long ago."""
        return self._holder

    @property
    def lapses(self) -> float:
        """When the present turn ends unless another key comes."""
        return self._until

    def customer_types(self, t: float) -> None:
        """A key of the customer: theirs is the turn, whoever had it."""
        self._holder, self._until = Holder(CUSTOMER, CUSTOMER), t + CUSTOMER_SECONDS

    def engineer_types(self, viewer: str, person: str, t: float) -> bool:
        """A key of an engineer; False where somebody else types just now."""
        holder = self.holder(t)
        if holder.id == CUSTOMER or (holder.id and holder.person != person):
            return False
        self._holder, self._until = Holder(viewer, person), t + ENGINEER_SECONDS
        return True
