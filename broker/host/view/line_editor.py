"""A small editor for a line, or a few, in a panel. Pure.

It holds what may be sent: printable characters and, where it takes several lines, newlines. What
is pasted is cleaned to that.
"""

from __future__ import annotations

from typing import Callable, Dict, List, Tuple

from broker.host.cells import pieces
from broker.host.columns import cells
from broker.host.view.keys import Key


class LineEditor:
    """Text and a cursor in it. Enter and Esc are the caller's."""

    def __init__(self, text: str = "", *, lines: bool = False, most_bytes: int = 8192) -> None:
        self.text = text
        self.at = len(text)
        """The cursor: how many characters are before it."""
        self._lines = lines
        self._most = most_bytes
        self._moves: Dict[str, Callable[[], None]] = {
            "left": lambda: self._go(self.at - 1),
            "right": lambda: self._go(self.at + 1),
            "home": lambda: self._go(self._start()),
            "end": lambda: self._go(self._end()),
            "up": lambda: self._go_vertically(-1),
            "down": lambda: self._go_vertically(1),
            "backspace": lambda: self._cut(max(0, self.at - 1), self.at),
            "delete": lambda: self._cut(self.at, min(len(self.text), self.at + 1)),
            "kill-start": lambda: self._cut(self._start(), self.at),
            "kill-end": lambda: self._cut(self.at, self._end()),
            "kill-word": lambda: self._cut(self._word(), self.at),
            "newline": self._new_line,
        }

    def press(self, key: Key) -> bool:
        """Take a key; False where it means nothing here, or there is no room."""
        if key.name in ("", "paste"):
            return self._insert(key.text.replace("\r\n", "\n").replace("\r", "\n"))
        move = self._moves.get(key.name)
        if move is not None:
            move()
        return move is not None

    def laid_out(self, cols: int) -> Tuple[List[str], Tuple[int, int]]:
        """The text in rows of ``cols`` cells, and where the cursor is in them: row and column."""
        room = max(2, cols - 1)  # the cursor may stand behind the last character
        rows: List[str] = []
        cursor = (0, 0)
        start = 0
        for line in self.text.split("\n"):
            if start <= self.at <= start + len(line):
                before = pieces(line[: self.at - start], room)
                cursor = (len(rows) + len(before) - 1, cells(before[-1]))
            rows += pieces(line, room)
            start += len(line) + 1
        return rows, cursor

    def _insert(self, text: str) -> bool:
        ends = "\n" if self._lines else " "
        clean = "".join(
            ends if char == "\n" else " " if char == "\t" else char
            for char in text
            if char in "\n\t" or char.isprintable()
        )
        if not clean or len((self.text + clean).encode()) > self._most:
            return False
        self.text = self.text[: self.at] + clean + self.text[self.at :]
        self.at += len(clean)
        return True

    def _new_line(self) -> None:
        self._insert("\n")

    def _go(self, at: int) -> None:
        self.at = max(0, min(len(self.text), at))

    def _start(self) -> int:
        return self.text.rfind("\n", 0, self.at) + 1

    def _end(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end < 0 else end

    def _go_vertically(self, by: int) -> None:
        """To the same column of the line before or after; to this one's end where there is none."""
        start, end = self._start(), self._end()
        column = self.at - start
        if by < 0:
            above = self.text.rfind("\n", 0, max(0, start - 1)) + 1
            self.at = min(above + column, start - 1) if start else 0
        elif end < len(self.text):
            below = end + 1
            stop = self.text.find("\n", below)
            self.at = min(below + column, len(self.text) if stop < 0 else stop)
        else:
            self.at = end

    def _word(self) -> int:
        before = self.text[self._start() : self.at].rstrip(" ")
        return self._start() + before.rfind(" ") + 1

    def _cut(self, since: int, until: int) -> None:
        self.text = self.text[:since] + self.text[until:]
        self.at = since
