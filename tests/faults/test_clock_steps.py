"""A host whose wall clock is set: nobody left, nothing was lost, and the grant lasts no longer."""

import pytest

from tests.faults.hosts import Host, sleepy_python
from tests.faults.test_noticed import no_freezer
from tests.journeys.broker import Engineer
from tests.journeys.network import needs_namespaces, switched
from tests.journeys.recording import TERMINAL
from tests.journeys.world import World

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(no_freezer(), reason="control groups of version 2 are needed"),
]
HOUR = 3600.0


@pytest.mark.parametrize("seconds", [-HOUR, 24 * HOUR])
async def test_a_wall_clock_that_is_set_is_no_absence(world: World, seconds: float) -> None:
    await world.broker.stop()
    with switched() as switch:
        world.broker.listen_at(switch.address)
        await world.broker.start()
        alice = await world.broker.sign_in("alice")
        host = Host(world, switch.cable(), sleepy_python(world.folder / "python"))
        try:
            await host.grants()
            await host.watched(alice, lambda: stepped(world, alice, host, seconds))
            await world.end(host.customer)
            await world.close()
        finally:
            host.close()


async def stepped(world: World, alice: Engineer, host: Host, seconds: float) -> None:
    """The clock is set; what then happens is told as it is."""
    left = (await host.customer.status())["seconds_left"]
    await host.viewer.follow(TERMINAL)
    host.step_clock(seconds)
    for n in range(3):
        await host.customer.runs(f"echo set-{n}-$((40 + 2))")
        await host.viewer.sees(TERMINAL, f"set-{n}-42")
    assert left - (await host.customer.status())["seconds_left"] < HOUR / 2
    host.command("disconnect")()
    await host.viewer.is_told("disconnected")
    host.command("reconnect")()
    assert await host.returned(1) == "reconnected"
    told = await world.broker.request(
        "GET", f"/api/sessions/{host.customer.session}/away", engineer=alice
    )
    (report,) = told.json["absences"]
    assert report["says"] == "disconnected by the customer"
    assert 0 <= report["until"] - report["since"] < HOUR / 2
