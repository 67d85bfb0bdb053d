"""What engineers may do in each mode, and whose keys come first where several type."""

from tests.journeys.broker import Engineer
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.viewer import viewing
from tests.journeys.waiting import keeps
from tests.journeys.world import World


async def test_watch_lets_nobody_do_anything(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "watch")

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await viewer.type(TERMINAL, "echo never-$((40 + 2))\n")
        refused = await viewer.until_logged("refused")
        assert (refused["person"], refused["why"]) == ("alice", "mode")
        await viewer.send_proposal("echo never-$((40 + 3))")
        assert "mode" in (await viewer.is_declined("mode")).message
        # They may ask for more; that alone changes nothing.
        await viewer.request("control")
        await viewer.until_logged("requested")
        await viewer.request("control")
        await viewer.is_declined("asked")
        (asked,) = (await customer.status())["requests"]
        assert (asked["person"], asked["what"]) == ("alice", "control")
        await customer.does("refuse", asked["request"])
        assert (await viewer.until_logged("request_answered"))["answer"] == "no"

    await customer.runs("echo mine-$((40 + 2))")
    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    assert "never" not in output(streams[TERMINAL])
    assert "mine-42" in output(streams[TERMINAL])
    assert not customer.logged("proposed")


async def test_two_engineers_type_by_turns_and_the_customer_before_both(
    world: World, alice: Engineer
) -> None:
    customer = await world.granted("--mode", "control")
    bob = await world.broker.sign_in("bob")

    async with (
        viewing(world.broker, customer.session, alice) as first,
        viewing(world.broker, customer.session, bob) as second,
    ):
        for viewer in (first, second):
            await viewer.follow(LOG)
            await viewer.follow(TERMINAL)
        await first.nobody_types(customer)

        typed = {"alice": "echo of-", "customer": "-and-"}

        async def of_alice() -> None:
            await first.type(TERMINAL, "a")
            typed["alice"] += "a"

        async def of_customer() -> None:
            customer.terminal.type("c")
            typed["customer"] += "c"

        await first.type(TERMINAL, typed["alice"])
        async with keeps(of_alice):
            await second.until(lambda: second.holder() == "alice", "alice to type")
            assert second.turns[TERMINAL].holder == first.watching.you
            await of_alice()  # a turn is short on a machine that stands still
            await second.type(TERMINAL, "NEVER")
            refused = await second.until_logged("refused")
        assert (refused["person"], refused["why"]) == ("bob", "turn")
        await first.sees(TERMINAL, typed["alice"])

        # The customer needs no turn, and has it by typing.
        customer.terminal.type(typed["customer"])
        async with keeps(of_customer):
            await first.until(lambda: first.holder() == "customer", "the customer to type")
            await of_customer()
            await first.type(TERMINAL, "NEVER")
            refused = await first.until_logged("refused", 2)
        assert (refused["person"], refused["why"]) == ("alice", "turn")
        await second.sees(TERMINAL, typed["alice"] + typed["customer"])

        # A moment after their last key it is anybody's.
        await second.nobody_types(customer)
        before = len(customer.logged("command_started"))
        await second.type(TERMINAL, "-of-bob\n")
        line = "".join(typed.values()) + "-of-bob"
        await customer.terminal.expect(f"\r{line.removeprefix('echo ')}\r\n")
        entered = await first.until_logged("command_started", before + 1)
        shares = {person: len(keys) for person, keys in typed.items()}
        assert entered["shares"] == {**shares, "bob": 7}

    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    assert "NEVER" not in output(streams[TERMINAL])
