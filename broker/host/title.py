"""The title of the customer's window: who is here, what they may, how long still. Pure."""

from __future__ import annotations

from typing import List

from broker.recording.grant import Grant, Standing
from broker.recording.timeline import duration

_OVER = {
    Standing.TAKEN_BACK: "TAKEN BACK",
    Standing.EXPIRED: "expired",
    Standing.REVOKED: "revoked",
}


def title(grant: Grant, t: float, *, asked: int, link: str, people: List[str]) -> str:
    """The title at session time ``t``.

    ``asked``: how much waits for an answer of the customer's; ``link``: up, lost, disconnected or
    offline, where there is nobody who could have a mode.
    """
    live = grant.standing is Standing.LIVE
    watching = f"{', '.join(people) or 'nobody'} watching"
    mode = "" if link == "offline" else grant.mode.value
    parts = [
        "jumpseat",
        f"{asked} to answer" if asked else "",
        mode if live else _OVER[grant.standing],
        {"up": watching, "lost": "link lost"}.get(link, link),
        "recorded",
        f"{duration(max(0.0, grant.until - t))} left" if live else "",
    ]
    return " · ".join(part for part in parts if part)
