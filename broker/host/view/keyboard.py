"""What the customer typed, told apart: keys for the shell, and commands for their view. Pure.

A command is the prefix key and one key after it. The prefix is one control byte; programs that
switch a terminal to a newer keyboard protocol make it send the same key as a sequence (``CSI u``
of kitty, ``CSI 27`` of xterm), and taking back has to work in those programs too.
"""

from __future__ import annotations

import re
from typing import List, Mapping, NamedTuple, Optional, Sequence, Tuple

PREFIX = b"\x1d"
"""Ctrl-], unless the customer chose another."""
PASTE_PAUSE_SECONDS = 2.0
"""A paste that pauses for longer is over: none may keep the prefix key from working."""

_COMMANDS: Mapping[str, str] = {
    " ": "take-back",
    "s": "status",
    "?": "status",
    "a": "answer",
    "w": "watch",
    "p": "approve",
    "c": "control",
    "d": "detach",
    "r": "revoke",
    "n": "note",
}
HELP: Sequence[Tuple[str, str]] = (
    ("Space", "take back, give back"),
    ("a", "answer what is asked"),
    ("w p c", "mode watch, approve, control"),
    ("1-9", "show terminal"),
    ("n", "note what happened"),
    ("r", "revoke for good"),
    ("d", "leave the seat"),
    ("s", "this page"),
)
"""The keys after the prefix, as people are shown them."""

_PASTE = re.compile(rb"\x1b\[20([01])~")
_PASTE_BYTES = 6
_KEY = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|\x1b.|[\xc2-\xf4][\x80-\xbf]{1,3}|.", re.DOTALL)
_ENCODED = (
    rb"\x1b\[(?P<code>\d{1,7})(?::\d*)*(?:;(?P<mods>\d{0,5})(?::(?P<event>\d))?(?:;[\d:]*)?)?u"
    rb"|\x1b\[27;(?P<xmods>\d{1,5});(?P<xcode>\d{1,7})~"
)
_ENCODED_KEY = re.compile(_ENCODED)
_SHIFT, _CTRL = 1, 4
_LOCKS = 64 | 128
_MODIFIER_KEYS = range(57441, 57455)
_RELEASED = 3


class Press(NamedTuple):
    """Keys to pass on, or else one command; ``number`` is that of the terminal to ``show``."""

    keys: bytes = b""
    command: str = ""
    number: int = 0


class _Key(NamedTuple):
    code: int
    mods: int
    released: bool


def key_name(prefix: bytes) -> str:
    """What people call this key: ``Ctrl-]``."""
    return f"Ctrl-{chr(prefix[0] ^ 0x40).lower()}"


class Keyboard:
    """Takes apart what comes from one keyboard, in pieces of any size.

    A sequence for the prefix key has to come in one piece; the control byte need not.
    """

    def __init__(self, prefix: bytes = PREFIX) -> None:
        if len(prefix) != 1 or not 0 < prefix[0] < 0x20 or prefix in b"\r\n\t\x1b":
            raise ValueError("the prefix is one control key")
        self._prefix = prefix
        self._prefix_code = ord(chr(prefix[0] ^ 0x40).lower())
        self._interesting = re.compile(
            b"(?P<prefix>" + re.escape(prefix) + rb")|\x1b\[20(?P<paste>[01])~|" + _ENCODED
        )
        self._prefixed = self._pasting = False
        self._tail = b""
        self._last = 0.0

    def feed(self, data: bytes, now: float) -> List[Press]:
        """What these bytes mean, in order; ``now`` is in seconds of a steady clock."""
        if self._pasting and now - self._last > PASTE_PAUSE_SECONDS:
            self._pasting = False
        self._last = now
        presses: List[Press] = []
        kept = bytearray()
        at = self._end_cut_marker(data)
        kept += data[:at]
        self._tail = (self._tail + data)[1 - _PASTE_BYTES :]
        while at < len(data):
            if self._prefixed:
                at, press = self._after_prefix(data, at)
                if press is not None:
                    if kept:
                        presses.append(Press(bytes(kept)))
                        kept.clear()
                    presses.append(press)
                continue
            found = self._interesting.search(data, at)
            if found is None:
                kept += data[at:]
                break
            kept += data[at : found.start()]
            at = found.end()
            if found["paste"]:
                self._pasting = found["paste"] == b"0"
            if found["paste"] or self._pasting or not self._is_prefix(found):
                kept += found[0]
        if kept:
            presses.append(Press(bytes(kept)))
        return presses

    def _end_cut_marker(self, data: bytes) -> int:
        """Find a paste's mark that began in the piece before; where it ends in this one."""
        cut = len(self._tail)
        for found in _PASTE.finditer(self._tail + data[: _PASTE_BYTES - 1]):
            if found.start() < cut < found.end():
                self._pasting = found[1] == b"0"
                return found.end() - cut
        return 0

    def _is_prefix(self, found: re.Match[bytes]) -> bool:
        """Whether this is the prefix key; its press is then remembered, its release forgotten."""
        if found["prefix"] is None:
            key = _decoded(found)
            if key.code != self._prefix_code or key.mods != _CTRL:
                return False
            if key.released:
                return True
        self._prefixed = True
        return True

    def _after_prefix(self, data: bytes, at: int) -> Tuple[int, Optional[Press]]:
        """The key after the prefix: where it ends, and what it wants, if it is one."""
        found = _KEY.match(data, at)
        if found is None:  # never: the last alternative is any byte
            return len(data), None
        encoded = _ENCODED_KEY.fullmatch(found[0])
        char = found[0].decode("utf-8", "replace")
        again = found[0] == self._prefix
        if encoded is not None:
            key = _decoded(encoded)
            if key.released or key.code in _MODIFIER_KEYS:
                return found.end(), None
            char = chr(key.code) if key.mods in (0, _SHIFT) and key.code < 0x110000 else ""
            again = (key.code, key.mods) == (self._prefix_code, _CTRL)
        self._prefixed = False
        if again:
            return found.end(), Press(found[0])
        if len(char) == 1 and char in "123456789":
            return found.end(), Press(command="show", number=int(char))
        return found.end(), Press(command=_COMMANDS.get(char, "unknown"))


def _decoded(found: re.Match[bytes]) -> _Key:
    if found["xcode"] is not None:
        return _Key(int(found["xcode"]), (int(found["xmods"]) - 1) & ~_LOCKS, released=False)
    mods = max(0, int(found["mods"] or 1) - 1) & ~_LOCKS
    return _Key(int(found["code"]), mods, int(found["event"] or 1) == _RELEASED)
