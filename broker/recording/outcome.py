"""How a command ended, in words; web/src/outcome.ts has the same. Pure."""

from __future__ import annotations

from typing import Optional

RUNNING, ENDED, STOPPED, LOST = "running", "ended", "stopped", "lost"
INFERRED = "inferred"
"""How it ended, or whether it has, nobody told."""

_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    14: "SIGALRM",
    15: "SIGTERM",
}
"""Those that have the same number on every Linux; others differ from machine to machine."""


def outcome(status: Optional[int], over: str) -> str:
    """``exit 1``, ``SIGINT (130)``, ``stopped``, ``lost``, …; empty where nobody told."""
    if over == INFERRED:
        return ""
    if over != ENDED or status is None:
        return over
    signal = signal_of(status)
    return f"{signal} ({status})" if signal else f"exit {status}"


def has_failed(status: Optional[int], over: str) -> bool:
    """Whether it ended, and with another status than 0."""
    return over == ENDED and status not in (None, 0)


def signal_of(status: int) -> str:
    """The name of the signal that a status tells of (128+n); empty where it tells of none."""
    return _SIGNALS.get(status - 128, "")
