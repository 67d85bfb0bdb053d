"""A probe: one declared look at the host. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping, Pattern, Tuple

Subjects = Mapping[str, Mapping[str, str]]
"""Subject, fact: value, as ``recording.drift`` has it."""
Parser = Callable[[str, str], Subjects]
"""Reads what a file says, or a command prints; the first argument is the file's path or the
probe's name. Raises ValueError for what it can't read."""


@dataclass(frozen=True)
class Probe:
    """A command or files, how long it may take, who reads what it says, and what is secret."""

    name: str
    area: str
    """A key of ``recording.drift.AREAS``, or a vendor's own word."""
    parser: Parser
    command: Tuple[str, ...] = ()
    files: Tuple[str, ...] = ()
    """Paths or patterns of them; one that is not there says nothing."""
    timeout: float = 5.0
    """Seconds."""
    secret: Tuple[Pattern[str], ...] = ()
    """What is masked besides what always is."""
    optional: bool = False
    """Where the program is not installed, the thing is not there either."""
    partial: bool = False
    """What it prints counts, whatever its exit status."""
    without_root: str = ""
    """What it does not see unless it runs as root."""
    covers: Tuple[str, ...] = ()
    """Patterns of paths whose changes are explained by what this probe reports."""
    covers_links: Tuple[str, ...] = ()
    """Likewise, of links and directories alone."""
    as_user: bool = False
    """It runs as the shell's user, even where we are root."""

    @property
    def by_path(self) -> bool:
        """Whether its subjects are paths, each explaining its own."""
        return bool(self.files) and self.covers == self.files
