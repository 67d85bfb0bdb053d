"""Each process is killed with -9 under a flood; no byte is lost, none comes twice."""

from broker.recording import asciicast, session_log
from tests.journeys.broker import Engineer
from tests.journeys.customer import Customer
from tests.journeys.recording import LOG, TERMINAL, events, output
from tests.journeys.viewer import viewing
from tests.journeys.waiting import until
from tests.journeys.world import World

LINES = 2_000_000
SECONDS = 100.0  # the flood takes a fifth of that on two idle cores


def numbers() -> str:
    """What ``seq`` prints, as a terminal shows it."""
    return "".join(f"{n}\r\n" for n in range(1, LINES + 1))


async def in_the_middle(customer: Customer) -> None:
    """Wait until the flood is on its way and far from its end."""
    await until(lambda: len(customer.stream(TERMINAL)) > 3_000_000, "the flood")
    assert str(LINES).encode() + b"\\r\\n" not in customer.stream(TERMINAL)


async def test_the_uplink_dies_in_a_flood(world: World, alice: Engineer) -> None:
    customer = await world.granted()

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(TERMINAL)
        customer.terminal.type(f"seq 1 {LINES}; echo 'flood'-over\n")
        await in_the_middle(customer)
        first = customer.part("uplink")
        first.kill()
        await viewer.until(lambda: "link-lost" in [one.state for one in viewer.present], "loss")
        await viewer.is_told("at-keyboard")
        await customer.terminal.expect("flood-over", SECONDS)
        await customer.until_logged("link_up", times=2)
        assert customer.part("uplink").pid != first.pid
        await world.end(customer)
        await viewer.is_told("ended")

    streams = await world.both_copies(customer, alice)
    assert output(streams[TERMINAL]).count(numbers()) == 1
    assert [entry["cause"] for entry in customer.logged("link_up")] == ["", "uplink-stopped"]
    assert len(customer.logged("link_lost")) == 1


async def test_the_broker_dies_in_a_flood(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    customer.terminal.type(f"seq 1 {LINES}; echo 'flood'-over\n")

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await in_the_middle(customer)
        await world.broker.kill()
        await viewer.until(lambda: viewer.closed, "the connection to break")
    held = bytes(viewer.copies[LOG].data)
    await customer.until_logged("link_lost")

    await world.broker.start()
    await customer.until_logged("link_up", times=2)
    async with viewing(world.broker, customer.session, alice) as viewer:
        # Still signed in; goes on where it was.
        await viewer.follow(LOG, len(held))
        await customer.terminal.expect("flood-over", SECONDS)
        await world.end(customer)
        await viewer.is_told("ended")
        assert held + viewer.copies[LOG].data == customer.stream(LOG)

    streams = await world.both_copies(customer, alice)
    assert output(streams[TERMINAL]).count(numbers()) == 1


async def test_the_recorder_dies_in_a_flood(world: World, alice: Engineer) -> None:
    customer = await world.granted()

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        customer.terminal.type(f"seq 1 {LINES}; echo 'flood'-over\n")
        await in_the_middle(customer)
        customer.part("recorder").kill()
        await viewer.is_told("recorder-lost")
        assert await customer.terminal.ended() != 0
        await until(lambda: not customer.parts("uplink"), "the uplink to end")

        held = await world.broker.stream(customer.session, TERMINAL, alice)
        whole = customer.stream(TERMINAL)
        assert held
        assert whole.startswith(held)

        # What a crash in the middle of a write leaves behind.
        with (customer.state / customer.session / TERMINAL).open("ab") as cast:
            cast.write(b'[99.1, "o", "torn')

        seat = await customer.asks("reattach")
        await customer.at_shell()
        await viewer.is_told("at-keyboard")
        assert customer.stream(TERMINAL) == whole[: asciicast.whole_lines(whole)]
        (gap,) = customer.logged("gap", run=2)
        assert gap["cause"] == "recorder-stopped"
        assert events(customer.stream(TERMINAL))[-1].t <= gap["since"] < gap["until"]
        seat.type("exit\n")
        assert await seat.ended() == 0
        await viewer.is_told("ended")

    await world.end_of(customer)
    streams = await world.both_copies(customer, alice)
    assert set(streams) == {LOG, TERMINAL, "run-2.log", "run-2.terminal-1.cast"}
    last = session_log.decode(streams["run-2.log"].decode().splitlines()[-1])
    assert last["event"] == "ended"
