"""Text cut by the cells that it takes on a terminal, where nothing of it may be left out. Pure."""

from __future__ import annotations

from typing import List

from broker.host.columns import cells


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


def fitted(text: str, cols: int) -> str:
    """The text if it fits, else its beginning and a mark."""
    return text if cells(text) <= cols else pieces(text, cols - 1)[0] + ">"
