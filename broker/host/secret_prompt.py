"""Whether a terminal asks for a secret, as its screen tells it. Pure.

Where the kernel tells (no echo, whole lines), that is better; but behind ssh, in tmux and in an
editor of lines it can't. There the row of the cursor ends with such a question, and with no more
than stars for what was typed: what is echoed would stand behind it.
"""

from __future__ import annotations

import re

_MOST_BYTES = 1024
# What moves the cursor to another row, or anywhere.
_ELSEWHERE = re.compile(
    rb"\x1b(?:\[[0-9;]*[HfdABEFJST]|[DMEc])|\x1b\[\?(?:1049|1047|47)[hl]|[\r\n\v\f]"
)
_SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]?|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)"
    rb"|[\x00-\x07\x0e-\x1f]"
)
_STAR = "[*•●⏺∙·]"
_ASKS = re.compile(
    r"(?:(?:(?i:passw(?:or[dt]|d)|passphrase|passcode|kennwort|mot de passe|contraseña|password)"
    r"|\bPIN\b|(?i:verification code|one-time \w+|\botp)|(?i:enter\b.{0,60}\b(?:key|secret|token)))"
    rf"(?![=/-])[^|;&$#%]{{0,120}}[:?]|^read>)[ ]{{0,3}}{_STAR}{{0,200}}[ ]{{0,2}}\Z"
)


class SecretPrompt:
    """One terminal's. Feed it all output, in order."""

    def __init__(self) -> None:
        self._printed = b""

    def printed(self, data: bytes) -> None:
        """Take in output."""
        self._printed = (self._printed + data[-_MOST_BYTES:])[-_MOST_BYTES:]

    @property
    def asks(self) -> bool:
        """Whether what is typed now is, as it seems, a secret."""
        row = _ELSEWHERE.split(self._printed)[-1]
        text = _SEQUENCE.sub(b"", row).decode("utf-8", "replace")
        while "\b" in text:
            text = re.sub("[^\b]?\b", "", text, count=1)
        return _ASKS.search(text) is not None
