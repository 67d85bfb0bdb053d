"""A host and a broker at the ends of a path that loses packets: simulated, on a clock of its own.

TCP is here as far as it decides what an end hears and when: what is lost is sent again after a
wait that doubles each time, and what was sent behind it is not read before it. Nothing is here of
what makes a real TCP recover sooner where little is sent (tail loss probes, selective
acknowledgements), so the silences of this one are longer.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

from broker.wire.link import BROKER_TO_HOST, HOST_TO_BROKER, Link, LinkState
from broker.wire.messages import Append, Held, Hello, Message, Welcome

HOUR = 3600.0
_HELLO = Hello(2, "s", "t", 1, "boot", 0.0, 0.0, 0.0, "0", 0)
_WELCOME = Welcome(1, "b1", 0.0, {})
_PIECE = Append("run-1.terminal-1.cast", 0, bytes(64 * 1024))
_LEAST_WAIT = 0.2
_SEGMENT_BYTES = 1400


@dataclass(frozen=True)
class Path:
    """What is sent loses so many of its packets, and takes so long, in seconds there and back."""

    loss: float
    round_trip: float
    bytes_per_second: float = 1e9


class _Direction:
    """One direction of a TCP connection."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self._path = path
        self._chance = chance
        self._free = 0.0
        self._read = 0.0

    def arrivals(self, now: float, size: int) -> list[float]:
        """When the segments of a message that is sent now can be read, in order."""
        path, segments = self._path, -(-size // _SEGMENT_BYTES)
        # Its sender's bytes of before may still be queued for the path.
        self._free = max(now, self._free)
        read = []
        for n in range(segments):
            self._free += size / segments / path.bytes_per_second
            arrived = self._free + path.round_trip / 2 + self._held_up(segments - n - 1)
            self._read = max(self._read, arrived)
            read.append(self._read)
        return read

    def _held_up(self, behind: int) -> float:
        """How much later than sent a segment arrives, with so many sent close behind it."""
        lost, wait = 0.0, self._path.round_trip + _LEAST_WAIT
        while self._chance.random() < self._path.loss:
            if behind >= 3 and not lost:
                lost += self._path.round_trip  # told by the acknowledgements of those (RFC 5681)
            else:
                lost += wait
                wait *= 2
        return lost


class Pair:
    """The two ends of one link. ``flood``: the host has always more to send than is taken."""

    def __init__(self, path: Path, seed: int, *, flood: bool = False) -> None:
        chance = random.Random(seed)  # noqa: S311 - a simulation
        self.now = 0.0
        self._cut = False
        self._pieces = 8 if flood else 0
        self._order = itertools.count()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self.host = Link(HOST_TO_BROKER, 0.0)
        self.broker = Link(BROKER_TO_HOST, 0.0)
        self._ways = {self.host: _Direction(path, chance), self.broker: _Direction(path, chance)}
        self._send(self.host, _HELLO)

    @property
    def lost(self) -> bool:
        """Whether either end has given the other up."""
        return LinkState.LOST in (self.host.state, self.broker.state)

    def run(self, seconds: float) -> None:
        """Let so much time go by, or less where the link is lost."""
        until = self.now + seconds
        while not self.lost and self._later[0][0] <= until:
            self.now, _, act = heapq.heappop(self._later)
            act()
        if not self.lost:
            self.now = until

    def cut(self) -> float:
        """Let nothing through any more; when that was."""
        self._cut = True
        return self.now

    def _at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._later, (when, next(self._order), act))

    def _send(self, end: Link, message: Message) -> None:
        other = self.broker if end is self.host else self.host
        size = len(message.data) if isinstance(message, Append) else 60
        *pieces, whole = self._ways[end].arrivals(self.now, size)
        for when in pieces:
            self._at(when, lambda: self._stir(other))
        self._at(whole, lambda: self._read(other, message))

    def _stir(self, end: Link) -> None:
        if not self._cut:
            end.stir(self.now)

    def _read(self, end: Link, message: Message) -> None:
        if self._cut:
            return
        before = end.state
        answer = end.receive(message, self.now)
        if end.state is not before:
            self._watch(end)
        if answer is not None:
            self._send(end, answer)
        if isinstance(message, Hello):
            self._send(end, _WELCOME)
        elif isinstance(message, Append):
            self._send(end, Held(message.stream, 0))
        elif isinstance(message, Welcome):
            for _ in range(self._pieces):
                self._send(end, _PIECE)
        elif isinstance(message, Held):
            self._send(end, _PIECE)

    def _watch(self, end: Link) -> None:
        ping = end.tick(self.now)
        if ping is not None:
            self._send(end, ping)
        self._at(end.due, lambda: self._watch(end))


def alarms(path: Path, hours: float, *, flood: bool = False) -> int:
    """How often a link that lives is given up in so many hours, in all its lives."""
    found, left = 0, hours * HOUR
    while left > 0:
        pair = Pair(path, seed=found, flood=flood)
        pair.run(left)
        left -= pair.now
        found += pair.lost
    return found
