"""What a viewer or a customer's page wants of the host, as far as that is looked at on the way.

Whether it is done is the recorder's to decide. Here it is only kept from harming others: nothing
that is longer than anything could be, that no link could carry on, or that comes too fast.
"""

import time

from broker.wire import codec
from broker.wire.messages import Act, Declined, LiftHold, Propose, PutHold, Request, Withdraw

Wanted = Propose | Withdraw | Request | PutHold | LiftHold | Act

_REASON_CHARACTERS = 64
_MESSAGE_CHARACTERS = 1000
_MOST_BYTES = 32 * 1024  # of anything that the recorder may agree to, however it is escaped
_BURST = 20
_PER_SECOND = 5.0


class Pace:
    """So many at once and so many a second: a bucket of tokens."""

    __slots__ = ("_left", "_seen")

    def __init__(self) -> None:
        self._left = float(_BURST)
        self._seen = time.monotonic()

    def allows(self) -> bool:
        """Whether one more is not too fast; it then counts."""
        now = time.monotonic()
        self._left = min(_BURST, self._left + (now - self._seen) * _PER_SECOND)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def out_of_bounds(wanted: Wanted) -> tuple[str, str] | None:
    """Why the host is not to be bothered with this: a code and a sentence; None: it may decide."""
    try:
        size = len(codec.encode(wanted))
    except UnicodeEncodeError:  # JSON can name half a character
        return "not-text", "it has characters that are none"
    if size > _MOST_BYTES:
        return "too-long", f"that is {size} bytes; nothing may have more than {_MOST_BYTES}"
    return None


def fit_to_print(text: str, longest: int) -> str:
    """What a host says, as people may be shown it: one line, printable, cut where it is long."""
    cut = text[:longest]
    return cut if cut.isprintable() else "".join(one for one in cut if one.isprintable())


def declined(viewer: str, told: Declined) -> Declined:
    """What a host declined, fit to be passed on to this viewer."""
    return Declined(
        viewer,
        fit_to_print(told.reason, _REASON_CHARACTERS),
        fit_to_print(told.message, _MESSAGE_CHARACTERS),
    )
