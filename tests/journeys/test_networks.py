"""A network that swallows every packet without a word, in a namespace that the test makes."""

from tests.journeys.network import inside, needs_namespaces, switched
from tests.journeys.recording import LOG, TERMINAL
from tests.journeys.viewer import viewing
from tests.journeys.world import World

pytestmark = needs_namespaces


async def test_packets_are_dropped(world: World) -> None:
    await world.broker.stop()
    with switched() as switch:
        cable = switch.cable()
        world.broker.listen_at(switch.address)
        await world.broker.start()
        alice = await world.broker.sign_in("alice")
        customer = world.customer()
        customer.program = (*inside(cable.namespace), *customer.program)
        invitation = await world.broker.invite()
        await customer.grants(invitation.code, world.broker.url, "--mode", "control")

        async with viewing(world.broker, customer.session, alice) as viewer:
            await viewer.follow(LOG)
            await viewer.follow(TERMINAL)
            await viewer.is_told("at-keyboard")
            cable.swallow()
            await customer.runs("echo meanwhile-$((40 + 2))")
            await viewer.is_told("link-lost")
            await customer.until_logged("link_lost")
            assert "meanwhile-42" not in viewer.copies[TERMINAL].screen().text

            cable.heal()
            await viewer.sees(TERMINAL, "meanwhile-42")
            await viewer.is_told("at-keyboard")
            await customer.until_logged("link_up", times=2)
            assert customer.logged("link_up")[-1]["cause"] == "network lost"

        await world.end(customer)
        await world.both_copies(customer, alice)
        await world.broker.stop()
