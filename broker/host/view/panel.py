"""A panel over the customer's terminal: what it shows, laid out for a size; and dialogs. Pure.

A dialog is a generator. It yields a ``Sheet`` to show, and is sent the next key; or a message for
the recorder, and is sent the answer: ``Done``, ``Error`` or ``Consent``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generator, List, NamedTuple, Optional, Tuple, TypeVar, Union

from broker.host.cells import fitted, pieces
from broker.host.columns import wrapped
from broker.host.view.keys import Key
from broker.host.view.line_editor import LineEditor
from broker.wire.messages import Consented, Do

BOLD, DIM, RED = "\x1b[1m", "\x1b[2m", "\x1b[1;31m"
_REVERSE = "\x1b[7m"
_OFF = "\x1b[0m"


class Line(NamedTuple):
    """A line of a sheet. Prose is broken between words, the rest under ``rest``.

    With ``exact`` it is shown character for character instead, and cut where a row is full.
    """

    text: str
    style: str = ""
    first: str = ""
    rest: str = ""
    exact: bool = False


class Drawing(NamedTuple):
    """Rows with their styles, from the top, and where the cursor is, if it is to be seen."""

    rows: List[Tuple[str, str]]
    cursor: Optional[Tuple[int, int]]


@dataclass
class Sheet:
    """What a panel shows: a body that scrolls, perhaps a question and its answer, and keys."""

    title: str
    body: List[Line]
    keys: str
    question: str = ""
    editor: Optional[LineEditor] = None
    pausing: bool = False
    """Keys other than Esc count only a moment after it was shown; until then they are not told."""
    top: int = 0
    """The first row of the body that is shown."""
    seen: bool = field(default=False, init=False)
    """Whether the body was shown to its end."""
    _room: int = field(default=1, init=False)
    _last_top: int = field(default=0, init=False)

    def drawn(self, cols: int, rows: int) -> Drawing:
        """Lay it out; remembers how far the body can be scrolled, and what was shown."""
        below, cursor = self._below(cols, rows)
        body = [(row, line.style) for line in self.body for row in _rows(line, cols)]
        self._room = max(1, rows - 1 - len(below))
        self._last_top = max(0, len(body) - self._room)
        self.top = max(0, min(self.top, self._last_top))
        shown = body[self.top : self.top + self._room]
        self.seen = self.seen or self.top == self._last_top
        shown += [("", "")] * (self._room - len(shown))
        place = ""
        if self._last_top:
            place = f"{self.top + self._room} of {len(body)} rows, PgUp PgDn"
        head = fitted(f" {self.title}", max(2, cols - len(place) - 3))
        above = (head + " " * max(1, cols - len(head) - len(place) - 1) + place, _REVERSE)
        drawn = [(fitted(above[0], cols), _REVERSE), *shown, *below][:rows]
        if cursor is not None:
            cursor = (min(rows - 1, 1 + self._room + cursor[0]), cursor[1])
        return Drawing(drawn, cursor)

    def scroll(self, key: Key) -> bool:
        """Take a key that moves the body; False where it is none, or there is nothing to move."""
        by = {"up": -1, "down": 1, "page-up": -self._room, "page-down": self._room}.get(key.name)
        if by is None or not self._last_top:
            return False
        self.top = max(0, min(self._last_top, self.top + by))
        return True

    def _below(
        self, cols: int, rows: int
    ) -> Tuple[List[Tuple[str, str]], Optional[Tuple[int, int]]]:
        below: List[Tuple[str, str]] = []
        cursor = None
        if self.editor is not None:
            below += [(row, BOLD) for row in wrapped(self.question, columns=cols)]
            typed, (row, col) = self.editor.laid_out(cols - 2)
            room = max(1, rows // 2 - len(below))
            first = max(0, min(row - room // 2, len(typed) - room))
            cursor = (len(below) + row - first, 2 + col)
            below += [("> " + one, "") for one in typed[first : first + room]]
        keys = wrapped(self.keys, columns=cols)
        if self.pausing:
            keys = ["..."] + [""] * (len(keys) - 1)
        return [*below, *((row, DIM) for row in keys)], cursor


def _rows(line: Line, cols: int) -> List[str]:
    if not line.exact:
        return wrapped(line.text, line.first, line.rest, cols)
    first, *others = pieces(line.text, cols - len(line.first))
    return [line.first + first, *(line.rest + one for one in others)]


def painted(drawing: Drawing) -> bytes:
    """The bytes that draw it, over whatever the screen shows."""
    # A program may have set colours or line graphics.
    parts = ["\x1b[0m\x1b(B\x0f\x1b[?25l"]
    for number, (text, style) in enumerate(drawing.rows, 1):
        parts.append(f"\x1b[{number};1H\x1b[2K{style}{text}{_OFF if style else ''}")
    if drawing.cursor is not None:
        row, col = drawing.cursor
        parts.append(f"\x1b[{row + 1};{col + 1}H\x1b[?25h")
    return "".join(parts).encode("utf-8", "replace")


# --- dialogs --------------------------------------------------------------------------------------

T = TypeVar("T")
Step = Union[Sheet, Do, Consented]
Dialog = Generator[Step, Any, T]


def key_on(sheet: Sheet) -> Dialog[Key]:
    """Show a sheet until a key is pressed that does not scroll it."""
    while True:
        key: Key = yield sheet
        if not sheet.scroll(key):
            return key


def line_on(sheet: Sheet) -> Dialog[Optional[str]]:
    """Have a sheet's editor filled in; None for Esc.

    Enter before the end of what is shown shows more of it.
    """
    editor = sheet.editor
    assert editor is not None  # noqa: S101 - the caller's mistake
    while True:
        key: Key = yield sheet
        if key.name == "esc":
            return None
        if key.name == "enter":
            if sheet.seen or not editor.text:
                return editor.text
            sheet.scroll(Key("page-down"))
        elif key.name not in ("page-up", "page-down") and editor.press(key):
            continue
        else:
            sheet.scroll(key)
