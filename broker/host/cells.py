"""Text cut by the cells that it takes on a terminal, where nothing of it may be left out. Pure."""

from __future__ import annotations

from typing import List

from broker.host.columns import COLUMNS, cells, plain


def pieces(text: str, cols: int) -> List[str]:
    """The whole text, white space kept, cut wherever ``cols`` cells are full; at least a piece."""
    found = [""]
    room = max(2, cols)
    left = room
    for char in text:
        takes = cells(char)
        if takes > left:
            found.append("")
            left = room
        found[-1] += char
        left -= takes
    return found


def exactly(text: str, before: str) -> List[str]:
    """Rows that show a line character for character, behind a bar; a ``:`` goes on with a row."""
    first, *others = pieces(plain(text, len(text)), COLUMNS - cells(before) - 2)
    indent = " " * cells(before)
    return [f"{before}| {first}", *(f"{indent}: {one}" for one in others)]


def fitted(text: str, cols: int) -> str:
    """The text if it fits, else its beginning and a mark."""
    return text if cells(text) <= cols else pieces(text, cols - 1)[0] + ">"
