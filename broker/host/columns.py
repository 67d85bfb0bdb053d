"""Text fitted into columns, so that nothing from elsewhere can pass for a line of ours. Pure.

A terminal wraps a long line to its left edge, where it looks like the next one; so lines are
broken here, by the cells that characters take, and what follows is indented.
"""

from __future__ import annotations

import unicodedata
from typing import List

COLUMNS = 78
_MOST_CHARACTERS = 200
_NO_WIDTH = ("Mn", "Me", "Cf")


def plain(text: str, most: int = _MOST_CHARACTERS) -> str:
    """Text from elsewhere, safe to print: a broker must not paint over the terms."""
    return "".join(char if char.isprintable() else "?" for char in text[:most])


def plain_lines(text: str) -> str:
    """The same for a whole text of several lines."""
    return "\n".join(plain(line, len(line)) for line in text.expandtabs().splitlines())


def cells(text: str) -> int:
    """How many columns printable text takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def wrapped(text: str, first: str = "", rest: str = "", columns: int = COLUMNS) -> List[str]:
    """Break text into lines between words, and within a word that is longer than a line.

    ``first`` precedes the first line, ``rest`` all others; white space in ``text`` counts once.
    """
    lines: List[str] = []
    line, prefix, empty = first, first, True
    for word in text.split():
        if not empty and cells(line) + 1 + cells(word) > columns:
            lines.append(line)
            line, prefix, empty = rest, rest, True
        if not empty:
            line += " "
        for char in word:
            if cells(line) + cells(char) > columns and line != prefix:
                lines.append(line)
                line = prefix = rest
            line += char
        empty = False
    return [*lines, line]


def framed(text: str, columns: int = COLUMNS) -> List[str]:
    """Text of several lines from elsewhere, each of its lines marked as such; blanks are kept."""
    lines: List[str] = []
    for one in plain_lines(text).splitlines():
        line = "  | " + one.rstrip()
        if cells(line) > columns:
            indent = one[: len(one) - len(one.lstrip(" "))][: columns // 2]
            lines.extend(wrapped(one, "  | " + indent, "  | ", columns))
        else:
            lines.append(line.rstrip())
    return lines


def _cells(char: str) -> int:
    if unicodedata.category(char) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
