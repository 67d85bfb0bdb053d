"""Secrets masked in what a terminal prints, as it prints it. Pure.

Lines in which no secret can begin pass as they are; all others are looked at (``masked_line``).
Where the reads are cut makes no difference.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from broker.host.masked_line import MaskedLine
from broker.host.masks import KEY_NEEDLE, Mask, cut, fitting, found, needles

_MOST_BYTES = 4096
"""Of a line in which nothing has begun yet."""
_FLOOD_BYTES = 4096
"""Of so much output at once, some lines will need a closer look."""
_STRING = re.compile(rb"\x1b\][^\x07\x1b\n]*")
_SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-B]|[=>78]|\][^\x07\x1b\n]*(?:\x07|\x1b\\))"
)
# What moves the cursor within a line: then its bytes do not tell in order what it shows.
_MOVED = re.compile(rb"\x1b\[[0-9]*[CDGPX@]")
_RETURNED = re.compile(rb"\r(?=[^\r\n])")
_MOVES = re.compile(rb"\x08|\r(?=[^\r\n])|\x1b(?:\[[0-9]*[CDGPX@]|\])")
_UNFINISHED = re.compile(
    rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}|[ -/]{0,4}|\][^\x07\x1b\n]{0,4000}\x1b?)?\Z"
)


class Masker:
    """One terminal's. ``cols``: its width."""

    def __init__(self, masks: Sequence[Mask], cols: int) -> None:
        self._masks = masks
        self._needles = _by_signs(needles(masks))
        self._counts: Dict[str, int] = {}
        self._rest = b""
        """The beginning of a sequence or a character whose end is not printed yet."""
        self._before = b""
        """What was printed of this line, while nothing has begun in it."""
        self._line: Optional[MaskedLine] = None
        self._cols = max(2, cols)

    def resized(self, cols: int) -> None:
        """The terminal has another width."""
        self._cols = max(2, cols)
        if self._line is not None:
            self._line.cols = self._cols

    @property
    def held(self) -> bool:
        """Whether output is held back; call ``flush`` when no more comes for a while."""
        return bool(self._rest) or (self._line is not None and self._line.holds)

    def take_counts(self) -> Dict[str, int]:
        """How many secrets were masked since this was last asked, by the names of the patterns."""
        counts, self._counts = self._counts, {}
        return counts

    def feed(self, data: bytes) -> bytes:
        """Take in output; what of it, and of what was held back, may be shown now."""
        data = self._rest + data
        end = _complete(data)
        self._rest, data = data[end:], data[:end]
        few = self._line is None and len(data) < _FLOOD_BYTES
        if few and not self._suspicious(self._before + data):
            self._keep(data)
            return data
        lines = data.split(b"\n")
        rows = [*self._suspicious_rows(data), len(lines)]
        shown = []
        at = 0
        while at < len(lines):
            # What the first line begins with was printed before.
            clean = self._line is None and at > 0
            end = rows[bisect_left(rows, at)] if clean else at
            if end > at:
                some = b"\n".join(lines[at:end]) + (b"\n" if end < len(lines) else b"")
                self._keep(some)
                shown.append(some)
            else:
                end = at + 1
                shown.append(self._feed_line(lines[at] + (b"\n" if end < len(lines) else b"")))
            at = end
        return b"".join(shown)

    def flush(self) -> bytes:
        """What is held back, now: masked where enough of a secret has come, else as it is."""
        shown = b""
        if self._line is not None:
            self._line.settle()
            shown = self._line.take()
        rest, self._rest = self._rest, b""
        if rest:
            self._keep(rest)
        return shown + rest

    def _feed_line(self, data: bytes) -> bytes:
        """A line, or a piece of one."""
        if self._line is None:
            if not self._suspicious(self._before + data):
                self._keep(data)
                return data
            self._line = MaskedLine(self._masks, self._cols, self._counts_one)
            self._line.stood(_text(self._before))
            self._before = b""
        self._line.printed(_text(data))
        shown = self._line.take()
        if self._line.idle:
            self._line = None
        return shown

    def _counts_one(self, name: str) -> None:
        self._counts[name] = self._counts.get(name, 0) + 1

    def _keep(self, data: bytes) -> None:
        begin = data.rfind(b"\n") + 1
        self._before = ((b"" if begin else self._before) + data[begin:])[-_MOST_BYTES:]

    def _suspicious(self, data: bytes) -> bool:
        """Whether a closer look at these lines, or at this one, is needed."""
        if b"\b" in data or _returned(data):
            return True
        bare = data
        if b"\x1b" in data:
            if _MOVED.search(data) is not None or self._begins(b"".join(_STRING.findall(data))):
                return True
            bare = _SEQUENCE.sub(b"", data)
        if not self._begins(bare):
            return False
        if b"\n" in bare[:-1] or KEY_NEEDLE.encode() in bare.lower():
            return True
        line = _text(bare)
        masks = fitting(line, self._masks)
        return bool(found(line, masks) or cut(line, masks, 0, len(line)))

    def _begins(self, data: bytes) -> bool:
        low = data.lower()
        for needle in self._worth(low):  # noqa: SIM110 - for each key: any() takes twice as long
            if needle in low:
                return True
        return False

    def _worth(self, low: bytes) -> List[bytes]:
        """The needles that may be in this text and mean something there, by their signs."""
        worth: List[bytes] = []
        for signs, some in self._needles:
            for sign in signs:
                if sign in low:
                    worth += some
                    break
        return worth

    def _suspicious_rows(self, data: bytes) -> List[int]:
        """The lines that need a closer look, by number, in order."""
        moves = b"\b" in data or b"\x1b" in data or _returned(data)
        rows = set(_rows(data, (one.start() for one in _MOVES.finditer(data)) if moves else ()))
        low = _SEQUENCE.sub(b"", data).lower() if b"\x1b" in data else data.lower()
        begins = []
        for needle in self._worth(low):
            at = low.find(needle)
            while at >= 0:
                begins.append(at)
                at = low.find(needle, at + 1)
        return sorted(rows.union(_rows(low, begins)))


def _by_signs(needles: Mapping[str, str]) -> List[Tuple[List[bytes], List[bytes]]]:
    """Needles by signs, of which one must be there as well: one search rules several out."""
    found: Dict[str, List[bytes]] = {}
    for needle, signs in needles.items():
        found.setdefault(signs, []).append(needle.encode())
    return [([one.encode() for one in signs] or [b""], some) for signs, some in found.items()]


def _returned(data: bytes) -> bool:
    """Whether the cursor goes back to the beginning of a line, and something is printed there."""
    return _RETURNED.search(data) is not None


def _rows(data: bytes, places: Iterable[int]) -> Iterator[int]:
    """The numbers of the lines in which these places are."""
    row = before = 0
    for place in sorted(places):
        row += data.count(b"\n", before, place)
        before = place
        yield row


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _complete(data: bytes) -> int:
    """Where the sequence, or the character, begins whose end is not there yet."""
    last = data.rfind(b"\x1b")
    if last >= len(data) - _MOST_BYTES and last >= 0:
        before = data.rfind(b"\x1b", max(0, last - _MOST_BYTES), last)
        for at in (before, last):
            if at >= 0 and _UNFINISHED.match(data, at) is not None:
                return at
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte >= 0xC2:
            return len(data) - (back if back < 2 + (byte >= 0xE0) + (byte >= 0xF0) else 0)
        if byte < 0x80:
            break
    return len(data)
