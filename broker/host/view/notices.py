"""Notices for the customer, and the moments to print them: between prompts. Pure.

A notice is printed above the line that the cursor is in, and that line is drawn again as it was.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from broker.host.columns import plain, wrapped
from broker.host.view.printed import Printed, rows_down

MOST = 20
"""So many notices wait at most; the oldest is given up, and how many were is told."""
SETTLED_SECONDS = 0.3
"""A prompt is drawn, and nobody types, when nothing was printed for so long."""
QUIET_SECONDS = 1.0
"""The same for shells that do not tell when they are at a prompt."""
ASK_QUIET_SECONDS = 3.0
"""Somebody waits for an answer: a program that has long said nothing may be interrupted."""
ASK_PATIENCE_SECONDS = 30.0
"""So long an ask waits for a line that can be drawn again."""

_MARK = b"\x1b[7m jumpseat \x1b[0m "
_INDENT = b"           "
_LINE_CHARACTERS = 1000


# What to press, below a notice of this kind.
_KEYS = {"ask": "a answers", "away": "n adds a note"}
_CALM = ("info", "away")


class _Waiting(NamedTuple):
    kind: str
    text: str
    since: float


class Notices:
    """What waits to be told. ``prefix`` is the key before those of the view, as ``Ctrl-]``."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._waiting: List[_Waiting] = []
        self._given_up = 0

    def add(self, kind: str, text: str, now: float) -> None:
        """Have a notice wait for its moment; ``kind`` as ``Notice`` has it."""
        self._waiting.append(_Waiting(kind, text, now))
        while len(self._waiting) > MOST:
            calm = next((one for one in self._waiting if one.kind != "urgent"), self._waiting[0])
            self._waiting.remove(calm)
            self._given_up += 1

    def answering(self) -> None:
        """The customer looks at what is asked: no need to tell them of it any more."""
        self._waiting = [one for one in self._waiting if one.kind != "ask"]

    def due(self, printed: Printed, cols: int, now: float) -> bytes:
        """What to print now; empty where there is nothing, or it is not the moment."""
        told = [one for one in self._waiting if now >= _moment(one, printed)]
        if not told:
            return b""
        if any(one.kind in _CALM for one in told):
            told = self._waiting
        self._waiting = [one for one in self._waiting if one not in told]
        rows = [row for one in told for row in self._rows(one, cols)]
        if self._given_up:
            rows.insert(0, _MARK + b"%d earlier notices were left out" % self._given_up)
            self._given_up = 0
        return _between(printed, cols, rows)

    def wake_at(self, printed: Printed) -> Optional[float]:
        """When to look again, if nothing is printed until then."""
        moments = [_moment(one, printed) for one in self._waiting]
        soonest = min(moments, default=_NEVER)
        return None if soonest == _NEVER else soonest

    def _rows(self, notice: _Waiting, cols: int) -> List[bytes]:
        lines = [plain(line, _LINE_CHARACTERS) for line in notice.text.split("\n")]
        if notice.kind in _KEYS:
            lines.append(f"{self._prefix} {_KEYS[notice.kind]}")
        # Wrapped by us: a row that begins at the left could pass for another line.
        room = max(20, cols - len(_INDENT))
        rows = [row for line in lines for row in wrapped(line, columns=room)]
        head, *rest = [row.encode("utf-8", "replace") for row in rows]
        return [_MARK + head, *(_INDENT + row for row in rest)]


_NEVER = float("inf")


def _moment(notice: _Waiting, printed: Printed) -> float:
    """When this notice may be printed, if nothing else is printed until then."""
    if printed.full_screen or printed.in_string:
        return _NEVER
    if notice.kind == "urgent":
        return 0.0
    if printed.at_prompt:
        moment = printed.last + SETTLED_SECONDS
    elif not printed.tells_prompts:
        moment = printed.last + QUIET_SECONDS
    elif notice.kind == "ask":
        moment = printed.last + ASK_QUIET_SECONDS
    else:
        return _NEVER
    if printed.line() is not None:
        return moment
    return max(moment, notice.since + ASK_PATIENCE_SECONDS) if notice.kind == "ask" else _NEVER


def _between(printed: Printed, cols: int, rows: List[bytes]) -> bytes:
    """Rows above the line that the cursor is in; below it, where that can't be drawn again."""
    line = printed.line()
    body = b"".join(row + b"\r\n" for row in rows)
    if line is None:
        return b"\x1b[0m\r\n" + body
    up = rows_down(line, cols)
    back = b"\x1b[%dA" % up if up else b""
    return back + b"\r\x1b[0m\x1b[J" + body + line
