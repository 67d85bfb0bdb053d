"""A terminal's screen, worked out from its recording. Blocking: for a process of its own.

More gaps of the emulator are closed here, so that its dump restores the same screen in xterm.js
(which is what viewers see):

- modes that it does not know (mouse, focus, bracketed paste, keypad) are tracked beside it;
- its dump says ``38:2:r:g:b`` and U+009B, which not every terminal reads: ``38;2;…`` and ESC [;
- a dump in the middle of an escape sequence would lose its beginning: an unfinished one ends the
  dump, so that what follows completes it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from broker.recording.asciicast import BadCast, read_event, read_header, read_size, whole_lines
from broker.server.emulator import Emulator

_MOST_COLS, _MOST_ROWS = 1000, 1000
_LONGEST_HEADER_BYTES = 64 * 1024

_MODES = re.compile(r"(?:\x1b\[|\x9b)\?([0-9;]+)([hl])|\x1b([=>c])|\x1b\[(!)p")
_MOUSE = frozenset({"9", "1000", "1001", "1002", "1003"})
_MOUSE_ENCODING = frozenset({"1005", "1006", "1015", "1016"})
_TRACKED = _MOUSE | _MOUSE_ENCODING | {"1004", "2004"}
_KEYPAD = "="

_TRUECOLOR = re.compile(r"([34]8):2:(\d+):(\d+):(\d+)")
_INDEXED = re.compile(r"([34]8):5:(\d+)")


@dataclass(frozen=True)
class Screen:
    """The screen at ``offset`` of a recording: enough to show it and to go on from it."""

    offset: int = 0
    cols: int = 80
    rows: int = 24
    dump: str = ""
    modes: list[str] = field(default_factory=list)
    """Private modes that are set, in the order in which they were."""
    unfinished: str = ""
    """The beginning of an escape sequence whose rest comes next."""

    def as_bytes(self) -> bytes:
        """What to write to a terminal that was reset to this size."""
        modes = "".join("\x1b=" if mode == _KEYPAD else f"\x1b[?{mode}h" for mode in self.modes)
        return (_for_any_terminal(self.dump) + modes + self.unfinished).encode("utf-8", "replace")


def advance(path: Path, screen: Screen, upto: int, most: int) -> Screen:
    """The screen after the whole lines of the next ``most`` bytes, none beyond ``upto``.

    Returns ``screen`` itself where no whole line follows. Raises BadCast for what is no
    asciicast, and OSError.
    """
    with path.open("rb") as file:
        file.seek(screen.offset)
        data = file.read(max(0, min(most, upto - screen.offset)))
    size = whole_lines(data)
    if size == 0:
        if len(data) == most:
            raise BadCast(f"a line of more than {most} bytes")
        return screen
    # Not splitlines: JSON strings hold other characters that it takes for ends of lines.
    lines = data[: size - 1].decode("utf-8", "replace").split("\n")
    if screen.offset == 0:
        if len(lines[0]) > _LONGEST_HEADER_BYTES:
            raise BadCast("line 1: too long")
        head = read_header(lines.pop(0))
        screen = Screen(0, *_bounded(head["width"], head["height"]))
    mirror = _Mirror(screen)
    mirror.play(lines)
    return mirror.screen(screen.offset + size)


class _Mirror:
    def __init__(self, screen: Screen) -> None:
        self._cols, self._rows = screen.cols, screen.rows
        self._modes = dict.fromkeys(screen.modes)
        self._emulator = Emulator(self._cols, self._rows, screen.unfinished)
        self._dumped = ""
        self._emulator.print(screen.dump)

    def play(self, lines: list[str]) -> None:
        """Take in events; a line that is none is passed over, as players do."""
        texts: list[str] = []
        for line in lines:
            try:
                event = read_event(line)
            except BadCast:
                continue
            if event.code == "o":
                texts.append(event.text)
            elif event.code == "r" and (size := read_size(event.text)):
                self._print("".join(texts))
                texts = []
                self._cols, self._rows = _bounded(*size)
                self._emulator.resize(self._cols, self._rows)
        self._print("".join(texts))

    def screen(self, offset: int) -> Screen:
        dump = self._dumped = self._emulator.dump() or self._dumped
        unfinished = self._emulator.unfinished
        return Screen(offset, self._cols, self._rows, dump, list(self._modes), unfinished)

    def _print(self, text: str) -> None:
        text = self._emulator.whole(text)
        if "\x1b" in text or "\x9b" in text:
            for found in _MODES.finditer(text):
                self._note(found)
        self._emulator.print(text)

    def _note(self, found: re.Match[str]) -> None:
        numbers, action, key, _soft_reset = found.groups()
        if key == "c":
            self._modes.clear()
        elif key == "=":
            self._modes[_KEYPAD] = None
        elif numbers is None:  # ESC > or a soft reset
            self._modes.pop(_KEYPAD, None)
        else:
            for number in set(numbers.split(";")) & _TRACKED:
                # Setting one kind of mouse report replaces another; resetting any ends all.
                for kind in (_MOUSE, _MOUSE_ENCODING):
                    if number in kind:
                        for other in kind:
                            self._modes.pop(other, None)
                self._modes.pop(number, None)
                if action == "h":
                    self._modes[number] = None


def _bounded(cols: int, rows: int) -> tuple[int, int]:
    return min(cols, _MOST_COLS), min(rows, _MOST_ROWS)


def _for_any_terminal(dump: str) -> str:
    dump = dump.replace("\x9b", "\x1b[")
    return _INDEXED.sub(r"\1;5;\2", _TRUECOLOR.sub(r"\1;2;\2;\3;\4", dump))
