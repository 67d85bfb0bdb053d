"""Every open websocket, so that each can be ended: with the broker, or with its sign-in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class _Connection:
    owner: str
    close: Callable[[], None]


class Connections:
    """For the loop's thread."""

    def __init__(self) -> None:
        self._open: set[_Connection] = set()

    @contextmanager
    def opened(self, close: Callable[[], None], owner: str = "") -> Iterator[None]:
        """Know a connection while the block runs; ``owner``: its sign-in. ``close`` never waits."""
        connection = _Connection(owner, close)
        self._open.add(connection)
        try:
            yield
        finally:
            self._open.discard(connection)

    def end(self, owner: str) -> None:
        """Close whatever this sign-in has open."""
        for connection in [one for one in self._open if one.owner == owner]:
            connection.close()

    def end_all(self) -> None:
        """The broker goes."""
        for connection in list(self._open):
            connection.close()
