"""The link is lost in different ways; each is noticed, and the shell does not care."""

import signal

import pytest

from broker.wire.messages import Present
from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG, TERMINAL
from tests.journeys.viewer import Viewer, viewing
from tests.journeys.waiting import until
from tests.journeys.world import World


def states(present: list[Present]) -> list[str]:
    """What was told, in order, without repetition."""
    told = [one.state for one in present]
    return [state for at, state in enumerate(told) if at == 0 or told[at - 1] != state]


async def watched(viewer: Viewer) -> None:
    """Watch everything from its beginning."""
    await viewer.follow(LOG)
    await viewer.follow(TERMINAL)
    await viewer.is_told("at-keyboard")


async def test_a_link_that_the_customer_cuts(world: World, alice: Engineer) -> None:
    customer = await world.granted()
    async with viewing(world.broker, customer.session, alice) as viewer:
        await watched(viewer)
        await customer.does("disconnect")
        # No process of the customer's talks to the network any more.
        await until(lambda: not customer.parts("uplink"), "the uplink to end")
        assert (await customer.status())["link"] == "disconnected"
        await viewer.is_told("disconnected")
        await customer.does("reconnect")
        await viewer.is_told("at-keyboard")
        assert states(viewer.present)[-3:] == ["at-keyboard", "disconnected", "at-keyboard"]
        await world.end(customer)
    await world.both_copies(customer, alice)


@pytest.mark.parametrize("stopped", [False, True], ids=["killed", "frozen"])
async def test_an_uplink_that_is_gone_or_hangs(
    world: World, alice: Engineer, stopped: bool
) -> None:
    customer = await world.granted()
    async with viewing(world.broker, customer.session, alice) as viewer:
        await watched(viewer)
        uplink = customer.part("uplink")
        uplink.kill(signal.SIGSTOP if stopped else signal.SIGKILL)
        await customer.runs("echo meanwhile-$((40 + 2))")
        # Another uplink is started by itself: it may be lost for a moment only.
        lost = await viewer.until(
            lambda: [one for one in viewer.present if one.state == "link-lost"], "the loss"
        )
        await viewer.gets(TERMINAL, "meanwhile-42")
        await viewer.is_told("at-keyboard")
        await customer.until_logged("link_up", times=2)
        assert states(viewer.present)[-3:] == ["at-keyboard", "link-lost", "at-keyboard"]
        assert "recording" in lost[0].detail
        await world.end(customer)
    await world.both_copies(customer, alice)
