"""jumpseat.pyz, fetched from the broker, on every Python that customers have, without pip."""

import pytest

from tests import interpreters
from tests.journeys.broker import Engineer
from tests.journeys.recording import TERMINAL, output
from tests.journeys.terminal import run
from tests.journeys.viewer import viewing
from tests.journeys.world import World


@pytest.mark.parametrize("version", interpreters.CUSTOMERS)
async def test_customers_side_is_one_file(world: World, alice: Engineer, version: str) -> None:
    python = interpreters.find(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    file = world.folder / "jumpseat.pyz"
    status, _, err = await run(
        ["curl", "-fsS", "-o", str(file), f"{world.broker.url}/jumpseat.pyz"], world.env
    )
    assert status == 0, err
    customer = world.customer([python, "-I", "-W", "error", str(file)])
    invitation = await world.broker.invite()

    await customer.grants(invitation.code, world.broker.url, "--mode", "control")
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(TERMINAL)
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "echo $((40 + 2))-by-alice\n")
        await customer.terminal.expect("42-by-alice")
        assert (await customer.status())["watching"] == ["alice"]
        await customer.does("end")
        await viewer.is_told("ended")

    await customer.terminal.ended()
    await world.end_of(customer)
    streams = await world.both_copies(customer, alice)
    assert "42-by-alice" in output(streams[TERMINAL])


async def test_the_line_of_the_invitation_is_all_that_a_customer_needs(world: World) -> None:
    invitation = await world.broker.invite()
    customer = world.customer(["sh", "-c"])

    seat = await customer.asks(f"cd {world.folder} && {invitation.line}")

    await seat.expect('Type "I agree"')
    seat.type("no\n")
    await seat.expect("nothing was granted")
    assert await seat.ended() != 0
