"""Many sessions at once: each viewer sees its own, and nothing of the others."""

import asyncio

from tests.journeys.broker import Engineer
from tests.journeys.recording import TERMINAL, output
from tests.journeys.viewer import viewing
from tests.journeys.world import World

SESSIONS = 20


async def travel(world: World, alice: Engineer, number: int, everyone: asyncio.Barrier) -> None:
    """One session among the others."""
    customer = await world.granted("--mode", "control")
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(TERMINAL)
        await viewer.is_told("at-keyboard")
        await viewer.nobody_types(customer)
        await everyone.wait()
        for turn in range(5):
            await viewer.type(TERMINAL, f"echo session-$(({number} * 1000 + {turn})).\n")
            await viewer.gets(TERMINAL, f"session-{number * 1000 + turn}.")
        await everyone.wait()
        await world.end(customer)
        await viewer.is_told("ended")
    streams = await world.both_copies(customer, alice)
    printed = output(streams[TERMINAL])
    for other in range(1, SESSIONS + 1):
        for turn in range(5):
            count = printed.count(f"\rsession-{other * 1000 + turn}.\r\n")
            assert count == (other == number)


async def test_twenty_sessions_with_a_viewer_each(world: World, alice: Engineer) -> None:
    everyone = asyncio.Barrier(SESSIONS)
    async with asyncio.TaskGroup() as group:
        for number in range(1, SESSIONS + 1):
            group.create_task(travel(world, alice, number, everyone))

    answer = await world.broker.request("GET", "/api/sessions", engineer=alice)
    assert len(answer.json) == SESSIONS
    assert {one["presence"]["state"] for one in answer.json} == {"ended"}
