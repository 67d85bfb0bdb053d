"""A link that loses packets and is long, and lives: nobody may say that it was lost.

``JUMPSEAT_CLEAN_SECONDS`` says for how long; an hour is 3600.
"""

import asyncio
import os
from collections.abc import Callable

import pytest

from tests.faults.lossy_cable import LossyCable, lossy_cable
from tests.journeys.broker import Engineer
from tests.journeys.network import inside, needs_namespaces
from tests.journeys.recording import LOG, TERMINAL
from tests.journeys.viewer import viewing
from tests.journeys.world import World

SECONDS = float(os.environ.get("JUMPSEAT_CLEAN_SECONDS", "60"))
LOSS, ROUND_TRIP = 0.05, 0.3
# More than such a link carries: so there is always more to send.
FLOOD = "while :; do seq 1 4000; sleep 0.2; done"

pytestmark = [needs_namespaces, pytest.mark.timeout(SECONDS + 300)]


async def test_no_false_alarm(world: World, told: Callable[[str], None]) -> None:
    await world.broker.stop()
    with lossy_cable() as one, lossy_cable() as other:
        world.broker.listen_at(one.address)
        await world.broker.start()
        alice = await world.broker.sign_in("alice")
        async with asyncio.TaskGroup() as group:
            idle = group.create_task(alarms(world, alice, one, flooded=False))
            flooded = group.create_task(alarms(world, alice, other, flooded=True))
        await world.broker.stop()
    for what, cable, found in (("idle", one, idle), ("flooded", other, flooded)):
        told(
            f"false alarms in {SECONDS:.0f} s with {ROUND_TRIP * 1000:.0f} ms there and back, "
            f"{cable.lost} of {cable.carried} packets lost, {what}: {len(found.result())}"
        )
        assert found.result() == []
        assert cable.lost


async def alarms(world: World, alice: Engineer, cable: LossyCable, *, flooded: bool) -> list[str]:
    """Let a session live for a while; what was told of losses, at either end."""
    customer = world.customer()
    customer.program = (*inside(cable.namespace), *customer.program)
    invitation = await world.broker.invite()
    await customer.grants(invitation.code, world.broker.url, "--drift", "off", "--for", "2h")
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        copy = await viewer.follow(TERMINAL)
        await viewer.is_told("at-keyboard")
        cable.loss, cable.delay = LOSS, ROUND_TRIP / 2
        before = copy.end
        if flooded:
            customer.terminal.type(f"{FLOOD}\n")
        await asyncio.sleep(SECONDS)
        found = [one.state for one in viewer.present if one.state == "link-lost"]
        found += [str(entry["why"]) for entry in customer.logged("link_lost")]
        assert found == []
        assert not flooded or copy.end > before
        cable.loss = cable.delay = 0.0
        await customer.does("end")
        await world.end_of(customer)
        # A flood's rest may be much.
        await viewer.until(lambda: viewer.present[-1].state == "ended", "the end", 300)
    return found
