"""When each stream of a session is due for a receipt. Pure: it is told the time."""

from dataclasses import dataclass

from broker.recording.receipts import EVERY_SECONDS

_LONG_AGO = float("-inf")


@dataclass(slots=True)
class _Stream:
    held: int = 0
    covered: int = 0
    signed: float = _LONG_AGO
    """When a receipt was last due."""
    settled: bool = True
    """Nothing of it is on its way to the disk."""
    finished: bool = False
    """It has reached what may be its end, and no receipt was due since."""


class ReceiptTimes:
    """Times are seconds of a clock that never goes back.

    A stream that grows is due 4 s after its last receipt, so at once after a pause, and as soon as
    its end is durable.
    """

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}
        self._open: set[str] = set()
        """Those that hold more than a receipt says."""

    def grew(self, name: str, held: int, *, settled: bool) -> None:
        """The stream is durable up to ``held``; ``settled``: that is all that was received."""
        stream = self._stream(name)
        stream.held, stream.settled = held, settled
        self._look(name, stream)

    def covered(self, name: str, offset: int) -> None:
        """A receipt speaks for the stream up to ``offset``."""
        stream = self._stream(name)
        stream.covered = max(stream.covered, offset)
        self._look(name, stream)

    def finish(self, name: str) -> None:
        """The stream has ended, or what it is about has; more of it may still be to come."""
        self._stream(name).finished = True

    def hurry(self) -> None:
        """Every stream that holds more than a receipt says is due at once."""
        for name in self._open:
            self._streams[name].signed = _LONG_AGO

    def next(self) -> float | None:
        """When a stream will be due, if none grows; None: not at all."""
        return min((self._due(self._streams[name]) for name in self._open), default=None)

    def due(self, now: float) -> dict[str, int]:
        """The streams that are due, and up to where; they are taken for signed."""
        return self._signed([n for n in self._open if self._due(self._streams[n]) <= now], now)

    def all(self, now: float) -> dict[str, int]:
        """Every stream that holds more than a receipt says, likewise."""
        return self._signed(list(self._open), now)

    def _stream(self, name: str) -> _Stream:
        return self._streams.setdefault(name, _Stream())

    def _look(self, name: str, stream: _Stream) -> None:
        (self._open.add if stream.held > stream.covered else self._open.discard)(name)

    def _due(self, stream: _Stream) -> float:
        if stream.finished and stream.settled:
            return _LONG_AGO
        return stream.signed + EVERY_SECONDS

    def _signed(self, names: list[str], now: float) -> dict[str, int]:
        for name in names:
            stream = self._streams[name]
            stream.signed, stream.finished = now, False
        return {name: self._streams[name].held for name in names}
