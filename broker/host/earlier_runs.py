"""What the records of earlier runs tell: where they end, and in which boot."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Iterable, Iterator, Mapping

from broker.host.spool import StreamFile
from broker.recording import session_log
from broker.recording.causes import Cause
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import parse_stream

_TAIL_BYTES = 512 * 1024  # more than the longest line: one read of a PTY, escaped
_CHUNK_BYTES = 1024 * 1024
_UNSAFE_SECONDS = 10.0
"""What is older than that before a loss of power was synced, unless the disk stood still."""


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


def last_told(streams: Mapping[str, StreamFile]) -> int:
    """The last run whose log tells of the gap ahead of it; the first run has none."""
    told = [1]
    for name, one in streams.items():
        if parse_stream(name).run > 1 and any(_is_stop(entry) for entry in _of_log(one)):
            told.append(parse_stream(name).run)
    return max(told)


def told_until(streams: Mapping[str, StreamFile], *, rebooted: bool, safe: bool) -> float:
    """The session time up to which earlier runs tell what was recorded, and what was not.

    A run that was stopped before it could log the gap ahead of it has told of nothing: the next
    one's gap covers that one and its own. ``rebooted``: one stream may have survived a loss of
    power further than another, and which of them had more to say is not known. Not ``safe``: what
    is there now a loss of power may yet take, and no later run would know of it.
    """
    told = last_told(streams)
    runs = {one: parse_stream(name).run for name, one in streams.items()}
    until = last_time(one for one, run in runs.items() if run <= told)
    # Recordings that stood still when that run was killed; logs may have gone on.
    last = [entry for one, run in runs.items() if run == told for entry in _of_log(one)]
    begun = {entry.get("since") for entry in last if _is_beginning(entry)}
    over = {entry["since"] for entry in last if entry["event"] == "gap"}
    until = min([until, *(t for t in begun - over if isinstance(t, float))])
    if not safe:
        since = until - _UNSAFE_SECONDS
        gaps = [one["since"] for one in last if one["event"] == "gap" and one["t"] >= since]
        return float(max(0.0, min([since, *gaps])))
    if rebooted:
        each = (last_time([one]) for one, run in runs.items() if run == told)
        return max(0.0, until - _UNSAFE_SECONDS, min([until, *each]))
    return until


def _of_log(stream: StreamFile) -> Iterator[session_log.Entry]:
    return entries(stream) if parse_stream(stream.name).is_log else iter(())


def _is_beginning(entry: session_log.Entry) -> bool:
    return bool(entry["event"] == "limit" and entry["what"] == "recording")


def _is_stop(entry: session_log.Entry) -> bool:
    stops = (Cause.RECORDER_STOPPED.value, Cause.REBOOTED.value)
    return entry["event"] == "gap" and entry["cause"] in stops


def last_boot(streams: Mapping[str, StreamFile], upto: int) -> str:
    """The boot of the last run up to this one whose session log says it; empty: none does."""
    logs = {parse_stream(name).run: streams[name] for name in streams if parse_stream(name).is_log}
    for run in sorted(logs, reverse=True):
        line = logs[run].read(0, _TAIL_BYTES).partition(b"\n")[0] if run <= upto else b""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return str(json.loads(line)["boot"])
    return ""


def entries(log: StreamFile) -> Iterator[session_log.Entry]:
    """Every entry of a run's session log, in order; lines that make no sense are passed over."""
    rest = b""
    for at in range(0, log.end, _CHUNK_BYTES):
        *lines, rest = (rest + log.read(at, _CHUNK_BYTES)).split(b"\n")
        for line in lines:
            try:
                yield session_log.decode(line.decode())
            except (session_log.BadLog, UnicodeDecodeError):
                continue


def all_entries(folder: Path) -> Iterator[session_log.Entry]:
    """Every entry that a session's logs hold so far, run after run; beside its recorder, too.

    Blocking; raises OSError.
    """
    runs = {}
    for path in folder.iterdir():
        with contextlib.suppress(RemoteProtocolError):
            stream = parse_stream(path.name)
            if stream.is_log:
                runs[stream.run] = path
    for run in sorted(runs):
        log = StreamFile(runs[run], create=False)
        try:
            yield from entries(log)
        finally:
            log.close()
