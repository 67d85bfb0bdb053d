"""The rows of a terminal that a line editor draws on, from what it prints. Pure.

As much of a terminal as line editors use (ECMA-48 and the control sequences document of xterm).
Rows count from where the first byte is printed; what lies above is not known. Whatever moves the
cursor to where that is not enough raises Unknown.
"""

from __future__ import annotations

import codecs
import re
from typing import Dict, List, Optional, Set

from broker.host.columns import cells

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f]+)"
    r"|\x1b\[(?P<params>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b[\]PX^_k](?P<string>.*?)(?:\x07|\x1b\\)"
    r"|\x1b(?P<escape>[ -/]*[0-OQ-WYZ`-jl-~\\=>])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])",
    re.DOTALL,
)
_IGNORED = frozenset("cmnpqt")
_SCREENS = frozenset({"47", "1047", "1049"})
_OTHER = frozenset({"6", "7"})
"""Modes that change what rows are: an origin elsewhere, no wrapping."""
_JOINERS = "\u200c\u200d"
_MOST_ROWS = 250
_TAB = 8


class Unknown(Exception):
    """Where the cursor is, or what the rows show, can't be told any more."""


Cells = List[Optional[str]]
"""A row: None where nothing was printed, "" behind a character that takes two cells."""


class Rows:
    """What is shown. ``wrapped`` are the rows that a terminal broke by itself, being full."""

    def __init__(self, cols: int) -> None:
        self.row = self.col = 0
        self.wrapped: Set[int] = set()
        self._cols = max(2, cols)
        self._rows: Dict[int, Cells] = {}
        self._pending = False
        """The last column is printed; the next character begins a new row."""
        self._inserting = False
        self._saved = (0, 0)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.cut = ""
        """The beginning of a sequence whose end is not printed yet."""

    def printed(self, data: bytes) -> None:
        """Take in output. Raises Unknown."""
        text = self.cut + self._decoder.decode(data)
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                break
            at = found.end()
            kind = found.lastgroup
            if kind == "text":
                self._print(found["text"])
            elif kind == "control":
                self._control(found["control"])
            elif kind == "final":
                self._sequence(found["params"], found["between"], found["final"])
            elif kind == "escape":
                self._escape(found["escape"])
        self.cut = text[at:]

    def at(self, row: int) -> Cells:
        """The cells of a row."""
        return self._rows.get(row) or [None] * self._cols

    @property
    def shown(self) -> List[int]:
        """The rows that show anything, from top to bottom."""
        return sorted(
            at for at, row in self._rows.items() if any((cell or " ").strip() for cell in row)
        )

    def full(self, row: int) -> bool:
        """Whether what stands in this row goes on in the next one."""
        return row in self.wrapped or self.at(row)[-1] is not None

    # --- printing ---------------------------------------------------------------------------

    def _print(self, text: str) -> None:
        last = self.col + len(text)
        if text.isascii() and not self._inserting and not self._pending and last < self._cols:
            row = self._here()
            self._split(row, self.col, last)
            row[self.col : last] = text
            self.col = last
        else:
            for char in text:
                self._put(char)

    def _put(self, char: str) -> None:
        if not char.isprintable() and char not in _JOINERS:
            char = "\ufffd"
        width = cells(char)
        if not width:
            self._join(char)
            return
        if self._pending or self.col + width > self._cols:
            self.wrapped.add(self.row)
            self._to(self.row + 1, 0)
        row = self._here()
        if self._inserting:
            self._insert(width)
        self._split(row, self.col, self.col + width)
        row[self.col : self.col + width] = [char, ""][:width]
        self.col += width
        if self.col >= self._cols:
            self.col, self._pending = self._cols - 1, True

    def _join(self, char: str) -> None:
        row = self._here()
        at = self.col if self._pending else self.col - 1
        if at > 0 and row[at] == "":
            at -= 1
        if at >= 0:
            row[at] = (row[at] or "") + char

    @staticmethod
    def _split(row: Cells, start: int, end: int) -> None:
        """Half of a character that takes two cells is printed over: the other half goes."""
        if start < len(row) and row[start] == "":
            row[start - 1] = " "
        if end < len(row) and row[end] == "":
            row[end] = " "

    def _here(self) -> Cells:
        row = self._rows.get(self.row)
        if row is None:
            if len(self._rows) >= _MOST_ROWS:
                raise Unknown("too many rows")
            row = self._rows[self.row] = [None] * self._cols
        return row

    # --- moving -----------------------------------------------------------------------------

    def _to(self, row: int, col: int) -> None:
        self.row, self.col = row, min(max(col, 0), self._cols - 1)
        self._pending = False

    def _control(self, char: str) -> None:
        if char == "\r":
            self._to(self.row, 0)
        elif char in "\n\v\f":
            self._to(self.row + 1, self.col)
        elif char == "\b":
            if not self.col:
                raise Unknown("back from the first column")  # whoever did meant the row above
            self._to(self.row, self.col - 1)
        elif char == "\t":
            row = self._here()
            while self.col < self._cols - 1:
                row[self.col] = row[self.col] or " "
                self.col += 1
                if not self.col % _TAB:
                    break

    def _escape(self, escape: str) -> None:
        if escape == "7":
            self._saved = (self.row, self.col)
        elif escape == "8":
            self._to(*self._saved)
        elif escape in "DM":
            self._to(self.row + (1 if escape == "D" else -1), self.col)
        elif escape == "E":
            self._to(self.row + 1, 0)
        elif escape == "c":
            raise Unknown("reset")

    def _sequence(self, params: str, between: str, final: str) -> None:
        if between or params[:1] in ("<", "=", ">"):
            return
        if final in "hl":
            self._mode(params, on=final == "h")
        elif final == "s" and not params:
            self._saved = (self.row, self.col)
        elif final == "u" and not params:
            self._to(*self._saved)
        elif final in "JK" and params in ("", "0", "1", "2", "3"):
            (self._erase_rows if final == "J" else self._erase)(int(params or 0))
        elif final in "ABCDEFG@LMPX" and (not params or params.isdigit()):
            self._move_or_edit(final, max(1, int(params[:5] or 1)))
        elif final == "H" and params in ("", "1;1"):
            self._clear()  # to the first row of the screen: what is drawn anew from there counts
        elif final not in _IGNORED:
            raise Unknown(f"CSI {params} {final}")

    def _mode(self, params: str, *, on: bool) -> None:
        if params == "4":
            self._inserting = on
        elif params.startswith("?"):
            modes = params[1:].split(";")
            if not _OTHER.isdisjoint(modes) or (on and not _SCREENS.isdisjoint(modes)):
                raise Unknown(f"mode {params}")
            if not _SCREENS.isdisjoint(modes):
                self._clear()  # back where the program began: in the first column, as a rule

    def _move_or_edit(self, final: str, count: int) -> None:
        if final in "ABEF":
            down = count if final in "BE" else -count
            self._to(self.row + down, self.col if final in "AB" else 0)
        elif final in "CD":
            self._to(self.row, self.col + (count if final == "C" else -count))
        elif final == "G":
            self._to(self.row, count - 1)
        elif final == "@":
            self._insert(count)
        elif final == "P":
            row = self._here()
            count = min(count, self._cols - self.col)
            self._split(row, self.col, self.col + count)
            row[self.col :] = row[self.col + count :] + [None] * count
            self.wrapped.discard(self.row)
        elif final == "X":
            row = self._here()
            end = min(self.col + count, self._cols)
            self._split(row, self.col, end)
            row[self.col : end] = [None] * (end - self.col)
        else:
            self._shift(count if final == "L" else -count)

    def _insert(self, count: int) -> None:
        row = self._here()
        count = min(count, self._cols - self.col)
        self._split(row, self.col, self.col)
        row[self.col :] = ([None] * count + row[self.col :])[: self._cols - self.col]

    def _shift(self, by: int) -> None:
        """Move the rows from here on down, or up over this one."""
        gone = range(self.row, self.row - min(by, 0))
        moved = {
            at + by if at >= self.row else at: row
            for at, row in self._rows.items()
            if at not in gone
        }
        self._rows = moved
        self.wrapped = {at + by if at >= self.row else at for at in self.wrapped if at not in gone}

    def _clear(self) -> None:
        self._rows.clear()
        self.wrapped.clear()
        self._to(0, 0)

    # --- erasing ----------------------------------------------------------------------------

    def _erase(self, how: int) -> None:
        if how == 3 or (how == 0 and self._pending):  # fish means what lies behind a full row
            return
        row = self._here()
        start = self.col if how == 0 else 0
        end = self.col + 1 if how == 1 else self._cols
        self._split(row, start, end)
        row[start:end] = [None] * (end - start)
        if how != 1:
            self.wrapped.discard(self.row)

    def _erase_rows(self, how: int) -> None:
        if how == 3:  # what has left the screen already
            return
        self._erase(how)
        for at in list(self._rows):
            if how == 2 or (at > self.row if how == 0 else at < self.row):
                del self._rows[at]
                self.wrapped.discard(at)
