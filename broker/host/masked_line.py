"""One line of a terminal, and what may be shown of what is printed on it. Pure.

What the line shows is kept as cells, so that a secret is known however it came to stand there: cut
into pieces, in colours, edited in place, broken at the margin. A character that is printed within
a secret goes out as a mask. Only behind a whole beginning of a secret is output held back, until
enough of it has come to tell.
"""

from __future__ import annotations

import re
from typing import Callable, List, NamedTuple, Optional, Sequence, Set, Tuple

from broker.host.columns import cells
from broker.host.masks import (
    KEY_NEEDLE,
    MASK,
    PRIVATE_KEY,
    Found,
    Mask,
    cut,
    fitting,
    found,
    keys_in,
    mask_string,
)

_FEW = 4
"""So many characters behind the beginning of a secret are masked, if no more come to tell."""
_MOST_CELLS = 8192
_MOST_HELD = 4096
_NEAR = 320
"""No beginning of a secret is longer than this."""
_LONG = 512
_TAB = 8

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f]+)"
    r"|\x1b\[(?P<params>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|(?P<string>\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\))"
    r"|(?P<control>[\x08\t\n\r])"
    r"|\x1b(?P<escape>[ -/]*[0-OQ-WYZ`-jl-~\\=>])"
    r"|.",
    re.DOTALL,
)
_LEAVES = frozenset("HfdEFSTLMr")


class _Piece(NamedTuple):
    """Output: a character, the cell and the width that it has; what is none has the cell -1."""

    text: str
    cell: int
    width: int


class MaskedLine:
    """A line, from its beginning until the cursor leaves it; then it is the next one.

    ``masked`` is called with the name of the pattern for each secret that is masked.
    """

    def __init__(self, masks: Sequence[Mask], cols: int, masked: Callable[[str], None]) -> None:
        self.cols = cols
        self._masks = masks
        self._masked = masked
        self._in_key = False
        """The line begins within a private key."""
        self._held: List[_Piece] = []
        self._shown: List[str] = []
        self._begin(in_key=False)

    def _begin(self, *, in_key: bool) -> None:
        self._in_key = self._key_goes_on = in_key
        self._text = ""
        self._at = self._held_end = self._saved = self._open = 0
        self._pending = False
        """The last column is printed; the cursor still stands in it."""
        self._spans: List[Tuple[int, int]] = []
        """The cells to be masked, of those that are printed now."""
        self._longest: Optional[Found] = None
        """A secret so long that it costs too much to look at it again for each character."""
        self._begins_key = False
        self._cut: Optional[Found] = None
        self._counted: Set[Tuple[str, int]] = set()

    @property
    def holds(self) -> bool:
        """Whether output is held back."""
        return bool(self._held)

    @property
    def idle(self) -> bool:
        """Whether nothing stands on the line, and no secret goes on in it."""
        return not (self._text or self._in_key or self._held)

    def take(self) -> bytes:
        """What may be shown since this was last asked."""
        shown, self._shown = "".join(self._shown), []
        return shown.encode("utf-8", "surrogateescape")

    def printed(self, text: str) -> None:
        """Take in output: whole sequences, whole characters."""
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup
            if kind == "text":
                self._print(token[0])
            elif kind == "string":
                self._pass(mask_string(token[0], self._masks))
            elif kind == "control":
                self._control(token[0])
            else:
                self._pass(token[0])
                if kind == "final":
                    self._sequence(token["params"], token["final"])
                elif kind == "escape":
                    self._escape(token["escape"])

    def stood(self, text: str) -> None:
        """Take in what was shown on this line already."""
        self.printed(text)
        self._held.clear()
        self._shown.clear()

    def settle(self) -> None:
        """Hold nothing back any more: it is masked where enough of a secret has come."""
        if not self._held:
            return
        if self._cut is not None:
            begun = self._text[self._cut.start : self._held_end]
            if len(begun) >= _FEW and not begun.isdigit():  # it may well be a port
                self._hide(self._cut, self._cut.start, self._held_end)
        self._let_go(len(self._held))

    # --- printing ---------------------------------------------------------------------------

    def _print(self, text: str) -> None:
        while text:
            room = _MOST_CELLS - self._at
            if room <= 0:
                self._forget_half()
                continue
            piece, text = text[:room], text[room:]
            self._put(piece, piece if piece.isascii() else self._cells(piece))

    @staticmethod
    def _cells(text: str) -> str:
        return "".join(char * cells(char) for char in text)

    @staticmethod
    def _pieces(text: str, at: int) -> List[_Piece]:
        if text.isascii():
            return [_Piece(char, cell, 1) for cell, char in enumerate(text, at)]
        pieces = []
        for char in text:
            width = cells(char)
            pieces.append(_Piece(char, at if width else at - 1, width))
            at += width
        return pieces

    def _put(self, text: str, shown: str) -> None:
        """Print text that takes these cells, or a tab, which takes as many blanks."""
        start = self._at
        if self._held and start != self._held_end:
            self.settle()
        before, end = self._text[:start], start + len(shown)
        was = len(self._text)
        self._text = before.ljust(start) + shown + self._text[end:]
        self._at = self._held_end = end
        self._pending = end > start and not end % self.cols
        if self._within(start, shown, was):
            self._shown.append(MASK * len(shown))
            return
        self._look(start)
        if self._cut is None and not self._held and not self._spans:
            self._shown.append(text)
            return
        self._held += self._pieces(text, start) if text != "\t" else [_Piece(text, -1, 0)]
        keep = len(self._held)
        if self._cut is not None and keep < _MOST_HELD:
            first = self._cut.start
            keep = next((n for n, one in enumerate(self._held) if one.cell >= first), keep)
        self._let_go(keep)

    def _within(self, start: int, shown: str, was: int) -> bool:
        """Whether this lies in the midst of a long secret; then no closer look is needed.

        ``was``: so many cells stood on the line before.
        """
        long = self._longest
        if long is None or self._held or not long.start < start <= long.end:
            return False
        if long.more.fullmatch(shown) is None or self._at > long.end < was:
            return False
        self._longest = long._replace(end=max(long.end, self._at))
        self._open = min(self._open, long.at)
        return True

    def _look(self, start: int) -> None:
        """Find the secrets that what was printed from ``start`` on may belong to."""
        since = max(0, min(start, self._open) - _NEAR)
        masks = fitting(self._text[since:], self._masks)
        secrets = found(self._text, masks, since)
        self._cut = cut(self._text, masks, since, self._at)
        self._key_goes_on = False
        if self._in_key or self._begins_key or KEY_NEEDLE in self._text[since:].lower():
            self._begins_key = True
            parts, self._key_goes_on = keys_in(self._text, within=self._in_key)
            secrets += parts
        touching = [one for one in secrets if one.end >= self._at]
        if self._cut is not None:
            touching.append(self._cut)
        self._open = min((one.at for one in touching), default=self._at)
        self._longest = next((one for one in touching if one.end - one.start > _LONG), None)
        first = self._held[0].cell if self._held else start
        self._spans = []
        for one in secrets:
            if one.end > first:
                self._hide(one, one.start, one.end)

    def _hide(self, secret: Found, start: int, end: int) -> None:
        self._spans.append((start, end))
        key = (secret.name, secret.start)
        if key not in self._counted:
            self._counted.add(key)
            if not (self._in_key and secret.name == PRIVATE_KEY):
                self._masked(secret.name)

    def _let_go(self, count: int) -> None:
        if not self._spans:
            self._shown += [one.text for one in self._held[:count]]
        else:
            hidden = bytearray(self._held_end)
            for start, end in self._spans:
                hidden[start:end] = b"\1" * (end - start)
            for text, cell, width in self._held[:count]:
                hide = cell >= 0 and hidden[cell]
                self._shown.append(MASK * width if hide else text)
        del self._held[:count]

    def _pass(self, text: str) -> None:
        if self._held:
            self._held.append(_Piece(text, -1, 0))
        else:
            self._shown.append(text)

    def _forget_half(self) -> None:
        """Nobody edits a line as long as this: only its end is needed."""
        by = _MOST_CELLS // 2 // self.cols * self.cols or self.cols
        self.settle()
        self._text, self._begins_key = self._text[by:], False
        self._in_key = self._key_goes_on
        if self._longest is not None:
            self._longest = self._longest.moved(-by)
        self._at, self._held_end = max(0, self._at - by), max(0, self._held_end - by)
        self._open = max(0, self._open - by)
        self._counted = {(name, at - by) for name, at in self._counted}
        self._saved = max(0, self._saved - by)

    # --- moving -----------------------------------------------------------------------------

    def _to(self, at: int) -> None:
        self._at, self._pending = min(max(at, 0), _MOST_CELLS), False

    @property
    def _row(self) -> int:
        """The first cell of the row in which the cursor stands."""
        return (self._at - self._pending) // self.cols * self.cols

    def _control(self, char: str) -> None:
        if char == "\t" and self._at >= len(self._text):
            self._put(char, " " * (_TAB - self._at % _TAB))
            return
        if char == "\n":
            self._new_row()
            return
        self._pass(char)
        if char == "\r":
            self._to(self._row)
        elif char == "\b":
            self._to(self._at - 1)
        else:
            self._to(self._at - self._at % _TAB + _TAB)

    def _new_row(self) -> None:
        below = self._row + self.cols
        whole = below == len(self._text) and self._open < below
        if below < len(self._text) or whole:  # the line goes on there
            self._pass("\n")
            self._to(below + self._at % self.cols)
        else:
            self._leave()
            self._shown.append("\n")

    def _leave(self) -> None:
        """The cursor goes elsewhere: what is held back now is no secret."""
        self._let_go(len(self._held))
        counted = any(name == PRIVATE_KEY for name, _ in self._counted)
        if self._key_goes_on and not self._in_key and not counted:
            self._masked(PRIVATE_KEY)
        self._begin(in_key=self._key_goes_on)

    def _escape(self, escape: str) -> None:
        if escape == "7":
            self._saved = self._at
        elif escape == "8":
            self._to(self._saved)
        elif escape in "DMEc":
            self._leave()

    def _sequence(self, params: str, final: str) -> None:
        if final in _LEAVES or (final == "J" and params not in ("", "0")):
            self._leave()
        elif final in "ABCDG" and (not params or params.isdigit()):
            self._move(final, max(1, int(params[:5] or 1)))
        elif final in "JKPX@":
            self._erase(final, params)

    def _move(self, final: str, count: int) -> None:
        at = self._at - self._pending
        if final in "AB":
            at += count * self.cols if final == "B" else -count * self.cols
            if not 0 <= at <= len(self._text) // self.cols * self.cols + self.cols:
                self._leave()
                return
        elif final == "G":
            at = self._row + count - 1
        else:
            at += count if final == "C" else -count
        self._to(at)

    def _erase(self, final: str, params: str) -> None:
        text, at = self._text, self._at - self._pending
        count = max(1, int(params[:5])) if params.isdigit() else 1
        if final in "JK":
            if final == "J" or params in ("", "0"):
                text = text[: self._at]
            else:
                blank = self._row + (at - self._row + 1 if params == "1" else self.cols)
                text = text[: self._row].ljust(blank) + text[blank:]
        elif final == "P":
            text = text[:at] + text[at + count :]
        elif final == "@":
            text = (text[:at] + " " * min(count, self.cols) + text[at:])[:_MOST_CELLS]
        else:
            text = text[:at] + " " * len(text[at : at + count]) + text[at + count :]
        self._text = text
