"""One connection of the customer's to the recorder's socket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Optional

from broker.host.local import LocalLink
from broker.host.recorded import RecordedTerminal


@dataclass(eq=False)
class Client:
    """One connection of the customer's."""

    link: LocalLink
    by: str
    """The user at the other end."""
    inside: bool
    """Whether it runs inside a terminal of the session, where an engineer may have typed."""
    recorded: bool
    """Whether what is printed there is recorded, so that engineers see it."""
    terminal: Optional[RecordedTerminal] = None
    own: Optional[RecordedTerminal] = None
    """The terminal that was opened for it, and ends when it is gone."""
    moving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while it takes a seat: one after the other, in the order in which they were wanted."""
