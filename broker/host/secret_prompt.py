"""Whether a terminal asks for a secret, as its screen tells it. Pure.

Where the kernel tells (no echo, whole lines), that is better; but behind ssh, in tmux and in an
editor of lines it can't. There the row of the cursor ends with such a question, and with no more
than stars for what was typed: what is echoed would stand behind it.
"""

from __future__ import annotations

import codecs
import re
from typing import Dict

_MOST_BYTES = 16 * 1024
"""Of what is printed between two keys: a screen or two, as tmux draws them."""
_MOST_ROWS = 100
_MOST_CELLS = 1024
_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f]+)"
    r"|\x1b\[(?P<params>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b(?P<escape>[ -/]*[0-OQ-WYZ`-jl-~\\=>])"
    r"|(?P<cut>\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[ -/]*)\Z)"
    r"|(?P<control>[\b\n\v\f\r])"
    r"|.",
    re.DOTALL,
)
_PLACE = re.compile(r"(\d{0,4})(?:;(\d{0,4}))?")
_STAR = "[*•●⏺∙·]"
_ASKS = re.compile(
    r"(?:(?:(?i:passw(?:or[dt]|d)|passphrase|passcode|kennwort|mot de passe|contraseña|password)"
    r"|\bPIN\b|(?i:verification code|one-time \w+|\botp)|(?i:enter\b.{0,60}\b(?:key|secret|token)))"
    rf"(?![=/-])[^|;&$#%]{{0,120}}[:?]|^read>)[ ]{{0,3}}{_STAR}{{0,200}}[ ]{{0,2}}\Z"
)


class SecretPrompt:
    """One terminal's. Feed it all output, in order."""

    def __init__(self) -> None:
        self._rows: Dict[int, str] = {}
        self._row = self._at = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unread = bytearray()
        self._cut = ""
        """The beginning of a sequence whose end is not printed yet."""

    def printed(self, data: bytes) -> None:
        """Take in output; it is read when that is asked for, and only the end of much of it."""
        self._unread += data
        if len(self._unread) > _MOST_BYTES:
            self._rows, self._cut = {}, ""
            self._decoder.reset()
            del self._unread[:-_MOST_BYTES]

    def _read(self) -> None:
        text, self._cut = self._cut + self._decoder.decode(bytes(self._unread)), ""
        self._unread.clear()
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup
            if kind == "text":
                self._print(token[0])
            elif kind == "final":
                self._sequence(token["params"], token["final"])
            elif kind == "cut":
                self._cut = token[0][:_MOST_BYTES]
            elif token["control"] == "\r":
                self._at = 0
            elif token["control"] == "\b":
                self._at = max(0, self._at - 1)
            elif kind == "control" or token["escape"] in ("D", "E"):
                self._to(self._row + 1, self._at)
            elif token["escape"] == "M":
                self._to(self._row - 1, self._at)

    @property
    def asks(self) -> bool:
        """Whether what is typed now is, as it seems, a secret."""
        self._read()
        row = self._rows.get(self._row, "")
        return _ASKS.search(row[: self._at].ljust(self._at)) is not None

    def _to(self, row: int, at: int) -> None:
        self._row, self._at = row, min(max(0, at), _MOST_CELLS)
        if len(self._rows) > 2 * _MOST_ROWS:  # it has scrolled
            self._rows = {n: one for n, one in self._rows.items() if n > row - _MOST_ROWS}

    def _print(self, text: str) -> None:
        row, end = self._rows.get(self._row, ""), self._at + len(text)
        row = row[: self._at].ljust(self._at) + text + row[end:]
        self._rows[self._row] = row[-_MOST_CELLS:] if end > _MOST_CELLS else row
        self._at = min(end, _MOST_CELLS)

    def _sequence(self, params: str, final: str) -> None:
        place = _PLACE.fullmatch(params)
        if place is None:
            if final in "hl" and params in ("?1049", "?1047", "?47"):
                self._rows = {}
            return
        first, second = (max(1, int(one or 1)) for one in place.groups())
        if final in "Hf":
            self._to(first - 1, second - 1)
        elif final in "ABEF":
            down = first if final in "BE" else -first
            self._to(self._row + down, self._at if final in "AB" else 0)
        elif final in "CD":
            self._to(self._row, self._at + (first if final == "C" else -first))
        elif final == "G":
            self._to(self._row, first - 1)
        elif final == "d":
            self._to(first - 1, self._at)
        elif final in "JK" and params in ("", "0"):
            self._rows[self._row] = self._rows.get(self._row, "")[: self._at]
            if final == "J":
                self._rows = {n: one for n, one in self._rows.items() if n <= self._row}
        elif final in "JST":
            self._rows = {}
