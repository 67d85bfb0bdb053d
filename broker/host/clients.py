"""One connection of the customer's to the recorder's socket."""

from __future__ import annotations

from dataclasses import dataclass
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
    terminal: Optional[RecordedTerminal] = None
