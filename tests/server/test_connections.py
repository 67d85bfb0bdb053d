import asyncio
import time

from broker.server.access import SIGN_IN_SECONDS
from broker.server.http.connections import Connections
from broker.server.stores.metadata import SignIn


def sign_in(token_hash: str, seconds_left: float) -> SignIn:
    created = time.time() - SIGN_IN_SECONDS + seconds_left
    return SignIn(token_hash, "e1", "alice", created, created)


async def test_a_connection_ends_when_its_sign_in_expires() -> None:
    closed = asyncio.Event()
    with Connections().opened(closed.set, sign_in("a", 0.05)):
        async with asyncio.timeout(10):
            await closed.wait()


async def test_a_connection_that_is_gone_is_not_closed_again() -> None:
    closed: list[str] = []
    connections = Connections()
    with connections.opened(lambda: closed.append("a"), sign_in("a", 1000)):
        connections.end("b")
    connections.end("a")
    connections.end_all()
    assert closed == []


async def test_each_is_ended_with_its_sign_in_and_all_with_the_broker() -> None:
    closed: list[str] = []
    connections = Connections()
    with (
        connections.opened(lambda: closed.append("a"), sign_in("a", 1000)),
        connections.opened(lambda: closed.append("b"), sign_in("b", 1000)),
        connections.opened(lambda: closed.append("host")),
    ):
        connections.end("a")
        assert closed == ["a"]
        connections.end_all()
        assert sorted(closed) == ["a", "a", "b", "host"]
