"""What a terminal shows, as far as the bytes printed to it tell without an emulator. Pure.

Enough to know when something may be printed in between, and how to leave the line as it was.
"""

from __future__ import annotations

import re
from typing import Optional

from broker.host.columns import cells
from broker.host.replies import without_queries

LINE_BYTES = 8192
_SEQUENCE_BYTES = 4096
_PEN_BYTES = 512

_ALTERNATE = (b"1049", b"1047", b"47")
_MODE = re.compile(rb"\x1b\[\?([0-9;]{1,32})([hl])")
_TITLE = re.compile(rb"\x1b\][02];|\x1b\[23(?:;[012])?t")
_KEYBOARD = re.compile(rb"\x1b\[(?:[>=][0-9;]*u|>4;[0-9]m)")
_PARTIAL = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*|[ -/]*|[\]PX^_][^\x07\x1b\x18\x1a]*\x1b?)?\Z"
)  # from an ESC on, to the end of what has come
_STRING_END = re.compile(rb"[\x07\x1b\x18\x1a]")
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*m")
_CLEARED = re.compile(rb"\x1b\[(?:1;1)?H(?:\x1b\[[023]?J)+|(?:\x1b\[[023]?J)+\x1b\[(?:1;1)?H|\x1bc")
_MOVED = re.compile(rb"\x1b\[[0-9;]*[ABEFHLMSTdfrsu]|\x1b[78DEM]|[\x0b\x0c]")
_TOKEN = re.compile(
    rb"\x1b\[(?P<params>[0-?]*)[ -/]*(?P<final>[@-~])"
    rb"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]"
    rb"|(?P<control>[\x00-\x1f\x7f])|(?P<text>[^\x00-\x1f\x7f]+)"
)


class Printed:
    """One terminal's output. ``last`` is when something was printed, on the caller's clock."""

    def __init__(self, now: float = 0.0, *, new_keyboard: bool = False) -> None:
        self.last = now
        self.full_screen = False
        """Whether a program uses the alternate screen."""
        self.cursor_shown = True
        self.at_prompt = False
        """Whether a shell reads a line: it has switched bracketed paste on."""
        self.tells_prompts = False
        """Whether it ever did; some shells never do."""
        self.in_string = False
        """Whether the terminal is amid a long control string: nothing can be printed then."""
        self.retitled = False
        """Whether what was fed last set the window's title."""
        self.new_keyboard = new_keyboard
        """Whether a program has changed how keys are sent."""
        self._rest = b""
        self._line = bytearray()
        self._lost = False
        self._pen = b""

    def feed(self, data: bytes, now: float) -> bytes:
        """Take output; what of it to print now. A sequence that is cut waits for its end.

        So between two feeds a terminal is never amid a sequence, but for long ``in_string``s.
        """
        data = self._rest + data
        cut = _whole(data)
        if len(data) - cut > _SEQUENCE_BYTES:
            self.in_string, cut = True, len(data)
        elif self.in_string and _STRING_END.search(data):
            self.in_string = False
        self._rest = data[cut:]
        ready = data[:cut]
        if ready:
            self.last = now
            self._track(ready)
        return ready

    def _track(self, data: bytes) -> None:
        self.retitled = _TITLE.search(data) is not None
        self.new_keyboard = self.new_keyboard or _KEYBOARD.search(data) is not None
        at = 0
        for found in _MODE.finditer(data):
            modes = found[1].split(b";")
            on = found[2] == b"h"
            if any(mode in modes for mode in _ALTERNATE):
                self._keep(data[at : found.start()])
                at = found.end()
                self.full_screen = on
            if b"25" in modes:
                self.cursor_shown = on
            if b"2004" in modes:
                self.at_prompt = on
                self.tells_prompts = self.tells_prompts or on
        if b"\x1bc" in data:
            self.full_screen = self.at_prompt = False
            self.cursor_shown = True
        self._keep(data[at:])

    def _keep(self, piece: bytes) -> None:
        """Remember the line that the cursor is in: what another screen shows is not in it."""
        if self.full_screen:
            return
        end = piece.rfind(b"\n") + 1
        if end:
            self._pen = _pen(self._pen + bytes(self._line) + piece[:end])
            self._line.clear()
            self._lost = False
        self._line += piece[end:]
        if len(self._line) > LINE_BYTES:
            # A progress bar: each carriage return draws the line anew.
            del self._line[: max(0, self._line.rfind(b"\r"))]
        if len(self._line) > LINE_BYTES:
            self._line.clear()
            self._lost = True

    def line(self) -> Optional[bytes]:
        """What draws the cursor's line as it is, from the first column on; None: not known."""
        line = bytes(self._line)
        cleared = [found.end() for found in _CLEARED.finditer(line)]
        if cleared:
            line = line[cleared[-1] :]
        elif self._lost:
            return None
        if _MOVED.search(line):
            return None
        return without_queries(self._pen + line)


def _whole(data: bytes) -> int:
    """How many bytes from the start on end with no sequence begun."""
    at = data.rfind(b"\x1b")
    if at < 0:
        return len(data)
    if at == len(data) - 1:  # perhaps the end of a string's terminator
        before = data.rfind(b"\x1b", 0, at)
        if before >= 0 and _PARTIAL.match(data, before):
            return before
    return at if _PARTIAL.match(data, at) else len(data)


def _pen(data: bytes) -> bytes:
    """The colours in force after this."""
    reset = max(data.rfind(b"\x1b[0m"), data.rfind(b"\x1b[m"))
    if reset >= 0:
        data = data[data.index(b"m", reset) + 1 :]
    return b"".join(_COLOUR.findall(data)[-16:])[:_PEN_BYTES] if b"\x1b" in data else b""


def rows_down(line: bytes, cols: int) -> int:
    """How many rows below its first one a line that is printed from the left ends."""
    row = col = 0
    for found in _TOKEN.finditer(line):
        if found["text"] is not None:
            for char in found["text"].decode("utf-8", "replace"):
                takes = cells(char)
                if col + takes > cols:
                    row, col = row + 1, 0
                col += takes
        elif found["control"] is not None:
            col = _after_control(found["control"], col, cols)
        elif found["final"] is not None and found["final"] in b"CDG":
            by = int(found["params"]) if found["params"].isdigit() else 1
            to = {b"C": col + by, b"D": min(col, cols - 1) - by, b"G": by - 1}[found["final"]]
            col = max(0, min(cols - 1, to))
    return row


def _after_control(control: bytes, col: int, cols: int) -> int:
    if control == b"\r":
        return 0
    if control == b"\b":
        return max(0, min(col, cols - 1) - 1)
    if control == b"\t":
        return min(cols - 1, (col // 8 + 1) * 8)
    return col
