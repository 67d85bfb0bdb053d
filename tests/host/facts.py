"""A session's facts, as a recorder tells them, for those who show them."""

from __future__ import annotations

from typing import Any

from tests.host.recorder_end import FACTS

TERMINAL = "run-1.terminal-1.cast"
SECOND = "run-1.terminal-2.cast"


def facts(**changes: object) -> dict[str, Any]:
    """Those of a quiet session, with these changed."""
    return {**FACTS, **changes}


def proposal(text: str, **changes: object) -> dict[str, Any]:
    """One that waits for an answer."""
    return {
        "proposal": "r1p1", "person": "alice", "terminal": TERMINAL, "text": text,
        "why": "", "expect": "", "holds": [], "ready": True, "unready": "", **changes,
    }  # fmt: skip
