"""Several terminals: asked for, agreed to, switched between; the session ends with the last."""

from tests.journeys.broker import Engineer
from tests.journeys.customer import Customer
from tests.journeys.panel import PREFIX, Panel
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.terminal import Terminal
from tests.journeys.viewer import viewing
from tests.journeys.world import World

SECOND, THIRD = "run-1.terminal-2.cast", "run-1.terminal-3.cast"


async def terminals(customer: Customer) -> dict[int, bool]:
    """The numbers of those that are open, and whether each has a seat."""
    return {one["number"]: one["seated"] for one in (await customer.status())["terminals"]}


async def test_asked_for_agreed_to_switched_and_closed(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control", "--terminals", "2")
    panel, seat = Panel(customer), customer.terminal

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)

        # The second was agreed to in the grant, the third is asked for.
        await viewer.request("terminal")
        await viewer.follow(SECOND)
        answered = await viewer.until_logged("request_answered")
        assert (answered["by"], answered["answer"]) == ("the grant", "yes")
        await viewer.request("terminal")
        await viewer.until_logged("requested", 2)
        assert THIRD not in viewer.names
        await panel.answers("alice asks for another terminal", "y: open one")
        panel.press("y")
        await viewer.follow(THIRD)
        assert await terminals(customer) == {1: True, 2: False, 3: False}

        # The customer looks at the second, while the engineer works in it.
        await viewer.gets(SECOND, "\\u001b[?2004h")
        await viewer.type(SECOND, "echo in-se''cond\n")
        await viewer.gets(SECOND, "in-second")
        panel.press(PREFIX + "2")
        await seat.expect("in-second")
        await customer.runs("echo cust''omer-here")
        await viewer.gets(SECOND, "customer-here")
        assert await terminals(customer) == {1: False, 2: True, 3: False}
        panel.press(PREFIX + "7")
        await panel.says("There is no terminal 7; there is 1, 2, 3.")

    await customer.does("end")
    await seat.ended()
    await world.end_of(customer)
    streams = await world.both_copies(customer, alice)
    assert set(streams) == {LOG, TERMINAL, SECOND, THIRD}
    assert "customer-here" in output(streams[SECOND])
    assert "customer-here" not in output(streams[TERMINAL])


async def test_the_session_ends_with_the_last(world: World, alice: Engineer) -> None:
    customer = await world.granted("--terminals", "2")
    seat = customer.terminal

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await viewer.request("terminal")
        await viewer.follow(SECOND)
        await viewer.gets(SECOND, "\\u001b[?2004h")
        Panel(customer).press(PREFIX + "2")
        await viewer.until_logged("attached", 2)

        # Another window at the first: closing one is not being away.
        other = Terminal()
        await other.run([*customer.program, "reattach", "--terminal", "1"], customer.env)
        await other.expect("`exit` ends it.")
        await viewer.until_logged("attached", 3)
        assert await terminals(customer) == {1: True, 2: True}
        await other.close()
        await viewer.request("time")  # told in the order of the log
        await viewer.until_logged("requested", 2)
        assert await terminals(customer) == {1: False, 2: True}
        assert viewer.present[-1].state == "at-keyboard"
        assert not viewer.logged("input_paused")

        # The one that the customer is at closes: they go on at another.
        seat.type("exit\n")
        await viewer.until_logged("closed")
        await viewer.until_logged("attached", 4)
        await customer.runs("echo back-in-fi''rst")
        await viewer.gets(TERMINAL, "back-in-first")
        assert await terminals(customer) == {1: True}

        # The last ends the session.
        seat.type("exit\n")
        assert await seat.ended() == 0
        await viewer.is_told("ended")

    await world.end_of(customer)
    streams = await world.both_copies(customer, alice)
    assert set(streams) == {LOG, TERMINAL, SECOND}
    assert "back-in-first" in output(streams[TERMINAL])
