"""Where a terminal of the session comes from, which decides who may do what at it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict


@dataclass(frozen=True)
class Origin:
    """One terminal's; unless told, it is the session's own: who has its seat is the customer."""

    pane: bool = False
    """It was opened from inside the session: who has its seat is a program there, as tmux is."""
    login: Dict[str, str] = field(default_factory=dict)
    """``{user, tty, from}`` of the login whose shell it is; empty: it is no login's."""
    banner: str = ""
    """What is printed before its shell begins."""

    @property
    def customers(self) -> bool:
        """Whether the customer is there when its seat is taken."""
        return not (self.pane or self.login)


OWN = Origin()
PANE = Origin(pane=True)
