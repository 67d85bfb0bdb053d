"""A session log read by whoever did not write it: cut into entries, those that make sense alone.

It comes from a machine that is not ours, or out of a file that anybody may have made. Pure.
"""

from __future__ import annotations

from typing import Any, FrozenSet, Iterator, Mapping

from broker.recording import away, commands, timeline
from broker.recording.session_log import EVENTS, BadLog, Entry, decode

_BEYOND_REASON = 1e12
_LONGEST_LINE_BYTES = 256 * 1024
_TIMES = frozenset({"since", "until", "wall", "broker_wall"})
_COUNTS: Mapping[str, FrozenSet[str]] = {
    "drift": frozenset({"n", "before", "more"}),
    "fingerprint": frozenset({"n", "before", "more"}),
    "command_started": frozenset({"depth", "offset"}),
    "command_ended": frozenset({"offset"}),
    "masked": frozenset({"count"}),
    "execs": frozenset({"lost"}),
}
_TYPED = frozenset({"entered", "command_started"})
_EXEC_TEXTS = ("user", "terminal", "cwd")


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
                commands.tell([entry])
            except (BadLog, LookupError, TypeError, ValueError, OverflowError, RecursionError):
                continue
            except AttributeError:  # a list where an object should be
                continue
            yield entry


def is_sane(value: object) -> bool:
    """Whether a number is one that can be a time or a size: neither infinite nor beyond reason."""
    return not isinstance(value, (int, float)) or -_BEYOND_REASON < value < _BEYOND_REASON


def _is_sane(entry: Entry) -> bool:
    event = entry["event"]
    if not all(map(is_sane, entry.values())):
        return False
    if event in EVENTS and not all(_is_number(entry[name]) for name in _TIMES & entry.keys()):
        return False
    if not all(_is_count(entry[name]) for name in _COUNTS.get(event, frozenset()) & entry.keys()):
        return False
    if event == "drift":
        return all(at is None or (_is_number(at) and is_sane(at)) for *_, at in entry["changes"])
    if event in _TYPED and not all(map(_is_count, entry["shares"].values())):
        return False
    if event == "command_ended":
        return entry["status"] is None or _is_count(entry["status"])
    if event == "execs":
        return all(map(_is_exec, entry["ran"]))
    return True


def _is_exec(one: Mapping[str, Any]) -> bool:
    argv = one["argv"]
    return (
        _is_number(one["t"])
        and is_sane(one["t"])
        and _is_count(one["pid"])
        and _is_count(one["parent"])
        and all(isinstance(one[name], str) for name in _EXEC_TEXTS)
        and (argv is None or all(isinstance(word, str) for word in argv))
    )


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _BEYOND_REASON
