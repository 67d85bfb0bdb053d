"""The grant as it stands on the customer's host, and the one place where it changes.

Pure but for the log that it is given. A change is checked, written to the session log, and only
then in force; the next run reads it from there. So what the log says was allowed at a moment is
what was allowed.
"""

from __future__ import annotations

import math
from typing import Callable, Iterable, Optional

from broker.host.refusal import Refusal, refusal
from broker.recording.grant import Grant, IllegalChange, Mode, Standing
from broker.recording.session_log import Entry

ANNOUNCED_SECONDS = (600.0, 60.0)
"""So long before its end a grant's expiry is announced."""


class Authority:
    """Holds the grant. Times are session seconds."""

    def __init__(self, granted: Grant, earlier: Iterable[Entry], log: Callable[..., None]) -> None:
        grant = granted
        self.held_since: Optional[Entry] = None
        """What an earlier run logged when it came to the standing that this one begins with."""
        for entry in earlier:
            try:
                after = grant.after(entry)
            except (IllegalChange, KeyError, TypeError, ValueError):
                continue  # said again by a later run
            if after.standing is not grant.standing:
                self.held_since = entry if after.standing is not Standing.LIVE else None
            grant = after
        self.grant = grant
        self._log = log
        self._announced: Optional[float] = None

    @property
    def live(self) -> bool:
        """Whether engineers may do anything but watch, the time aside."""
        return self.grant.standing is Standing.LIVE

    @property
    def over(self) -> bool:
        """Whether it has expired or was revoked."""
        return self.grant.standing in (Standing.EXPIRED, Standing.REVOKED)

    def change(self, event: str, **fields: object) -> None:
        """Log a change and put it in force. Raises IllegalChange, and changes nothing then."""
        after = self.grant.after({"event": event, **fields})
        self._log(event, **fields)
        self.grant = after

    def refuses(self, needs: Mode, t: float, *, seated: bool, recording: bool) -> Optional[Refusal]:
        """Why nothing that needs this mode reaches a terminal now, or None."""
        return refusal(self.grant, needs, t, seated=seated, recording=recording)

    def announcement(self, t: float) -> Optional[float]:
        """How many seconds ahead the expiry is to be announced now, each once; else None."""
        left = self.grant.until - t
        if self.over or left <= 0:
            return None
        due = min((seconds for seconds in ANNOUNCED_SECONDS if left <= seconds), default=math.inf)
        before, self._announced = self._announced, due
        # A grant that began so short is no news to whoever has just agreed to it.
        return due if before is not None and due < before else None
