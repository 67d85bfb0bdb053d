"""Changes of the grant, with all that follows from them in the same step of the loop.

So nothing of an engineer's comes after the log's entry: their keys that no program has read yet
are dropped before it, and nothing of theirs waits after it.
"""

from __future__ import annotations

from typing import Callable, Mapping

from broker.host.authority import Authority
from broker.host.invocation import spoken
from broker.host.proposing import Proposing
from broker.host.requesting import Requesting
from broker.host.terminals import Terminals
from broker.recording.grant import Mode
from broker.recording.timeline import duration

# What the customer is told, and why proposals are withdrawn, if they are.
_FOLLOWS: Mapping[str, "tuple[str, str]"] = {
    "mode_changed": ("the mode is {mode} now", "the mode was changed"),
    "taken_back": ("TAKEN BACK: engineers can't type, and nothing of theirs runs", "taken back"),
    "given_back": ("given back: mode {mode} is in force again", ""),
    "extended": ("the grant was extended", ""),
    "expired": ("the grant has expired: engineers can do no more than watch", "the grant expired"),
    "revoked": ("revoked: engineers see and do nothing more", "the grant was revoked"),
}


class Changes:
    """For one recorder. ``withhold`` keeps what terminals print from now on from the broker."""

    def __init__(
        self,
        authority: Authority,
        proposing: Proposing,
        requesting: Requesting,
        terminals: Terminals,
        tell: Callable[[str, str], None],
        tell_who: Callable[[], None],
        withhold: Callable[[], None],
    ) -> None:
        self._authority = authority
        self._proposing = proposing
        self._requesting = requesting
        self._terminals = terminals
        self._tell = tell
        self._tell_who = tell_who
        self._withhold = withhold

    def make(self, event: str, **fields: object) -> None:
        """Change the grant by an event of the session log. Raises IllegalChange."""
        told, cleared = _FOLLOWS[event]
        self._authority.change(event, **fields)
        grant, by = self._authority.grant, str(fields.get("by", "the grant"))
        if cleared:
            self._proposing.clear(cleared)
            if not self._authority.live or grant.mode is not Mode.CONTROL:
                self._terminals.drop_guests()
        if event == "mode_changed":
            self._requesting.met_by_mode(grant.mode, by)
        elif event == "extended":
            self._requesting.met_by_time(by)
        elif event == "revoked":
            self._withhold()
        self._tell("urgent" if event == "expired" else "info", told.format(mode=grant.mode.value))
        self._tell_who()

    def take_back(self, by: str) -> None:
        """Hold everything of the engineers off, unless it is."""
        if self._authority.live:
            self.make("taken_back", by=by)

    def look(self, t: float, log: Callable[..., None]) -> None:
        """See at session time ``t`` whether the grant's end is near, or there."""
        ahead = self._authority.announcement(t)
        if ahead is not None:
            log("expires_soon", seconds=ahead)
            self._tell("urgent", f"expires in {duration(ahead)}; `{spoken()} extend` gives more")
        if not self._authority.over and self._authority.grant.expired(t):
            self.make("expired")
