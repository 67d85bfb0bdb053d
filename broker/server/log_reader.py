"""The session log as the broker reads it: cut into entries, and none believed that makes no sense.

It comes from a machine that is not ours. Pure.
"""

from collections.abc import Iterator

from broker.recording import away, timeline
from broker.recording.session_log import EVENTS, BadLog, Entry, decode

_BEYOND_REASON = 1e12
_LONGEST_LINE_BYTES = 256 * 1024
_TIMES = frozenset({"since", "until", "wall", "broker_wall"})
_COUNTS = frozenset({"n", "before", "more"})
_COUNTED = frozenset({"drift", "fingerprint"})


class LogReader:
    """Cuts the bytes of one session log into entries, across the pieces in which they come."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Entry]:
        """Every entry that is now whole and makes sense."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE_BYTES:
            self._rest = b""  # what is left of that line won't be JSON
        for line in lines:
            try:
                entry = decode(line.decode())
                if not _is_sane(entry):
                    continue
                # Nobody who reads it later stumbles over a wrong type.
                timeline.tell([entry])
                away.tell([entry])
            except (BadLog, LookupError, TypeError, ValueError, OverflowError, RecursionError):
                continue
            except AttributeError:  # a list where an object should be
                continue
            yield entry


def is_sane(value: object) -> bool:
    """Whether a number is one that can be a time or a size: neither infinite nor beyond reason."""
    return not isinstance(value, int | float) or -_BEYOND_REASON < value < _BEYOND_REASON


def _is_sane(entry: Entry) -> bool:
    event = entry["event"]
    if not all(map(is_sane, entry.values())):
        return False
    if event in EVENTS and not all(_is_number(entry[name]) for name in _TIMES & entry.keys()):
        return False
    if event in _COUNTED and not all(_is_count(entry[name]) for name in _COUNTS & entry.keys()):
        return False
    if event == "drift":
        return all(at is None or (_is_number(at) and is_sane(at)) for *_, at in entry["changes"])
    if event == "entered":
        return all(map(_is_count, entry["shares"].values()))
    return True


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _BEYOND_REASON
