"""An engineer's page that is none: it harms neither the session nor whoever else watches."""

import json
from dataclasses import asdict

from broker.wire.messages import Input, LiftHold, Propose, PutHold, Withdraw
from tests.journeys.broker import Engineer
from tests.journeys.page import opened
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.viewer import viewing
from tests.journeys.world import World

FLOOD, TOO_MANY = 500, 400


async def test_forged_oversized_and_too_many(world: World, alice: Engineer) -> None:
    customer = await world.granted("--mode", "control", "--page", "approve")
    mallory = await world.broker.sign_in("mallory")
    link = (await customer.status())["page"]

    async with (
        viewing(world.broker, customer.session, alice) as viewer,
        opened(world.broker, link) as page,
    ):
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await viewer.nobody_types(customer)
        mine = await viewer.propose("echo mi''ne")

        async with viewing(world.broker, customer.session, mallory) as bad:
            await bad.follow(LOG)
            # Whoever they say they are, they are themselves.
            you = viewer.watching.you
            await bad.send(Propose(you, TERMINAL, "echo of-mall''ory", "", ""))
            proposed = await viewer.until_logged("proposed", 2)
            assert (proposed["person"], proposed["viewer"]) == ("mallory", bad.watching.you)
            await bad.send(Withdraw(you, mine))
            await bad.is_declined("not-yours")
            await bad.send(Input(TERMINAL, you, b"echo ty''ped\n"))
            typed = await viewer.until_logged("typed")
            assert typed["person"] == "mallory"
            await customer.terminal.expect("typed")
            await bad.send(PutHold(you, "mine", ["mdb"]))
            assert (await viewer.until_logged("hold_up"))["by"] == "mallory"
            await bad.send(LiftHold(you, "none"))
            await bad.is_declined("unknown-hold")

            # A flood of what the host would have to look at costs them their pace, no one else.
            for n in range(FLOOD):
                await bad.send(Propose("", TERMINAL, f"echo flood-{n}", "", ""))
            await bad.is_declined("too-fast", TOO_MANY)
            await viewer.withdraw(mine)
            await viewer.until_logged("withdrawn")

        for attack in (
            {"type": "act", **asdict(page.made("approve", proposal="r1p2"))},  # the page's own
            {"type": "joined", "viewer": "v9", "person": "nobody"},
            {"type": "approved", "proposal": "r1p2"},
            {"type": "propose", "terminal": TERMINAL, "text": "x" * 1_000_000},
        ):
            async with viewing(world.broker, customer.session, mallory) as bad:
                await bad.send_text(json.dumps(attack))
                await bad.is_thrown_out()
        await viewer.until(lambda: "mallory" not in viewer.watching.viewers.values(), "her to go")

        # The session, the other viewer and the customer go on as if nothing had been.
        assert len(viewer.logged("proposed")) <= 2 + FLOOD - TOO_MANY
        assert not viewer.logged("approved")
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "echo undis''turbed\n")
        await customer.terminal.expect("undisturbed")
        await page.act("take_back")
        await viewer.until_logged("taken_back")
        assert len(customer.logged("link_up")) == 1

    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    assert "of-mallory" not in output(streams[TERMINAL])
