"""What the shells print: numbered tokens with checksums, so that no one can be lost unseen."""

import re
import zlib
from dataclasses import dataclass

from broker.recording import asciicast

PRINTER = """
import sys, time, zlib
run, pause = sys.argv[1], float(sys.argv[2])
n = 0
while True:
    for _ in range(200 if n % 1000 == 500 else 1):
        n += 1
        text = f"{run}.{n}"
        sys.stdout.write(f"<{text}.{zlib.crc32(text.encode()):08x}>\\n")
    sys.stdout.flush()
    time.sleep(pause)
"""
"""Prints one every so often, and now and then very many at once."""

_TOKEN = re.compile(r"<((\d+)\.(\d+))\.([0-9a-f]{8})>")


@dataclass(frozen=True)
class Token:
    """One that was printed, whole, and the time that the recording gives it."""

    run: int
    n: int
    t: float


@dataclass(frozen=True)
class Recording:
    """What a recording has: its tokens in order, and the time of its last line."""

    tokens: tuple[Token, ...] = ()
    last: float = 0.0


def read(cast: bytes) -> Recording:
    """A recording; its last line may be torn.

    Raises BadCast where another line is no asciicast, and AssertionError for a wrong checksum.
    """
    lines = cast[: asciicast.whole_lines(cast)].decode().splitlines()
    if not lines:
        return Recording()
    asciicast.read_header(lines[0])
    events = [asciicast.read_event(line, number) for number, line in enumerate(lines[1:], 2)]
    text, ends = "", []
    for event in events:
        if event.code == "o":
            text += event.text
            ends.append((len(text), event.t))
    found, at = [], 0
    for match in _TOKEN.finditer(text):
        assert int(match[4], 16) == zlib.crc32(match[1].encode()), match[0]
        while ends[at][0] < match.end():
            at += 1
        found.append(Token(int(match[2]), int(match[3]), ends[at][1]))
    return Recording(tuple(found), events[-1].t if events else 0.0)


def last_shown(printed: bytes) -> int:
    """The number of the last whole token that a seat has shown; 0: none."""
    shown = _TOKEN.findall(printed[-4096:].decode("ascii", "replace"))
    return int(shown[-1][2]) if shown else 0
