"""Every open websocket, so that each can be ended: with the broker, or with its sign-in."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from broker.server.access import PAGE_SECONDS, SIGN_IN_SECONDS
from broker.server.stores.metadata import PageSignIn, SignIn


@dataclass(frozen=True, slots=True, eq=False)
class _Connection:
    owner: str
    close: Callable[[], None]


class Connections:
    """For the loop's thread."""

    def __init__(self) -> None:
        self._open: set[_Connection] = set()

    @contextmanager
    def opened(
        self, close: Callable[[], None], sign_in: SignIn | PageSignIn | None = None
    ) -> Iterator[None]:
        """Know a connection while the block runs. ``close`` never waits.

        It is closed with its sign-in, if it has one: when that is ended, and when it expires.
        """
        connection = _Connection(sign_in.token_hash if sign_in else "", close)
        self._open.add(connection)
        loop = asyncio.get_running_loop()
        expiry = None
        if sign_in is not None:
            lasts = SIGN_IN_SECONDS if isinstance(sign_in, SignIn) else PAGE_SECONDS
            left = sign_in.created + lasts - time.time()
            expiry = loop.call_later(max(0.0, left), close)
        try:
            yield
        finally:
            self._open.discard(connection)
            if expiry is not None:
                expiry.cancel()

    def end(self, owner: str) -> None:
        """Close whatever this sign-in has open."""
        for connection in [one for one in self._open if one.owner == owner]:
            connection.close()

    def end_all(self) -> None:
        """The broker goes."""
        for connection in list(self._open):
            connection.close()
