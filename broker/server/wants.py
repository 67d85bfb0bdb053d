"""What a viewer or a customer's page wants of the host, as far as that is looked at on the way.

Whether it is done is the recorder's to decide. Here it is only kept from harming others: nothing
that is longer than anything could be, or that comes too fast.
"""

from broker.wire import codec
from broker.wire.messages import Act, Declined, LiftHold, Propose, PutHold, Request, Withdraw

Wanted = Propose | Withdraw | Request | PutHold | LiftHold | Act

_REASON_CHARACTERS = 64
_MESSAGE_CHARACTERS = 1000
_MOST_BYTES = 32 * 1024  # of anything that the recorder may agree to, however it is escaped
BURST, PER_SECOND = 20, 5.0
"""What one viewer may want at once, and in a second."""


def out_of_bounds(wanted: Wanted) -> tuple[str, str] | None:
    """Why the host is not to be bothered with this: a code and a sentence; None: it may decide."""
    size = len(codec.encode(wanted))
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
