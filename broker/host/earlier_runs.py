"""What the records of earlier runs tell: where they end, and in which boot."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Iterable, Iterator

from broker.host.spool import StreamFile
from broker.recording import session_log
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import parse_stream

_TAIL_BYTES = 512 * 1024  # more than the longest line: one read of a PTY, escaped
_CHUNK_BYTES = 1024 * 1024


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
