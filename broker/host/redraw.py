"""The screen as it was, rebuilt from the end of a recording, for a terminal that takes the seat.

There is no emulator on the customer's host. What was printed since the screen was last cleared,
behind the modes that were in force, is what a terminal needs to look as the last one did; of
programs that fill the screen the recorder asks a repaint besides.
"""

from __future__ import annotations

import json
import re
from typing import Callable, Dict, List, NamedTuple

from broker.host.replies import without_queries

_LOOK_BACK_BYTES = 1024 * 1024
_MODES_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 4 * 1024 * 1024

_CLEARED = re.compile(r"\x1b\[H\x1b\[[023]?J|\x1b\[2J|\x1bc|\x1b\[\?(?:1049|1047|47)[hl]")
# Modes as they stand in the recording's JSON, where ESC is written out.
_MODE = re.compile(rb"\\u001b\[\?([0-9;]{1,32})([hl])")
_KEPT = (b"1", b"25", b"1000", b"1002", b"1003", b"1005", b"1006", b"1015", b"2004")
_ALTERNATE = (b"1049", b"1047", b"47")
_ON_AT_START = (b"25",)

RESET = (
    b"\x1b[?1049l\x1b[?1l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l"
    b"\x1b[?1015l\x1b[?2004l\x1b>\x1b[r\x1b[0m"
)
"""Undoes what a program may have left behind in a terminal that stops showing it."""


class Redraw(NamedTuple):
    """How to make a terminal look as the last one did."""

    clear: bytes
    """To begin with, unless the terminal has shown nothing else since this one began."""
    data: bytes
    full_screen: bool
    """Whether the program in front should be asked to repaint."""


def redraw(read: Callable[[int, int], bytes], end: int) -> Redraw:
    """Rebuild the screen at ``end`` of a recording that ``read(offset, size)`` gives bytes of.

    Reads at most 64 MiB from its end, and takes about a second for that: call it off the loop.
    """
    modes = _modes(read, end)
    alternate = next((mode for mode in _ALTERNATE if modes.get(mode)), b"")
    text = _printed(read(max(0, end - _LOOK_BACK_BYTES), min(end, _LOOK_BACK_BYTES)), end)
    cleared = [found.end() for found in _CLEARED.finditer(text)]
    since = text[cleared[-1] :] if cleared else text
    head = b"\x1b[?" + alternate + b"h\x1b[H\x1b[2J" if alternate else b""
    tail: List[bytes] = []
    for mode in _KEPT:
        if mode in modes and modes[mode] != (mode in _ON_AT_START):
            tail.append(b"\x1b[?" + mode + (b"h" if modes[mode] else b"l"))
    body = without_queries(since.encode("utf-8", "replace"))
    return Redraw(RESET + b"\x1b[H\x1b[2J", b"".join([head, body, *tail]), bool(alternate))


def _printed(lines: bytes, end: int) -> str:
    """The text of the output events in the last bytes of a recording."""
    pieces: List[str] = []
    whole = lines if len(lines) == end else lines[lines.find(b"\n") + 1 :]
    for line in whole.splitlines():
        if line.startswith(b"["):
            _, code, text = json.loads(line)
            if code == "o":
                pieces.append(text)
    return "".join(pieces)


def _modes(read: Callable[[int, int], bytes], end: int) -> Dict[bytes, bool]:
    """The private modes that were set or reset, as they are at the end."""
    modes: Dict[bytes, bool] = {}
    at = max(0, end - _MODES_BYTES)
    rest = b""
    while at < end:
        piece = read(at, min(_CHUNK_BYTES, end - at))
        at += len(piece)
        chunk = rest + piece
        for found in _MODE.finditer(chunk):
            for mode in found[1].split(b";"):
                modes[mode] = found[2] == b"h"
        # A sequence that the chunks cut is found again here: setting a mode twice changes nothing.
        rest = chunk[-64:]
    return modes
