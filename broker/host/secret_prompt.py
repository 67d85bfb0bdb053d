"""Whether a terminal asks for a secret, as its screen tells it. Pure.

Where the kernel tells (no echo, whole lines), that is better; but behind ssh, in tmux and in an
editor of lines it can't. There the row of the cursor ends with such a question, and with no more
than stars for what was typed: what is echoed would stand behind it.
"""

from __future__ import annotations

import codecs
import re

_MOST_BYTES = 4096
"""Of what is printed at once, on one row."""
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
_SCREENS = ("?1049", "?1047", "?47")
_STAR = "[*•●⏺∙·]"
_ASKS = re.compile(
    r"(?:(?:(?i:passw(?:or[dt]|d)|passphrase|passcode|kennwort|mot de passe|contraseña|password)"
    r"|\bPIN\b|(?i:verification code|one-time \w+|\botp)|(?i:enter\b.{0,60}\b(?:key|secret|token)))"
    rf"(?![=/-])[^|;&$#%]{{0,120}}[:?]|^read>)[ ]{{0,3}}{_STAR}{{0,200}}[ ]{{0,2}}\Z"
)


class SecretPrompt:
    """One terminal's. Feed it all output, in order."""

    def __init__(self) -> None:
        self._row = ""
        self._at = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._cut = ""
        """The beginning of a sequence whose end is not printed yet."""

    def printed(self, data: bytes) -> None:
        """Take in output."""
        row = data.rfind(b"\n")
        if row >= 0 or len(data) > _MOST_BYTES:
            self._row, self._at, self._cut = "", 0, ""
            self._decoder.reset()
            data = data[row + 1 :][-_MOST_BYTES:]
        text, self._cut = self._cut + self._decoder.decode(data), ""
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
            elif kind == "control" or token["escape"] in ("D", "E", "M", "c"):
                self._leave()

    @property
    def asks(self) -> bool:
        """Whether what is typed now is, as it seems, a secret."""
        return _ASKS.search(self._row[: self._at].ljust(self._at)) is not None

    def _leave(self) -> None:
        self._row, self._at = "", 0

    def _print(self, text: str) -> None:
        end = self._at + len(text)
        self._row = self._row[: self._at].ljust(self._at) + text + self._row[end:]
        if end > _MOST_CELLS:
            self._row = self._row[end - _MOST_CELLS :]
        self._at = min(end, _MOST_CELLS)

    def _sequence(self, params: str, final: str) -> None:
        count = max(1, int(params[:4])) if params.isdigit() else 1
        other_screen = final in "hl" and params.startswith(_SCREENS)
        if other_screen or final in "HfdABEFST" or (final == "J" and params not in ("", "0")):
            self._leave()
        elif final == "C":
            self._at = min(self._at + count, _MOST_CELLS)
        elif final == "D":
            self._at = max(0, self._at - count)
        elif final == "G":
            self._at = min(count - 1, _MOST_CELLS)
        elif final in "JK" and params in ("", "0"):
            self._row = self._row[: self._at]
