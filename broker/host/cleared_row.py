r"""What stood left of bash's prompt: the end of an output without a new line. Pure.

bash clears the rows of a line before our hook sees it, and draws the prompt again from the first
column on. Whatever stood there before the prompt would be gone; so it is printed again between.
Where the prompt was drawn elsewhere since then, there was nothing left of it.
"""

from __future__ import annotations

import re

_EDITOR = b"\x1b[?2004h"
_EDITED = b"\x1b[?2004l\r"
"""What bash prints when a line is entered, once it has gone to the next row."""
_MOST_BYTES = 1024
_ELSEWHERE = re.compile(rb"\n|\x1b\[[0-9;]*[HJ]|\x1bc")
_PLAIN = re.compile(rb"(?:\x1b\[[0-9;]*m|[^\x00-\x06\x0a-\x0c\x0e-\x1f\x7f])*")


class ClearedRow:
    """One terminal's. Feed it all output, in order."""

    def __init__(self) -> None:
        self._row = b""
        """What was printed since the last new line; too much of it is nothing."""
        self._left = b""

    def printed(self, data: bytes) -> None:
        """Take in output."""
        at = data.rfind(_EDITOR)
        if at >= 0:
            self._keep(data[:at])
            self.prompts()
            data = data[at:]
        if self._left and _ELSEWHERE.search(data):
            self._left = b""
        self._keep(data)

    def _keep(self, data: bytes) -> None:
        at = data.rfind(b"\n")
        row = (data[at + 1 :] if at >= 0 else self._row + data).replace(_EDITED, b"")
        self._row = row[: _MOST_BYTES + 1]

    def prompts(self) -> None:
        """A prompt comes now."""
        plain = len(self._row) <= _MOST_BYTES and _PLAIN.fullmatch(self._row)
        self._left = self._row if plain else b""

    @property
    def left(self) -> bytes:
        """What is to be printed where the row was cleared."""
        return self._left
