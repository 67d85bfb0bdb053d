"""What a customer can choose when they grant, and how they write it. Pure.

The same words are read from the command line and, one at a time, at the terms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Callable, Iterable, Mapping, Optional, Tuple, Type, TypeVar

from broker.recording.grant import Away, Mode, Page
from broker.recording.timeline import duration

DEFAULT_SECONDS = 2 * 3600.0
MOST_TERMINALS = 9
MOST_MASKS = 20
LEAST_MASK, MOST_MASK = 3, 60
MOST_CASE = 200
DEFAULT_SPOOL = 2 * 1024**3

_LENGTH = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?", re.ASCII)
_SIZE = re.compile(r"([1-9]\d{0,3})([MG])", re.ASCII | re.IGNORECASE)
_UNITS = {"M": 1024**2, "G": 1024**3}
_CONTROL_KEY = re.compile(r"\^[A-Za-z\\\]^_]", re.ASCII)
# Keys that send the same byte as Backspace, Tab, Enter (two of them) do.
_NAMED_KEYS = {"^H": "Backspace", "^I": "Tab", "^J": "Enter", "^M": "Enter"}
_Word = TypeVar("_Word", bound=Enum)


class Drift(Enum):
    """Whether the host's state is read, so that what changed on it can be told."""

    ON = "on"
    OFF = "off"


class Others(Enum):
    """What is seen of the other terminals of this host."""

    RECORD = "record"
    """Logins that begin while the grant lasts are recorded, where the recorder runs as root."""
    JOURNAL = "journal"
    """Programs that are begun there are listed, as far as the kernel tells."""
    OFF = "off"

    def where(self, *, as_root: bool) -> Others:
        """What can be had of it on a host whose recorder runs as root, or not."""
        return Others.JOURNAL if self is Others.RECORD and not as_root else self


@dataclass(frozen=True)
class Choices:
    """What the customer lets the engineers have."""

    mode: Mode
    seconds: float
    away: Away
    page: Page
    terminals: int
    drift: Drift
    others: Others
    masks: Tuple[str, ...]
    """What follows one of these texts, up to white space or a quote, is masked."""
    spool: int
    """Bytes that this host keeps of what the broker does not hold."""


def seconds_of(text: str) -> float:
    """Read ``30m``, ``2h``, ``1h30m`` or ``90s``. Raises ValueError."""
    found = _LENGTH.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(f"{text!r} is no length of time: write 30m, 2h or 1h30m")
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total < 1:
        raise ValueError("a grant lasts at least a second")
    return float(total)


def length(seconds: float) -> str:
    """A length of time as the terms say it: whole hours as such."""
    return duration(seconds).removesuffix(" 0 min")


def seconds_within(wanted: Optional[float], most: float) -> float:
    """The length that was asked for, or the default. Raises ValueError beyond ``most``."""
    if wanted is None:
        return min(DEFAULT_SECONDS, most)
    if wanted > most:
        raise ValueError(f"at most {length(most)} can be granted: choose a shorter time")
    return wanted


def mode_of(text: str) -> Mode:
    """Read a mode. Raises ValueError."""
    return _word_of(Mode, text, "mode")


def away_of(text: str) -> Away:
    """Read what happens when the customer leaves. Raises ValueError."""
    return _word_of(Away, text, "choice for when you leave")


def page_of(text: str) -> Page:
    """Read what the customer's page may do. Raises ValueError."""
    return _word_of(Page, text, "choice for your page")


def drift_of(text: str) -> Drift:
    """Read whether the host's state is read. Raises ValueError."""
    return _word_of(Drift, text, "choice for drift")


def others_of(text: str) -> Others:
    """Read what is seen of other terminals. Raises ValueError."""
    return _word_of(Others, text, "choice for others")


def size_of(text: str) -> int:
    """Read ``500M`` or ``2G``: bytes. Raises ValueError."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no size: write 500M or 2G, at least 1M")
    return int(found[1]) * _UNITS[found[2].upper()]


def size(count: int) -> str:
    """So many bytes, as they are written on the command line."""
    unit = "G" if count % _UNITS["G"] == 0 else "M"
    return f"{count // _UNITS[unit]}{unit}"


def case_of(text: str) -> str:
    """Read what an offline session is for. Raises ValueError."""
    text = text.strip()
    if not 1 <= len(text) <= MOST_CASE or not text.isprintable():
        raise ValueError(f"a case is text that can be printed, of 1 to {MOST_CASE} characters")
    return text


def mask_of(text: str) -> str:
    """Read what stands before a secret. Raises ValueError."""
    text = text.strip()
    if not LEAST_MASK <= len(text) <= MOST_MASK:
        raise ValueError(
            f"a mask is what stands before a secret, as in pin=: {LEAST_MASK} to {MOST_MASK} "
            "characters"
        )
    if not text.isprintable() or "  " in text:
        raise ValueError("a mask is text that can be printed, with single blanks")
    return text


def terminals_of(text: str) -> int:
    """Read how many terminals engineers may have unasked. Raises ValueError."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_TERMINALS):
        raise ValueError(f"{text!r} is no number of terminals: from 1 to {MOST_TERMINALS}")
    return int(text)


def prefix_of(text: str) -> bytes:
    """Read a control key, ``^]`` is Ctrl-]: the byte that it sends. Raises ValueError."""
    key = text.upper()
    if _CONTROL_KEY.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no control key: write ^] for Ctrl-], ^B for Ctrl-B")
    if key in _NAMED_KEYS:
        raise ValueError(f"{key} is what {_NAMED_KEYS[key]} sends: choose another control key")
    return bytes([ord(key[1]) ^ 0x40])


def _word_of(words: Type[_Word], text: str, what: str) -> _Word:
    try:
        return words(text)
    except ValueError:
        *some, last = (str(one.value) for one in words)
        raise ValueError(f"{text!r} is no {what}: {', '.join(some)} or {last}") from None


def masks_with(masks: Iterable[str], text: str) -> Tuple[str, ...]:
    """The masks, each once, and one more. Raises ValueError."""
    after = tuple(dict.fromkeys([*masks, mask_of(text)]))
    if len(after) > MOST_MASKS:
        raise ValueError(f"at most {MOST_MASKS} masks can be kept")
    return after


_CHANGES: Mapping[str, Tuple[str, Callable[[str], Any]]] = {
    "mode": ("mode", mode_of),
    "for": ("seconds", seconds_of),
    "away": ("away", away_of),
    "page": ("page", page_of),
    "terminals": ("terminals", terminals_of),
    "drift": ("drift", drift_of),
    "others": ("others", others_of),
    "spool": ("spool", size_of),
}
ENGINEERS = ("mode", "away", "page", "terminals")
"""What is chosen for engineers alone: there are none in an offline session."""
EXAMPLES = (
    "mode watch", "for 30m", "away end", "page off", "terminals 2", "drift off", "others off",
    "mask pin=", "spool 500M",
)  # fmt: skip
"""What can be typed at the terms, one of each."""


def changed(
    choices: Choices, typed: str, most_seconds: float, *, offline: bool = False
) -> Optional[Choices]:
    """The choices after ``typed`` (``mode watch``), or None where it is no change of them.

    Raises ValueError, with a sentence for the customer, where it would be one and makes no sense.
    """
    word, *values = typed.split() or [""]
    name = word.lstrip("-")  # as it is on the command line
    if name == "mask":
        return replace(choices, masks=masks_with(choices.masks, typed.partition(word)[2]))
    if name not in _CHANGES:
        return None
    if offline and name in ENGINEERS:
        raise ValueError(f"nobody joins an offline session: there is no {name} to choose")
    if len(values) != 1:
        (example,) = (one for one in EXAMPLES if one.startswith(name))
        raise ValueError(f"write {name} and one word after it, as in: {example}")
    field, read = _CHANGES[name]
    after = replace(choices, **{field: read(values[0])})
    seconds_within(after.seconds, most_seconds)
    return after
