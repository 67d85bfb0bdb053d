"""Keys as a panel takes them: what a keyboard sends, told apart by name. Pure."""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple

_NAMES: Dict[bytes, str] = {
    b"A": "up", b"B": "down", b"C": "right", b"D": "left", b"H": "home", b"F": "end",
    b"1~": "home", b"7~": "home", b"4~": "end", b"8~": "end", b"3~": "delete",
    b"5~": "page-up", b"6~": "page-down",
}  # fmt: skip
_BYTES: Dict[int, str] = {
    0x0D: "enter", 0x0A: "newline", 0x7F: "backspace", 0x08: "backspace", 0x09: "tab",
    0x01: "home", 0x05: "end", 0x02: "left", 0x06: "right", 0x04: "delete", 0x03: "esc",
    0x0B: "kill-end", 0x15: "kill-start", 0x17: "kill-word",
}  # fmt: skip
_TOKEN = re.compile(
    rb"\x1b\[200~(?P<paste>.*?)(?:\x1b\[201~|\Z)"
    rb"|\x1b\[M..."  # an old mouse
    rb"|\x1b\[(?P<params>[0-?]*)[ -/]*(?P<final>[@-~])"
    rb"|\x1bO(?P<ss3>.)"
    rb"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)"  # what a terminal says by itself
    rb"|\x1b(?P<alt>[^\x1b\[O])"
    rb"|(?P<esc>\x1b)"
    rb"|(?P<text>[\x20-\x7e\x80-\xff]+)"
    rb"|(?P<byte>.)",
    re.DOTALL,
)
_PARTIAL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")
_CTRL = 4


class Key(NamedTuple):
    """One key. A character has no name; a paste is named so, and ``text`` is what was pasted."""

    name: str
    text: str = ""

    @property
    def char(self) -> str:
        """The character that was typed; empty for other keys, and for a paste."""
        return "" if self.name else self.text


class KeyReader:
    """Tells the keys in what a keyboard sends, in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def pending(self) -> bool:
        """Whether a key may have begun: Esc, or the start of a sequence; soon ``flush``."""
        return bool(self._rest)

    def feed(self, data: bytes) -> List[Key]:
        """The keys that are whole now."""
        data = self._rest + data
        partial = _PARTIAL.search(data)
        cut = partial.start() if partial else len(data) - _cut_char(data)
        self._rest = data[cut:]
        return _keys(data[:cut])

    def flush(self) -> List[Key]:
        """Nothing followed: then what there is was all."""
        rest, self._rest = self._rest, b""
        return _keys(rest)


def _cut_char(data: bytes) -> int:
    """How many bytes at the end are the beginning of a UTF-8 character."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte >= 0xC0:
            return back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
        if byte < 0x80:
            return 0
    return 0


def _keys(data: bytes) -> List[Key]:
    keys: List[Key] = []
    for found in _TOKEN.finditer(data):
        if found["paste"] is not None:
            keys.append(Key("paste", found["paste"].decode("utf-8", "ignore")))
        elif found["text"] is not None:
            keys += [Key("", char) for char in found["text"].decode("utf-8", "ignore")]
        elif found["esc"] is not None:
            keys.append(Key("esc"))
        elif found["ss3"] is not None:
            keys.append(Key(_NAMES.get(found["ss3"], "other")))
        elif found["alt"] is not None:
            keys.append(Key("other"))
        elif found["byte"] is not None:
            keys.append(Key(_BYTES.get(found["byte"][0], "other")))
        elif found["final"] is not None:
            keys += _from_sequence(found["params"], found["final"])
    return keys


def _from_sequence(params: bytes, final: bytes) -> List[Key]:
    """The key of a control sequence; none for mice and for replies."""
    if final == b"u" and params[:1].isdigit():
        code, _, rest = params.partition(b";")
        mods, _, event = rest.partition(b";")[0].partition(b":")
        return [] if event == b"3" else _encoded(int(code.split(b":")[0]), int(mods or 1) - 1)
    if final == b"~" and params.startswith(b"27;"):
        mods, _, code = params[3:].partition(b";")
        return _encoded(int(code), int(mods) - 1) if mods.isdigit() and code.isdigit() else []
    if final == b"~":
        return [Key(_NAMES.get(params.split(b";")[0] + final, "other"))]
    if final in b"ABCDEFHPQS" and not params.startswith((b"<", b"?", b">")):
        return [Key(_NAMES.get(final, "other"))]
    return []


def _encoded(code: int, mods: int) -> List[Key]:
    """A key that the keyboard sends as a number, as newer protocols do."""
    if code == 27:
        return [Key("esc")]
    if mods & _CTRL and 0x40 <= code < 0x80:
        return [Key(_BYTES.get(code & 0x1F, "other"))]
    if code in (0x0D, 0x7F, 0x09):
        return [Key(_BYTES[code])]
    char = chr(code) if code < 0x110000 else ""
    return [Key("", char)] if char.isprintable() and not 0xE000 <= code < 0xF900 else []
