"""What people get wrong: each gets a clear sentence and a status, nothing crashes or is lost."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from tests.journeys.broker import Engineer
from tests.journeys.customer import Customer
from tests.journeys.recording import TERMINAL
from tests.journeys.viewer import viewing
from tests.journeys.world import World

USAGE, UNREACHABLE, REFUSED = 2, 4, 5


async def fails(customer: Customer, *arguments: str) -> tuple[int, str]:
    """Run a command in a terminal; its exit status and its last line."""
    seat = await customer.asks(*arguments)
    status = await seat.ended()
    await seat.expect("\n")
    told = bytes(seat.printed).decode()
    assert "Traceback" not in told
    assert not customer.parts("recorder")
    return status, told.rstrip().splitlines()[-1]


@contextmanager
def web_server() -> Iterator[str]:
    """Something that speaks HTTP and is no broker; its URL."""

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>Welcome</html>")

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


async def test_a_wrong_code(world: World) -> None:
    status, told = await fails(
        world.customer(), "grant", "aaaa-bbbb-cccc", "--broker", world.broker.url
    )
    assert status == REFUSED
    assert "code" in told


async def test_a_used_code(world: World) -> None:
    invitation = await world.broker.invite()
    first = world.customer()
    await first.grants(invitation.code, world.broker.url)

    status, told = await fails(
        world.customer(), "grant", invitation.code, "--broker", world.broker.url
    )

    assert status == REFUSED
    assert "used" in told
    await world.end(first)


async def test_no_broker_there(world: World) -> None:
    await world.broker.stop()
    status, told = await fails(world.customer(), "grant", "code", "--broker", world.broker.url)
    assert status == UNREACHABLE
    assert world.broker.url in told


async def test_not_a_broker(world: World) -> None:
    with web_server() as url:
        status, told = await fails(world.customer(), "grant", "code", "--broker", url)
    assert status == UNREACHABLE
    assert "no Jumpseat broker" in told


@pytest.mark.parametrize("url", ["ftp://example.org", "nonsense", "http://host:port"])
async def test_no_url_of_a_broker(world: World, url: str) -> None:
    status, told = await fails(world.customer(), "grant", "code", "--broker", url)
    assert status == USAGE
    assert "URL" in told


async def test_without_a_terminal_nothing_is_used_up(world: World) -> None:
    customer = world.customer()
    invitation = await world.broker.invite()

    status, out, err = await customer.command(
        "grant", invitation.code, "--broker", world.broker.url
    )

    assert (status, out) == (USAGE, "")
    assert "needs a terminal" in err
    await customer.grants(invitation.code, world.broker.url)
    await world.end(customer)


async def test_without_consent_nothing_is_used_up(world: World) -> None:
    customer = world.customer()
    invitation = await world.broker.invite()

    seat = await customer.asks("grant", invitation.code, "--broker", world.broker.url)
    await seat.expect('Type "I agree"')
    seat.type("yes\n")
    await seat.expect("nothing was granted")
    assert await seat.ended() == REFUSED
    await seat.close()

    await customer.grants(invitation.code, world.broker.url)
    await world.end(customer)


async def test_term_is_not_set(world: World, alice: Engineer) -> None:
    customer = world.customer()
    del customer.env["TERM"]
    invitation = await world.broker.invite()
    await customer.grants(invitation.code, world.broker.url)
    await customer.runs('echo "TERM=$TERM"')
    assert b"TERM=dumb" in customer.terminal.printed
    await world.end(customer)
    await world.both_copies(customer, alice)


@pytest.mark.parametrize(("window", "recorded"), [((0, 0), (80, 24)), ((500, 200), (500, 200))])
async def test_windows_of_odd_sizes(
    world: World, alice: Engineer, window: tuple[int, int], recorded: tuple[int, int]
) -> None:
    customer = world.customer()
    invitation = await world.broker.invite()
    await customer.grants(invitation.code, world.broker.url, "--mode", "control", size=window)
    head = json.loads(customer.stream(TERMINAL).splitlines()[0])
    assert (head["width"], head["height"]) == recorded

    async with viewing(world.broker, customer.session, alice) as viewer:
        late = await viewer.follow(TERMINAL, -1)
        await viewer.until(lambda: late.screen().size == recorded, "a screen of that size")
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "echo size-$((40 + 2))\n")
        await customer.terminal.expect("size-42")
    await world.end(customer)
    await world.both_copies(customer, alice)
