"""What a customer allows, and how it changes. Pure: fed with entries of the session log.

The recorder enforces this state on the customer's host and writes each change to the log before
it takes effect; the broker reads the same entries into a copy, which it shows and which decides
nothing. So a recorder that was killed knows again what was allowed, and no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Mapping

from broker.recording.session_log import Entry


class Mode(str, Enum):
    """What the engineer may do. Each allows what those before it do."""

    WATCH = "watch"
    APPROVE = "approve"
    CONTROL = "control"

    def widens(self, before: Mode) -> bool:
        """Whether this allows more than ``before``."""
        modes = list(Mode)
        return modes.index(self) > modes.index(before)


class Away(str, Enum):
    """What becomes of the engineer's typing when the customer leaves the terminal."""

    PAUSE = "pause"
    CONTINUE = "continue"
    END = "end"


class Page(str, Enum):
    """What the customer's page in a browser may do for them."""

    OFF = "off"
    WATCH = "watch"
    """See everything, refuse, take back, end: all that takes from the engineers."""
    APPROVE = "approve"
    """And let proposals run."""


class Standing(Enum):
    """Where a grant is in its life."""

    LIVE = "live"
    TAKEN_BACK = "taken-back"
    EXPIRED = "expired"
    REVOKED = "revoked"


_HELD = (Standing.LIVE, Standing.TAKEN_BACK)

STEPS: Mapping[str, Mapping[Standing, Standing]] = {
    "mode_changed": {one: one for one in (*_HELD, Standing.EXPIRED)},
    # To extend takes the customer's typed words; that it had been taken back is then settled.
    "extended": {
        Standing.LIVE: Standing.LIVE,
        Standing.TAKEN_BACK: Standing.TAKEN_BACK,
        Standing.EXPIRED: Standing.LIVE,
    },
    "taken_back": {Standing.LIVE: Standing.TAKEN_BACK},
    "given_back": {Standing.TAKEN_BACK: Standing.LIVE},
    "expired": dict.fromkeys(_HELD, Standing.EXPIRED),
    "revoked": dict.fromkeys((*_HELD, Standing.EXPIRED), Standing.REVOKED),
}
"""Which event of the log leads from which standing to which; there are no others."""


class IllegalChange(ValueError):
    """A change that the grant's standing does not allow."""


@dataclass(frozen=True)
class Grant:
    """One grant; ``until`` is session time in seconds, so no change of a clock moves it.

    ``terminals``: how many the engineer may have without asking again.
    """

    mode: Mode
    away: Away
    until: float
    page: Page = Page.WATCH
    terminals: int = 1
    standing: Standing = Standing.LIVE

    def expired(self, t: float) -> bool:
        """Whether the grant is over at session time ``t``, logged already or not."""
        return t >= self.until

    def after(self, entry: Entry) -> Grant:
        """The grant after this entry of the session log; entries of other things change nothing.

        Raises IllegalChange, and KeyError or ValueError for an entry that makes no sense.
        """
        event = entry["event"]
        steps = STEPS.get(event)
        if steps is None:
            return self
        standing = steps.get(self.standing)
        if standing is None:
            raise IllegalChange(f"{event.replace('_', ' ')} while {self.standing.value}")
        changed = replace(self, standing=standing)
        if event == "mode_changed":
            return replace(changed, mode=Mode(entry["mode"]))
        if event == "extended":
            return replace(changed, until=float(entry["until"]))
        return changed
