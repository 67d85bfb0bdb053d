"""What is typed at real shells, and the commands that the session log must tell of it.

A table a shell. A step is a line, which ends when the prompt is there again; or keys, what must be
printed before the next step, and who pressed them, where it is not alice. What is printed is
written so that no line that is typed has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

PROMPT = "ready$ "
EDITOR = "\x1b[?2004h"
"""A line editor has begun to read."""

Step = str | tuple[str, str] | tuple[str, str, str]
Told = tuple[str, int | None] | tuple[str, int | None, dict[str, object]]
"""A line, its status, and of its other fields what is not as usual."""


@dataclass(frozen=True)
class Case:
    """One shell, from its first prompt to its end."""

    name: str
    steps: Sequence[Step]
    told: Sequence[Told]
    shell: str = "bash"
    rc: str = ""
    """What its start file has behind the prompt."""
    files: dict[str, str] = field(default_factory=dict)
    """More files of the home."""
    entered: Sequence[str | None] = ()
    """The inferred lines; None: Enter, and nobody can tell what."""
    status: int = 0
    """That of the terminal's end."""
    exits: bool = True
    """``exit`` is typed behind all steps, and told as a command that ends with the status."""
    alike: bool = True
    """The user sees what the same shell shows without us, row by row."""
    login: bool = False
    env: dict[str, str] = field(default_factory=dict)
    version: str = ""
    """Of the hooks' text, this stands for the version that decides how they work."""


def more(line: str) -> tuple[str, str]:
    """A line with which the command is not complete."""
    return f"{line}\r", EDITOR
