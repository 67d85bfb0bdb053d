"""What one command printed, as the screen showed it. Blocking: for a process of its own."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from broker.recording.asciicast import BadCast, read_event, read_header, read_size
from broker.recording.commands import Command
from broker.server.search.screen_text import ScreenLine, Terminal
from broker.server.stores.recordings import Recordings

MOST_BYTES = 1024 * 1024
"""Of text, which is the newest."""
_READ_BYTES = 16 * 1024 * 1024
"""Of the recording, at the end of what the command printed."""
_LONGEST_LINE_BYTES = 1024 * 1024
_RESIZED = re.compile(rb'^\[[0-9.]{1,32}, "r", "([0-9]{1,5}x[0-9]{1,5})"\]$', re.MULTILINE)


def tell(recordings: Recordings, session: str, command: Command, held: int) -> dict[str, Any]:
    """``{text, cut}``, of what is held of its recording. Raises ValueError and OSError."""
    if command.offset is None:
        raise ValueError("no shell told where the output of this command begins and ends")
    start, end = command.offset, held if command.end is None else min(command.end, held)
    begin = max(start, end - _READ_BYTES)
    terminal = Terminal(*_size(recordings, session, command.terminal, min(begin, held)))
    kept: deque[str] = deque()
    size, cut = 0, begin > start
    for line in _lines(recordings, session, command.terminal, terminal, begin, end):
        kept.append(line.text)
        size += len(line.text.encode()) + 1
        while size > MOST_BYTES:
            cut = True
            size -= len(kept.popleft().encode()) + 1
    return {"text": "".join(text + "\n" for text in kept), "cut": cut}


def _lines(
    recordings: Recordings, session: str, name: str, terminal: Terminal, begin: int, end: int
) -> Iterator[ScreenLine]:
    rest = b""
    for offset in range(begin, end, MOST_BYTES):
        data = rest + recordings.read(session, name, offset, min(MOST_BYTES, end - offset))
        *lines, rest = data.split(b"\n")
        for line in lines:
            try:
                event = read_event(line.decode("utf-8", "replace"))
            except BadCast:  # cut at its beginning, or no event
                continue
            if event.code == "o":
                yield from terminal.output(event.t, 0, event.text)
            elif event.code == "r" and (size := read_size(event.text)):
                yield from terminal.resize(*size)
        if len(rest) > _LONGEST_LINE_BYTES:
            rest = b""
    yield from terminal.standing()


def _size(recordings: Recordings, session: str, name: str, upto: int) -> tuple[int, int]:
    """The window's size at this offset."""
    size = [80, 24]
    rest = b""
    for piece in recordings.pieces(session, name, upto):
        data = rest + piece
        if not rest and data.startswith(b"{"):
            try:
                head = read_header(data.partition(b"\n")[0].decode("utf-8", "replace"))
                size = [head["width"], head["height"]]
            except BadCast:
                pass
        for found in _RESIZED.finditer(data):
            size = read_size(found[1].decode()) or size
        rest = data[data.rfind(b"\n") + 1 :][-200:]
    return size[0], size[1]
