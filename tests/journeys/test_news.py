"""Who has no page open is told as well: of one absence, across a broker that is killed."""

from tests.journeys.broker import Engineer
from tests.journeys.viewer import viewing
from tests.journeys.world import World
from tests.server.receiver import HANG, Receiver


async def test_an_absence_is_told_once_from_leaving_to_return(
    world: World, alice: Engineer
) -> None:
    async with Receiver().serving() as chat:
        await world.broker.stop()
        file = world.broker.data.with_suffix(".toml")
        file.write_text(chat.table())
        world.broker.options = ("--config", str(file))
        await world.broker.start()
        customer = world.customer()
        invitation = await world.broker.invite()
        await customer.grants(invitation.code, world.broker.url)
        async with viewing(world.broker, customer.session, alice) as viewer:
            await viewer.is_told("at-keyboard")
            chat.answers = [HANG]
            await customer.does("disconnect")
            await chat.has(lambda received: len(received) == 1)
        await world.broker.kill()
        await world.broker.start()
        await chat.has(lambda received: len(received) == 2)
        await customer.does("reconnect")
        await chat.has(lambda received: len(received) == 3)
        await world.end(customer)
        await chat.has(lambda received: len(received) == 4)
        await world.broker.stop()
    left, again, returned, ended = chat.received
    assert (left.id, left.body) == (again.id, again.body)
    assert [got.told["type"] for got in (left, returned, ended)] == ["left", "returned", "ending"]
    assert left.told["text"].endswith("the customer disconnected; the host goes on recording")
    assert returned.told["text"].endswith("s: disconnected by the customer")
    assert left.told["data"]["session"] == ended.told["data"]["session"] == customer.session
