"""A terminal emulator that survives what a stranger's terminal prints. Blocking: not for the loop.

It is avt, with what it does otherwise than other terminals put right:

- insert and delete line move the cursor to the first column: a CR is added after them;
- marks of no width take no cell: they are left out;
- an escape sequence whose end has not come yet is kept back, so that what is fed is whole.

A panic costs the screen so far, never the process. Who makes one bounds its size.
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import avt

T = TypeVar("T")

_LONGEST_KEPT_BACK = 4096
_SLICE = 16 * 1024

_LINES_MOVED = re.compile(r"((?:\x1b\[|\x9b)[0-9]*[LM])")
_UNFINISHED = re.compile(
    r"(?:\x1b|(?:\x1b\[|\x9b)[0-?]*[ -/]*|\x1b[ -/]+"
    r"|(?:\x1b[\]P^_X]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*\x1b?)\Z"
)
_LAST_INTRODUCER = re.compile(r"[\x1b\x90\x98\x9b\x9d\x9e\x9f]")


def _no_width() -> dict[int, None]:
    marks = {code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in _ZERO}
    return dict.fromkeys(marks - {0xAD})  # a soft hyphen is shown


_ZERO = ("Mn", "Me", "Cf")
_NO_WIDTH = _no_width()


class Emulator:
    """One screen of ``cols`` by ``rows``; ``unfinished``: what an earlier one had kept back."""

    def __init__(self, cols: int, rows: int, unfinished: str = "") -> None:
        self._size = (cols, rows)
        self._vt = avt.Vt(cols, rows, 0)
        self.unfinished = unfinished
        """The beginning of an escape sequence whose rest comes next."""

    def whole(self, text: str) -> str:
        """What was kept back and ``text``, but for an unfinished sequence at its end."""
        text = self.unfinished + text
        self.unfinished = ""
        # Only what follows the last introducer (or the one before it: ESC ends a string) can be
        # unfinished, so that no plain text is searched.
        found = _UNFINISHED.search(text, _last_but_one_introducer(text))
        if found is not None:
            self.unfinished = found[0]
            text = text[: found.start()]
        return text

    def feed(self, text: str) -> Iterator[list[avt.Line]]:
        """Print ``text``, of whole sequences: gives the lines that leave the screen at its top.

        Piece by piece, as one of many short lines makes far more of them than its own size:
        nothing is printed but what is asked for.
        """
        if "\x1b" in text or "\x9b" in text:
            text = _LINES_MOVED.sub("\\1\r", text)
        if not text.isascii():
            # JSON can say half of a character, which there is none of.
            text = text.translate(_NO_WIDTH).encode("utf-8", "replace").decode()
        for at in range(0, len(text), _SLICE):
            yield self._survive(partial(self._slice, text[at : at + _SLICE]), [])

    def print(self, text: str) -> None:
        """Print ``text`` for what it does to the screen alone."""
        for _ in self.feed(text):
            pass

    def resize(self, cols: int, rows: int) -> list[avt.Line]:
        """The window has another size: the lines that left the screen by it."""
        self._size = (cols, rows)
        return self._survive(lambda: self._vt.resize(cols, rows)[1], [])

    def dump(self) -> str:
        """What restores the screen; empty where it can't be told."""
        return self._survive(self._vt.dump, "")

    def rows(self) -> list[avt.Line]:
        """The screen's rows, from the top."""
        return self._survive(self._vt.view, [])

    @property
    def cursor(self) -> tuple[int, int]:
        """Its column and row, from 0."""
        cursor = self._vt.cursor
        return cursor.col, cursor.row

    def _slice(self, text: str) -> list[avt.Line]:
        return self._vt.feed_str(text)[1]

    def _survive(self, attempt: Callable[[], T], otherwise: T) -> T:
        """A panic is a BaseException, and the emulator that had it is of no more use."""
        try:
            return attempt()
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            self._vt = avt.Vt(*self._size, 0)
            return otherwise


def _last_but_one_introducer(text: str) -> int:
    at = len(text)
    floor = max(0, at - _LONGEST_KEPT_BACK)
    places = [found.start() for found in _LAST_INTRODUCER.finditer(text, floor)]
    return places[-2] if len(places) > 1 else places[0] if places else at
