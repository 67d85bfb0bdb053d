r"""Marks: what our hooks in a shell say to the recorder, through the terminal and unseen. Pure.

A mark is ``ESC ] 7717 ; NONCE ; KIND ; FIELDS ESC \``: an operating system command with a number
that nobody else uses and a nonce that only the shell and the recorder know. It is taken out before
anything is recorded, shown or sent; without the right nonce it is output like any other. The way
through the terminal is the only one that keeps its order with what commands print.
"""

from __future__ import annotations

import re
import secrets
from typing import Iterator, List, NamedTuple, Tuple, Union

_INTRODUCER = b"\x1b]7717;"
_END = b"\x1b\\"
_LONGEST_BYTES = 4096
"""Hooks cut what is longer into pieces; nothing is held back for longer than this."""
_FIELDS = {b"s": 2, b"p": 3, b"x": 1, b"e": 2, b"l": 2, b"w": 2, b"c": 1}
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")


class Mark(NamedTuple):
    """One mark: its kind, the process of the shell that made it, its other fields, decoded.

    ``s`` (name and version): a shell has begun; ``p`` (status, working directory): it is about to
    prompt; ``x``: its line editor has cleared the rows of a line; ``e``, ``l``: a piece, and the
    last piece, of a line on which Enter was pressed; ``w``: a piece of a whole command; ``c``: the
    command begins.
    """

    kind: str
    pid: int
    fields: Tuple[bytes, ...]


Part = Union[bytes, Mark]


def new_nonce() -> str:
    """128 random bits, for one terminal."""
    return secrets.token_hex(16)


class MarkReader:
    """Parts one terminal's output into marks and what is to be recorded. Feed it all, in order."""

    def __init__(self, nonce: str) -> None:
        self._begin = _INTRODUCER + nonce.encode() + b";"
        self._rest = b""

    def feed(self, data: bytes) -> List[Part]:
        """What this output holds, in order; a mark that is cut by its end comes with the next."""
        if not self._rest and b"\x1b" not in data:
            return [data]
        return list(self._parts(self._rest + data))

    def finish(self) -> bytes:
        """What was held back and has become no mark, when there is no more output."""
        rest, self._rest = self._rest, b""
        return rest

    def _parts(self, data: bytes) -> Iterator[Part]:
        self._rest = b""
        at = 0
        while True:
            begin = data.find(self._begin, at)
            if begin < 0:
                end = len(data) - self._cut(data[at:])
                self._rest = data[end:]
                if end > at:
                    yield data[at:end]
                return
            if begin > at:
                yield data[at:begin]
            found = self._mark(data, begin)
            if found is None:
                self._rest = data[begin:]
                return
            part, at = found
            yield part

    def _mark(self, data: bytes, begin: int) -> Union[Tuple[Part, int], None]:
        """The mark here and where it ends; None: it is cut. Where it is none, its beginning."""
        body = begin + len(self._begin)
        escape = data.find(b"\x1b", body)
        if escape < 0 or escape + 1 == len(data):
            return None if len(data) - begin <= _LONGEST_BYTES else (self._begin, body)
        if not data.startswith(_END, escape):  # another program has printed into its midst
            return self._begin, body
        mark = _read(data[body:escape])
        return (self._begin, body) if mark is None else (mark, escape + len(_END))

    def _cut(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a mark."""
        at = data.rfind(b"\x1b", max(0, len(data) - len(self._begin) + 1))
        return len(data) - at if at >= 0 and self._begin.startswith(data[at:]) else 0


def _read(body: bytes) -> Union[Mark, None]:
    kind, _, rest = body.partition(b";")
    count = _FIELDS.get(kind)
    if count is None:
        return None
    pid, *fields = rest.split(b";", count - 1)
    if len(fields) != count - 1 or not (pid.isdigit() and len(pid) < 10):
        return None
    return Mark(kind.decode(), int(pid), tuple(map(_decoded, fields)))


def _decoded(field: bytes) -> bytes:
    return _ENCODED.sub(lambda found: bytes([int(found[1], 16)]), field)
