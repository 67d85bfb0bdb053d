"""Why a key of an engineer does not reach the terminal: the decision on each of them. Pure.

The recorder asks here, on the customer's host; whatever a broker claims changes nothing.
"""

from __future__ import annotations

from enum import Enum
from typing import Mapping, Optional

from broker.recording.grant import Away, Grant, Mode, Standing


class Refusal(str, Enum):
    """Why not."""

    MODE = "mode"
    TAKEN_BACK = "taken-back"
    EXPIRED = "expired"
    REVOKED = "revoked"
    PAUSED = "paused"
    TURN = "turn"
    NO_TERMINAL = "no-terminal"
    DISK_FULL = "disk-full"
    BUSY = "busy"
    LOGIN = "login"


_SENTENCES: Mapping[Refusal, str] = {
    Refusal.MODE: "the customer's mode does not allow it",
    Refusal.TAKEN_BACK: "the customer has taken back",
    Refusal.EXPIRED: "the grant has expired",
    Refusal.REVOKED: "the customer has revoked the grant",
    Refusal.PAUSED: "the customer is not at the terminal",
    Refusal.TURN: "somebody else is typing",
    Refusal.NO_TERMINAL: "that terminal is closed",
    Refusal.DISK_FULL: "nothing can be recorded on the host now",
    Refusal.BUSY: "the program there reads nothing",
    Refusal.LOGIN: "only whoever has logged in types in that terminal",
}


class NotDone(ValueError):
    """What was wanted makes no sense, or not any more: a code, and a sentence for who wanted it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def because(cls, why: Refusal) -> NotDone:
        """What the grant does not allow now."""
        return cls(why.value, _SENTENCES[why])


_STANDING = {
    Standing.TAKEN_BACK: Refusal.TAKEN_BACK,
    Standing.EXPIRED: Refusal.EXPIRED,
    Standing.REVOKED: Refusal.REVOKED,
}


def refusal(
    grant: Grant, needs: Mode, t: float, *, seated: bool, recording: bool
) -> Optional[Refusal]:
    """Why nothing that needs this mode may reach a terminal at session time ``t``, or None.

    ``seated``: the customer is at a terminal. ``recording``: what is typed would be recorded;
    where it can't be, an engineer types nothing.
    """
    if grant.standing is not Standing.LIVE:
        return _STANDING[grant.standing]
    if grant.expired(t):
        return Refusal.EXPIRED
    if needs is not grant.mode and needs.widens(grant.mode):
        return Refusal.MODE
    if not seated and grant.away is not Away.CONTINUE:
        return Refusal.PAUSED
    if not recording:
        return Refusal.DISK_FULL
    return None
