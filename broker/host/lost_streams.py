"""What of earlier runs should be here and is not: streams that are gone, or shorter than they were.

That a terminal was opened the session log says; how long a stream was, the broker's receipts. Why
one is not there any more nothing here can tell.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Dict, Iterator, List, Mapping

from broker.host.earlier_runs import entries, last_time
from broker.host.spool import StreamFile
from broker.recording.session_log import Entry
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import log_name, parse_stream

STREAM_LOST = "stream-lost"


@dataclass(frozen=True)
class Lost:
    """What is missing of a stream, in session seconds."""

    stream: str
    since: float
    until: float


class _Told:
    """What the logs that are here say of streams."""

    def __init__(self, streams: Mapping[str, StreamFile]) -> None:
        self.opened: Dict[str, float] = {}
        self.closed: Dict[str, float] = {}
        self.first: Dict[int, float] = {}
        self.last: Dict[int, float] = {}
        self.lost: Dict[str, float] = {}
        """Streams that were found to be missing before, and from when on."""
        logs = [name for name in streams if parse_stream(name).is_log]
        for name in sorted(logs, key=parse_stream):
            for entry in entries(streams[name]):
                with contextlib.suppress(TypeError, ValueError):
                    self._take(parse_stream(name).run, entry)

    def _take(self, run: int, entry: Entry) -> None:
        t = float(entry["t"])
        self.first.setdefault(run, t)
        self.last[run] = t
        if entry["event"] == "opened":
            self.opened[str(entry["terminal"])] = t
        elif entry["event"] == "closed":
            self.closed[str(entry["terminal"])] = t
        elif entry["event"] == "gap" and entry["cause"] == STREAM_LOST:
            self.lost[str(entry.get("stream"))] = float(entry["since"])


def lost(
    streams: Mapping[str, StreamFile], signed: Mapping[str, int], last_run: int, now: float
) -> List[Lost]:
    """What is missing of the runs up to ``last_run``, and no earlier run has logged.

    ``signed``: how far the broker has signed for each stream; ``now``: session time. Blocking;
    raises OSError.
    """
    told = _Told(streams)

    def whole(name: str) -> bool:
        return name in streams and streams[name].end >= signed.get(name, 0)

    found = []
    for name in _names(*told.opened, *signed):
        stream = parse_stream(name)
        # A terminal that only a receipt knows of may never have been: where the log is whole.
        known = stream.is_log or name in told.opened or not whole(log_name(stream.run))
        if whole(name) or stream.run > last_run or not known:
            continue
        before = [t for run, t in told.last.items() if run < stream.run]
        after = [t for run, t in told.first.items() if run > stream.run]
        since = told.opened.get(name, max(before, default=0.0))
        if name in streams:
            since = max(since, last_time([streams[name]]))
        until = min(after, default=now)
        if not stream.is_log and whole(log_name(stream.run)):
            until = told.closed.get(name, told.last.get(stream.run, until))
        if since < told.lost.get(name, now):
            found.append(Lost(name, since, max(since, until)))
    return found


def _names(*names: str) -> Iterator[str]:
    """Those that are names of streams, each once, in order."""
    good = set()
    for name in names:
        with contextlib.suppress(RemoteProtocolError):
            good.add(parse_stream(name))
    return (stream.name for stream in sorted(good))
