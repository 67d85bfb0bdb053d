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


def tokens(cast: bytes) -> list[Token]:
    """Those in a recording, in order; its last line may be torn.

    Raises BadCast where another line is no asciicast, and AssertionError for a wrong checksum.
    """
    head, *lines = cast[: asciicast.whole_lines(cast)].decode().splitlines() or [""]
    if not head:
        return []
    asciicast.read_header(head)
    text, ends = "", []
    for number, line in enumerate(lines, 2):
        event = asciicast.read_event(line, number)
        if event.code == "o":
            text += event.text
            ends.append((len(text), event.t))
    found, at = [], 0
    for match in _TOKEN.finditer(text):
        assert int(match[4], 16) == zlib.crc32(match[1].encode()), match[0]
        while ends[at][0] < match.end():
            at += 1
        found.append(Token(int(match[2]), int(match[3]), ends[at][1]))
    return found


def last_shown(printed: bytes) -> int:
    """The number of the last whole token that a seat has shown; 0: none."""
    shown = _TOKEN.findall(printed[-4096:].decode("ascii", "replace"))
    return int(shown[-1][2]) if shown else 0
