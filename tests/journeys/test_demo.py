"""The demo, as somebody new to it would go through it."""

from tests.journeys import processes
from tests.journeys.waiting import until
from tests.journeys.world import World


async def test_the_demo_from_its_first_screen_to_its_last(world: World) -> None:
    customer = world.customer()
    seat = await customer.asks("demo", "--data", str(world.folder / "demo"))
    await seat.expect("You are the ENGINEER")
    await seat.expect("/sign-in#")
    await seat.expect('Type "I agree"')
    seat.type("I agree\n")
    await customer.at_shell()
    await customer.runs("jumpseat status")
    assert b"A demonstration" in seat.printed
    assert b"mode        approve" in seat.printed
    await customer.runs("jumpseat disconnect")
    await customer.runs("echo off''line")
    await customer.runs("jumpseat reconnect")
    seat.type("exit\n")
    await seat.expect("The replay is at http://127.0.0.1:")
    seat.type("\n")
    assert await seat.ended() == 0
    (session,) = (path.parent for path in customer.state.glob("*/session.json"))
    kept = (session / "run-1.terminal-1.cast").read_bytes()
    (held,) = (world.folder / "demo" / "recordings" / session.name).glob("*.cast")
    assert held.read_bytes() == kept
    assert b"offline" in kept


async def test_a_window_that_is_closed_takes_the_broker_with_it(world: World) -> None:
    customer = world.customer()
    seat = await customer.asks("demo", "--data", str(world.folder / "demo"))
    await seat.expect('Type "I agree"')
    assert processes.marked(customer.mark)
    await seat.close()
    await until(lambda: not processes.marked(customer.mark), "the broker to end")
