"""The engineers who watch, as the recorder knows them: names for ids, and what is worth logging."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Dict, List, Optional

from broker.host.columns import plain
from broker.host.refusal import Refusal
from broker.host.turns import CUSTOMER
from broker.wire.errors import RemoteProtocolError

AGAIN_SECONDS = 60.0
"""Typing is logged anew after such a pause, a refusal for the same reason after such a time."""


class Attention(Enum):
    """Whether somebody looks at an engineer's page."""

    LOOKING = "looking"
    HIDDEN = "hidden"
    ASLEEP = "asleep"


_NOT_LOOKING = {Attention.HIDDEN: " (not looking)", Attention.ASLEEP: " (page asleep)"}


@dataclass
class Viewer:
    """One engineer's page."""

    id: str
    person: str
    typed: Optional[float] = None
    refused: Optional[Refusal] = None
    refused_at: float = 0.0
    attention: Attention = Attention.LOOKING

    def attends(self, state: str) -> bool:
        """Note whether they look; whether that is news. Raises RemoteProtocolError."""
        try:
            now = Attention(state)
        except ValueError:
            raise RemoteProtocolError("bad-attention", "no such attention") from None
        before, self.attention = self.attention, now
        return now is not before

    def types(self, t: float) -> bool:
        """Note a key at session time ``t``; whether that is worth an entry."""
        begins = self.typed is None or t - self.typed >= AGAIN_SECONDS
        self.typed = t
        return begins

    def is_refused(self, why: Refusal, t: float) -> bool:
        """Note a refusal at session time ``t``; whether that is worth an entry."""
        if why is self.refused and t - self.refused_at < AGAIN_SECONDS:
            return False
        self.refused, self.refused_at = why, t
        return True


class Viewers:
    """Who watches now. At most 1,000: a broker that claims more is not believed."""

    def __init__(self) -> None:
        self._viewers: Dict[str, Viewer] = {}

    def join(self, viewer: str, person: str) -> bool:
        """Note that somebody watches; False where that is known (a link has come back)."""
        if viewer in self._viewers:
            return False
        if len(self._viewers) >= 1000 or len(viewer) > 64 or len(person) > 200:
            raise RemoteProtocolError("bad-viewer", "too many viewers, or too long a name")
        # Nobody at the broker is taken for the customer.
        name = f"{plain(person)} (engineer)" if person.strip() == CUSTOMER else plain(person)
        self._viewers[viewer] = Viewer(viewer, name)
        return True

    def leave(self, viewer: str) -> Optional[Viewer]:
        """Note that somebody is gone; who it was."""
        return self._viewers.pop(viewer, None)

    def clear(self) -> None:
        """The link is gone, and all of them with it; they join anew when it is back."""
        self._viewers.clear()

    def get(self, viewer: str) -> Viewer:
        """Who types. Raises RemoteProtocolError for an id that never joined."""
        found = self._viewers.get(viewer)
        if found is None:
            raise RemoteProtocolError("unknown-viewer", "input from nobody who has joined")
        return found

    @property
    def people(self) -> List[str]:
        """The names of those who watch, each once; who looks at none of their pages, so marked."""
        best: Dict[str, Attention] = {}
        order = list(Attention)
        for viewer in self._viewers.values():
            known = best.get(viewer.person, viewer.attention)
            best[viewer.person] = min(known, viewer.attention, key=order.index)
        return [f"{person}{_NOT_LOOKING.get(best[person], '')}" for person in sorted(best)]
