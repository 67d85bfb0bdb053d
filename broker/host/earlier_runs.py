"""What the records of earlier runs tell: where they end, and in which boot."""

from __future__ import annotations

import json
from typing import Iterable

from broker.host.spool import StreamFile

_TAIL_BYTES = 512 * 1024  # more than the longest line: one read of a PTY, escaped


def last_time(streams: Iterable[StreamFile]) -> float:
    """The latest session time in the last line of any stream; 0.0 where there is none."""
    latest = 0.0
    for stream in streams:
        tail = stream.read(max(0, stream.end - _TAIL_BYTES), _TAIL_BYTES)
        line = tail.rstrip(b"\n").rpartition(b"\n")[2]
        try:
            found = json.loads(line)
            t = found["t"] if isinstance(found, dict) else found[0]
            latest = max(latest, float(t))
        except (ValueError, KeyError, IndexError, TypeError):
            continue  # a recording whose header is all it has
    return latest


def last_boot(log: StreamFile) -> str:
    """The boot in which a run began, as its session log says; empty where that was torn off."""
    line = log.read(0, _TAIL_BYTES).partition(b"\n")[0]
    try:
        return str(json.loads(line)["boot"])
    except (ValueError, KeyError, TypeError):
        return ""
