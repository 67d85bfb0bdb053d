"""Whether a terminal stands at an empty prompt, as far as what passes through it tells. Pure.

A line editor (bash from 5.1, zsh, fish, most REPLs) switches bracketed paste on (mode 2004) when
it begins to read a line and off when it has one; full-screen programs switch to the alternate
screen. What was typed since tells whether the line is still empty.
"""

from __future__ import annotations

import re

from broker.host.line import LineWatch

_MODE = re.compile(rb"\x1b\[\?([0-9;]{1,32})([hl])")
_LONGEST_MODE = 40
_PASTED = re.compile(rb"\x1b\[200~.*?\x1b\[201~", re.DOTALL)
_ALTERNATE = (b"1049", b"1047", b"47")
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-9;?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_LONGEST_PROMPT = 256
_PASTE_KEY = b"\x16"
# What bash (PS2) and zsh (PS2 with the names of its parser's states) print before the rest of a
# command; fish keeps the whole of it in one line editor.
_CONTINUED = re.compile(
    rb"(?:(?:for|while|until|repeat|select|if|elif|then|else|case|function|cursh|subsh|quote|dquote"
    rb"|bquote|dqbquote|cmdsubst|mathsubst|math|pipe|cmdand|cmdor|array|heredoc|heredocd"
    rb"|braceparam) ?)*>"
)
_ENTER = re.compile(rb"[\r\n]")
_GIVEN_UP = b"\x03"
_EMPTIES = re.compile(rb"[\r\n\x03\x04\x15\x1a\x1c]")
"""Enter, Ctrl-C, -D, -U, -Z, -\\: after them nothing waits on the kernel's line."""
_FLOW = b"\x11\x13"
"""Ctrl-Q and Ctrl-S: the kernel's own."""


class PromptWatch:
    """One terminal's. Feed it all output and all keys, in order; it passes them on to ``line``."""

    def __init__(self, line: LineWatch) -> None:
        self._line = line
        self.full_screen = False
        """A program uses the alternate screen."""
        self.bracketed = False
        """A line editor waits, and takes a paste as one."""
        self.typed_on = False
        """Something was typed since the line began."""
        self.entered = False
        """Enter was pressed, and no line editor has begun to read since."""
        self._ahead = False
        """What was typed last, before a line editor began to read, stands on its line."""
        self._rest = b""
        self._prompt = b""

    def printed(self, data: bytes) -> bool:
        """Take in output; whether a line editor has begun to read a line."""
        if self.bracketed and len(self._prompt) < _LONGEST_PROMPT:
            self._prompt += data[:_LONGEST_PROMPT]
        if b"\x1b" not in data and not self._rest:
            self._line.printed(data)
            return False
        began = False
        seen, at = self._rest + data, len(self._rest)
        for found in _MODE.finditer(seen):
            on = found[2] == b"h"
            for mode in found[1].split(b";"):
                if mode == b"2004":
                    self.bracketed = on
                    self._line.printed(seen[at : found.end()])
                    at = found.end()
                    if on:
                        self._line.begin()
                        began, self.entered, self.typed_on = True, False, self._ahead
                        self._prompt = seen[found.end() :][:_LONGEST_PROMPT]
                    else:
                        self._line.end()
                elif mode in _ALTERNATE:
                    self.full_screen = on
        self._line.printed(seen[at:])
        # A sequence that two reads cut is found again; setting a mode twice changes nothing.
        cut = seen.rfind(b"\x1b", max(0, len(seen) - _LONGEST_MODE))
        self._rest = b"" if cut < 0 or _MODE.match(seen, cut) else seen[cut:]
        return began

    def typed(self, data: bytes, *, settled: bool = False, ahead: bool = False) -> bool:
        """Take in keys; whether Enter was among them.

        ``settled``: nothing was typed or printed for a while, so all that is to be shown is.
        ``ahead``: nobody reads them before the next line is read.
        """
        keys = _PASTED.sub(_PASTE_KEY, data)
        *emptied, left = _EMPTIES.split(keys)
        left = left.translate(None, _FLOW)
        if left or emptied:
            self._ahead = ahead and left != b""
        self._line.typed(keys, settled=settled)
        last = max(keys.rfind(b"\r"), keys.rfind(b"\n"), keys.rfind(_GIVEN_UP))
        if keys[last + 1 :]:
            self.typed_on = True
        elif last >= 0:
            self.typed_on = False
        enter = _ENTER.search(keys) is not None
        if enter:
            self.entered = True
        return enter

    @property
    def at_prompt(self) -> bool:
        """A line editor waits for a line."""
        return self.bracketed and not self.entered and not self.full_screen

    @property
    def continued(self) -> bool:
        """The shell waits for the rest of a command, and not for a new one."""
        prompt = _SEQUENCE.sub(b"", self._prompt).strip()
        return _CONTINUED.fullmatch(prompt) is not None
