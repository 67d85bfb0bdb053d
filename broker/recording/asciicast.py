"""asciicast, as we write, read and convert it.

A terminal's recording is asciicast v2 (a header line, then ``[seconds, code, text]`` lines with
absolute times) holding ``o``, ``r`` and ``m`` events, so that each line stands alone. v3, which has
intervals in place of times, is made on export. Formats: docs.asciinema.org/manual/asciicast/v2
and /v3.

Text is UTF-8: terminals print bytes that need not be, and a read may end inside a character, so
one ``Encoder`` decodes a terminal's output from its first byte to its last.
"""

from __future__ import annotations

import codecs
import json
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional

MIME = "application/x-asciicast"

# Surrogates can not occur: text comes from a UTF-8 decoder that replaces what is invalid.
_dump = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


_BEYOND_REASON = 1e12


class Event(NamedTuple):
    """One line after the header: seconds since the session began, code, text."""

    t: float
    code: str
    text: str


class BadCast(ValueError):
    """Not an asciicast that we read; says the line and what is wrong with it."""


class Encoder:
    """Makes the lines of one recording, in order; each call gives whole lines.

    Times are seconds since the session began and must not go backwards; they are written with
    microseconds, as the reference recorder does.
    """

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def header(self, cols: int, rows: int, wall: float, env: Dict[str, str], title: str) -> bytes:
        """The first line. ``wall`` is the Unix time at which the session began."""
        head: Dict[str, Any] = {
            "version": 2,
            "width": cols,
            "height": rows,
            "timestamp": int(wall),
            "title": title,
            "env": env,
        }
        return (_dump(head) + "\n").encode()

    def output(self, t: float, data: bytes) -> bytes:
        """What the terminal printed; may be empty while a character is incomplete."""
        return self._event(t, "o", self._utf8.decode(data))

    def resize(self, t: float, cols: int, rows: int) -> bytes:
        """The window changed."""
        return self._event(t, "r", f"{cols}x{rows}")

    def marker(self, t: float, label: str) -> bytes:
        """Something worth jumping to."""
        return self._event(t, "m", label)

    def finish(self, t: float) -> bytes:
        """The last output: the replacement of a character that never became whole, if any."""
        return self._event(t, "o", self._utf8.decode(b"", final=True))

    @staticmethod
    def _event(t: float, code: str, text: str) -> bytes:
        if not text and code == "o":
            return b""
        # Written out because a dump of the list costs twice as much, and this runs for each read.
        return f'[{t:.6f}, "{code}", {_dump(text)}]\n'.encode()


def read_header(line: str) -> Dict[str, Any]:
    """Parse the first line of a v2 recording. Raises BadCast."""
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        raise BadCast("line 1: not JSON") from None
    if not isinstance(head, dict) or head.get("version") != 2:
        raise BadCast("line 1: not the header of an asciicast v2")
    for key in ("width", "height"):
        if type(head.get(key)) is not int or head[key] < 1:
            raise BadCast(f"line 1: {key} is not a positive whole number")
    return head


def read_event(line: str, number: int = 0) -> Event:
    """Parse one line after the header. Raises BadCast, naming line ``number``."""
    try:
        t, code, text = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        raise BadCast(f"line {number}: not [time, code, text]") from None
    if (
        type(t) not in (int, float)
        or not abs(t) < _BEYOND_REASON
        or not isinstance(code, str)
        or not isinstance(text, str)
    ):
        raise BadCast(f"line {number}: not [time, code, text]")
    return Event(float(t), code, text)


def read_size(text: str) -> Optional[List[int]]:
    """The ``[cols, rows]`` of an ``r`` event, or None where it makes no sense."""
    cols, by, rows = text.partition("x")
    if by and cols.isascii() and cols.isdigit() and rows.isascii() and rows.isdigit():
        size = [int(cols), int(rows)]
        if min(size) > 0 and max(size) <= 65535:
            return size
    return None


def to_v3(lines: Iterable[str]) -> Iterator[str]:
    """Convert the lines of a whole v2 recording to v3, without drift.

    Times are rounded to milliseconds and the intervals are differences of the rounded times, so
    that no error adds up. Raises BadCast.
    """
    source = iter(lines)
    head = read_header(next(source, ""))
    term: Dict[str, Any] = {"cols": head["width"], "rows": head["height"]}
    env = head.get("env") or {}
    if "TERM" in env:
        term["type"] = env["TERM"]
    out: Dict[str, Any] = {"version": 3, "term": term}
    out.update({key: head[key] for key in ("timestamp", "title", "env") if head.get(key)})
    yield _dump(out) + "\n"
    last_ms = 0
    for number, line in enumerate(source, 2):
        t, code, text = read_event(line, number)
        ms = max(round(t * 1000), last_ms)
        yield f'[{(ms - last_ms) / 1000:.3f}, "{code}", {_dump(text)}]\n'
        last_ms = ms


def whole_lines(data: bytes) -> int:
    """How many leading bytes of ``data`` are whole lines: what a crash left untorn."""
    return data.rfind(b"\n") + 1
