"""How each stretch of a session came to be known: reckoned from its receipts, logs and recordings.

Of the streams only the lines at which receipts begin and end are read. Blocking.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from broker.evidence.line_times import LineTimes
from broker.recording import receipts, stretches
from broker.recording.session_log import Entry
from broker.recording.stretches import Range
from broker.server.stores.recordings import Recordings

_BACK_BYTES = 4096
_HEAD_BYTES = 64


def tell(
    recordings: Recordings, session: str, sizes: Mapping[str, int], entries: Iterable[Entry]
) -> dict[str, Any]:
    """As the API tells it; ``sizes``: of the streams, in order. Raises OSError."""
    found = receipts.read(session, recordings.receipts(session))
    statements = found.statements if found.bad is None else ()
    covered = found.chain.held if found.bad is None else {}
    ranges = stretches.ranges(statements, sizes)
    told = stretches.stretches(_timed(recordings, session, sizes, ranges), entries)
    return {
        "receipts": len(statements),
        "until": statements[-1].time if statements else None,
        "complete": found.bad is None and found.chain.complete is not None,
        "keys": [key for key, _ in found.chain.signers],
        "problem": "" if found.bad is None else str(found.bad),
        "stretches": stretches.as_json(told),
        "streams": [
            {
                "name": name,
                "size": size,
                "receipted": min(size, covered[name].fields["offset"]) if name in covered else 0,
            }
            for name, size in sizes.items()
        ],
    }


def _timed(
    recordings: Recordings, session: str, sizes: Mapping[str, int], ranges: Iterable[Range]
) -> Iterator[tuple[Range, float, float]]:
    """Each range with the times of its first and last line; without those that have none."""
    for one in ranges:
        stream = _Stream(recordings, session, one.stream, sizes[one.stream])
        last = stream.time(stream.line(one.end - 1))
        first = stream.time(stream.line(one.start))
        if first is None:  # a recording's header: what follows it
            first = stream.time(stream.second()) if one.start == 0 else last
        if first is not None:
            yield one, first, max(first, first if last is None else last)


class _Stream:
    """A stream, looked into at places."""

    def __init__(self, recordings: Recordings, session: str, name: str, size: int) -> None:
        self._recordings = recordings
        self._session = session
        self._name = name
        self._size = size

    def line(self, at: int) -> int:
        """Where the line begins in which this byte lies."""
        end, most = at, _BACK_BYTES
        while end > 0:
            start = max(0, end - most)
            newline = self._read(start, end - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end, most = start, most * 4
        return 0

    def second(self) -> int:
        """Where the second line begins; the stream's end where there is none."""
        at = 0
        while piece := self._read(at, _BACK_BYTES):
            newline = piece.find(b"\n")
            if newline >= 0:
                return at + newline + 1
            at += len(piece)
        return self._size

    def time(self, line: int) -> float | None:
        """The time of the line that begins there, if it has one."""
        times = LineTimes([0])
        times.feed(self._read(line, _HEAD_BYTES))
        times.end()
        return times.found.get(0)

    def _read(self, offset: int, size: int) -> bytes:
        size = min(size, self._size - offset)
        if size <= 0:
            return b""
        return self._recordings.read(self._session, self._name, offset, size)
