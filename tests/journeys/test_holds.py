"""Holds: what nobody should touch is shown to both sides, stops lines, and outlives the session."""

from tests.journeys.broker import Engineer
from tests.journeys.panel import Panel
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.viewer import viewing
from tests.journeys.world import World

POOL = "do not touch pool/tank"
ASKED = 'Type "override" to run it all the same'


async def test_put_up_by_both_sides_stops_lines_until_overridden(
    world: World, alice: Engineer
) -> None:
    customer = await world.granted("--mode", "control")
    seat = customer.terminal

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)

        # One of each side; each side is told of the other's.
        await viewer.put_hold("the export of nightly runs", "exportfs", "umount *nightly")
        theirs = await viewer.until_logged("hold_up")
        assert (theirs["by"], theirs["side"]) == ("alice", "engineer")
        await seat.expect("hold by alice: the export of nightly runs")
        assert POOL in await customer.does("hold", POOL, "--stop", "zpool")
        mine = await viewer.until_logged("hold_up", 2)
        assert (mine["text"], mine["side"]) == (POOL, "customer")
        await viewer.lift_hold(mine["hold"])
        assert "only they lift it" in (await viewer.is_declined("bad-hold")).message

        # A line of the customer's that touches one stops; not overridden, it does not run.
        seat.type("echo zpool destroy; echo ra''n\n")
        await seat.expect(POOL)
        await seat.expect(ASKED)
        seat.type("no\n")
        await seat.expect("It has not run.")
        await customer.at_shell()
        stopped = await viewer.until_logged("stopped")
        assert (stopped["hold"], stopped["line"]) == (
            mine["hold"], "echo zpool destroy; echo ra''n",
        )  # fmt: skip
        await customer.runs("echo zpoolx is-not-a-word-of-it")

        # An engineer's stops as well, and runs on the typed word.
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, "echo umount /nightly ra''n\n")
        await seat.expect(ASKED)
        await viewer.type(TERMINAL, "override\n")
        await seat.expect("umount /nightly ran")
        overridden = await viewer.until_logged("overridden")
        assert (overridden["hold"], overridden["persons"]) == (theirs["hold"], ["alice"])

        # Lifted, it stops nothing.
        await customer.does("lift", mine["hold"])
        await viewer.until_logged("hold_lifted")
        await customer.at_shell()
        await customer.runs("echo zpool li''fted")
        assert len(viewer.logged("stopped")) == 2

    await world.end(customer)
    streams = await world.both_copies(customer, alice)
    printed = output(streams[TERMINAL])
    assert "zpool destroy\r\nran" not in printed
    assert "zpool lifted" in printed


async def test_a_proposal_that_touches_one_and_a_later_session(
    world: World, alice: Engineer
) -> None:
    customer = await world.granted()
    panel, seat = Panel(customer), customer.terminal

    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.follow(TERMINAL)
        await customer.does("hold", POOL, "--stop", "zpool")
        hold = (await viewer.until_logged("hold_up"))["hold"]

        # Even where she may run the next few unasked, this is asked.
        await viewer.propose("echo un''asked")
        await panel.answers()
        panel.press("t")
        await panel.fills_in("How many more of alice", "9")
        await seat.expect("\runasked\r\n")
        touching = await viewer.propose("echo zpool sta''tus")
        assert (await customer.status())["proposals"][0]["holds"] == [{"hold": hold, "text": POOL}]
        status, _, err = await customer.command("approve", touching)
        assert (status, "override" in err) != (0, False)
        await panel.answers()
        panel.press("r")
        await panel.fills_in('Type "override"', "no")
        await panel.shows("r: run")
        panel.press("r")
        await panel.fills_in('Type "override"', "override")
        await seat.expect("zpool status")
        ran = await viewer.until_logged("ran", 2)
        assert ran["text"] == "echo zpool sta''tus"
        # Overridden by whoever let it run: the shell does not ask again.
        await customer.at_shell()
        assert len(viewer.logged("overridden")) == 1
        assert not viewer.logged("stopped")
        # What an edit makes of a proposal counts as well.
        await viewer.propose("echo z")
        await viewer.until_logged("ran", 3)

    await world.end(customer)

    # A later session of this host: shown with the terms, on entry and to whoever joins.
    invitation = await world.broker.invite("case 2")
    user = customer.log()[0]["shell"]["user"]
    await customer.grants(invitation.code, world.broker.url)
    seat = customer.terminal
    assert POOL in bytes(seat.printed).decode().partition('Type "I agree"')[0]
    on_entry = f"hold by {user}: {POOL}".encode()
    await seat.until(lambda: on_entry in seat.printed, "the hold to be shown on entry")
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        up = await viewer.until_logged("hold_up")
        assert (up["hold"], up["text"], up["by"]) == (hold, POOL, user)
        seat.type("echo zpool\n")
        await seat.expect(ASKED)
        seat.type("\x03")
        await seat.expect("It has not run.")
        await customer.at_shell()
    await world.end(customer)
