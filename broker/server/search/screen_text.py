"""The text of a recording as it was seen: lines in order, without escape codes. No I/O.

A line is told when it leaves the screen at its top, whole: rows into which a long one was wrapped
are one. What never leaves so is told from the screen itself:

- when the screen is cleared, what stood on it;
- of a full-screen program (on the alternate screen), what stood for a second, and what stood when
  it ended; each time only the lines that did not stand there the last time.

What only flashed by on an alternate screen, and text that was written over, is not told. Recordings
are a stranger's: sizes are bounded, and screens are read only so often as what is printed pays for.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import avt

from broker.recording.asciicast import BadCast, read_event, read_header, read_size
from broker.server.emulator import Emulator

MOST_COLS, MOST_ROWS = 500, 200
LONGEST_LINE = 4096
"""In characters; a longer one is told in parts."""

_LONGEST_EVENT_BYTES = 1024 * 1024
_STOOD_SECONDS = 1.0
_CELLS_PER_CHARACTER = 8
_MOST_CELLS = 1_000_000
_MOST_SECONDS = 1e9

_CHANGES = re.compile(
    r"(?P<clear>(?:\x1b\[|\x9b)2J|(?:\x1b\[|\x9b)(?:1;1|;)?H(?:\x1b\[|\x9b)0?J|\x1bc)"
    r"|(?:\x1b\[|\x9b)\?(?:[0-9;]*;)?(?:1049|1047|47)(?:;[0-9;]*)?(?P<way>[hl])"
)
_WRAPPED = "\u23ce"
_GOES_ON = f'{_WRAPPED}")'  # so avt ends a row that goes on in the next one, shown for debugging


class ScreenLine(NamedTuple):
    """``t`` and ``offset``: the event with which the line began to be printed."""

    t: float
    offset: int
    text: str


class _Place(NamedTuple):
    t: float
    offset: int


class ScreenText:
    """Reads one recording from its beginning, in pieces that may be cut anywhere.

    The same bytes give the same lines, however they were cut.
    """

    def __init__(self) -> None:
        self._at = 0
        self._rest = b""
        self._dropping = False
        self._terminal: Terminal | None = None

    @property
    def cells(self) -> int:
        """How large the screen is: what this takes of memory."""
        return self._terminal.cells if self._terminal else 0

    def feed(self, data: bytes) -> Iterator[ScreenLine]:
        """The lines that these bytes complete. Nothing is read but what is asked for."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            offset = self._at
            self._at += len(line) + 1
            if self._dropping:
                self._dropping = False
            elif len(line) <= _LONGEST_EVENT_BYTES:
                yield from self._line(offset, line.decode("utf-8", "replace"))
        if len(self._rest) > _LONGEST_EVENT_BYTES:
            self._at += len(self._rest)
            self._rest = b""
            self._dropping = True

    def standing(self) -> list[ScreenLine]:
        """What would be told next if the recording ended here; changes nothing."""
        return [] if self._terminal is None else self._terminal.standing()

    def _line(self, offset: int, line: str) -> Iterator[ScreenLine]:
        if self._terminal is None:
            try:
                head = read_header(line)
            except BadCast:
                head = {"width": 80, "height": 24}
            self._terminal = Terminal(head["width"], head["height"])
            return
        try:
            event = read_event(line)
        except BadCast:
            return
        if event.code == "o":
            yield from self._terminal.output(event.t, offset, event.text)
        elif event.code == "r" and (size := read_size(event.text)):
            yield from self._terminal.resize(*size)


class Terminal:
    """A terminal of which the text is read: events in, lines out."""

    def __init__(self, cols: int, rows: int) -> None:
        self._cols, self._rows = _bounded(cols, rows)
        self._emulator = Emulator(self._cols, self._rows)
        self._place = _Place(0.0, 0)
        self._begun: deque[_Place] = deque()
        """Of the rows from the top: when each was begun."""
        self._joined = _Joined()
        self._alternate = False
        self._behind: list[ScreenLine] = []
        """What stood on the primary screen when the alternate one was taken."""
        self._seen: set[str] = set()
        """What stood on the alternate screen when it was last read."""
        self._unread = 0
        self._drawn = self._place
        """Where the alternate screen was last printed to."""
        self._paid = _MOST_CELLS

    @property
    def cells(self) -> int:
        """Of its screen."""
        return self._cols * self._rows

    def output(self, t: float, offset: int, text: str) -> Iterator[ScreenLine]:
        """What was printed at ``t`` seconds. The same event always gives the same lines."""
        place = _Place(min(max(t, self._place.t), _MOST_SECONDS), offset)
        if self._alternate and place.t - self._place.t >= _STOOD_SECONDS:
            yield from self._read_alternate()
        self._place = place
        self._paid = min(self._paid, _MOST_CELLS) + _CELLS_PER_CHARACTER * len(text)
        text = self._emulator.whole(text)
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        col, row = self._emulator.cursor
        if not self._alternate and col == 0 and row + 1 == len(self._begun):
            self._begun[row] = place  # a row begins with what is first printed into it
        at = 0
        for found in _CHANGES.finditer(text):
            yield from self._print(text[at : found.start()])
            at = found.start()
            yield from self._change(found)
        yield from self._print(text[at:])

    def resize(self, cols: int, rows: int) -> Iterator[ScreenLine]:
        """The window has another size."""
        self._cols, self._rows = _bounded(cols, rows)
        yield from self._leave(self._emulator.resize(self._cols, self._rows))
        while len(self._begun) > self._rows:
            self._begun.pop()

    def standing(self) -> list[ScreenLine]:
        """What would be told if nothing came any more."""
        if self._alternate:
            lines = self._standing_alternate()
            return self._behind + [line for line in lines if line.text not in self._seen]
        return self._primary()

    def _print(self, text: str) -> Iterator[ScreenLine]:
        for left in self._emulator.feed(text):
            yield from self._leave(left)
        if self._alternate:
            if text:
                self._unread += len(text)
                self._drawn = self._place
        else:
            _, row_number = self._emulator.cursor
            while len(self._begun) <= row_number:
                self._begun.append(self._place)

    def _leave(self, rows: list[avt.Line]) -> list[ScreenLine]:
        lines: list[ScreenLine] = []
        for row in rows:
            lines += self._joined.add(self._begun.popleft() if self._begun else self._place, row)
        size = sum(len(line.text) for line in lines)
        return lines if self._pay(size) else []

    def _change(self, found: re.Match[str]) -> Iterator[ScreenLine]:
        """Before the screen is cleared, or another one is shown."""
        if found["clear"]:
            if self._alternate:
                yield from self._read_alternate()
                return
            if self._pay(self.cells):
                yield from self._primary()
            self._joined = _Joined()
            self._begun.clear()
        elif found["way"] == "h" and not self._alternate:
            self._behind = self._primary() if self._pay(self.cells) else []
            self._alternate = True
            self._seen = set()
            self._unread = 0
        elif found["way"] == "l" and self._alternate:
            yield from self._read_alternate()
            self._alternate = False
            self._behind = []

    def _primary(self) -> list[ScreenLine]:
        joined = self._joined.copy()
        begun = list(self._begun)
        lines: list[ScreenLine] = []
        for number, row in enumerate(self._emulator.rows()):
            place = begun[number] if number < len(begun) else self._place
            lines += joined.add(place, row)
        return lines + list(joined.end())

    def _read_alternate(self) -> Iterator[ScreenLine]:
        if not self._unread or not self._pay(self.cells):
            return
        self._unread = 0
        lines = self._standing_alternate()
        yield from (line for line in lines if line.text not in self._seen)
        self._seen = {line.text for line in lines}

    def _standing_alternate(self) -> list[ScreenLine]:
        joined = _Joined()
        lines = [line for row in self._emulator.rows() for line in joined.add(self._drawn, row)]
        return [*lines, *joined.end()]

    def _pay(self, cost: int) -> bool:
        """What is printed pays for what is told: a few bytes can fill a screen, again and again."""
        if self._paid < cost:
            return False
        self._paid -= cost
        return True


class _Joined:
    """Rows in, lines out: those that were wrapped are one, and blank ones none."""

    def __init__(self, place: _Place | None = None, text: str = "") -> None:
        self._place = place
        self._text = text

    def copy(self) -> "_Joined":
        return _Joined(self._place, self._text)

    def add(self, place: _Place, row: avt.Line) -> Sequence[ScreenLine]:
        text = row.text
        goes_on = _goes_on(row, text)
        if self._place is None and not goes_on:
            text = text.rstrip()
            return (ScreenLine(place.t, place.offset, text),) if text else ()
        if self._place is None:
            self._place = place
        # A wide character that has no room in the last column leaves a blank there.
        elif self._text[-1:] == " " and _wide(self._text[-2:-1]) and _wide(text[:1]):
            self._text = self._text[:-1]
        self._text += text
        return () if goes_on and len(self._text) < LONGEST_LINE else self.end()

    def end(self) -> Sequence[ScreenLine]:
        place, text = self._place, self._text.rstrip()
        self._place, self._text = None, ""
        return (ScreenLine(place.t, place.offset, text),) if place is not None and text else ()


def _goes_on(row: avt.Line, text: str) -> bool:
    # avt tells it nowhere else.
    shown = repr(row)
    return shown.endswith(_GOES_ON) and (
        not text.endswith(_WRAPPED) or shown.endswith(_WRAPPED + _GOES_ON)
    )


def _wide(character: str) -> bool:
    return bool(character) and unicodedata.east_asian_width(character) in "WF"


def _bounded(cols: int, rows: int) -> tuple[int, int]:
    return min(cols, MOST_COLS), min(rows, MOST_ROWS)
