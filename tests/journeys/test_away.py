"""The customer cuts the link, changes the host, comes back: both sides are told what happened."""

from typing import Any

from tests.journeys.broker import Engineer
from tests.journeys.network import Cable, inside, needs_namespaces, run, switched
from tests.journeys.recording import LOG, TERMINAL
from tests.journeys.viewer import viewing
from tests.journeys.world import World

pytestmark = needs_namespaces


async def test_the_story_and_its_report(world: World) -> None:
    await world.broker.stop()
    with switched() as switch:
        cable = switch.cable()
        world.broker.listen_at(switch.address)
        await world.broker.start()
        alice = await world.broker.sign_in("alice")
        customer = world.customer()
        customer.program = (*inside(cable.namespace), *customer.program)
        invitation = await world.broker.invite()
        await customer.grants(invitation.code, world.broker.url, "--drift", "on")
        first = await customer.until_logged("fingerprint")
        assert first["why"] == "consent"

        async with viewing(world.broker, customer.session, alice) as viewer:
            await viewer.follow(LOG)
            await viewer.is_told("at-keyboard")
            await customer.does("disconnect")
            await viewer.is_told("disconnected")
            # What nobody at the other end sees.
            await customer.runs(f"ip link set {cable.inner} mtu 1400")
            await customer.runs(f"ip route add 203.0.113.0/24 via {switch.address}")
            await customer.does("note", "we lowered the MTU because of the tunnel")
            await customer.does("reconnect")
            await viewer.is_told("at-keyboard")
            back = await viewer.until_logged("link_up", times=2)
            assert back["cause"] == "reconnected"
            # The customer is told that there is a report, and the engineer sees the same.
            await customer.terminal.expect("The engineers see the report of it.")
            told_so_far = len(customer.stream(LOG))
            log = viewer.copies[LOG]
            await viewer.until(lambda: log.end >= told_so_far, "what the report is made of")

        told = await reports(world, alice)
        (report,) = told["absences"]
        assert report["says"] == "disconnected by the customer"
        assert report["pending"] is False
        assert [one["person"] for one in report["typists"]] == ["customer"]
        changes = {
            change["text"]: [line["line"] for line in change["lines"]]
            for area in report["drift"]
            for change in area["changes"]
        }
        mtu = f"mtu of {cable.inner} 1500 → 1400"
        # The network is this host's alone; its files are this machine's, which others change.
        assert sorted(one for one in changes if not one.startswith("/")) == sorted(
            [mtu, f"route to 203.0.113.0/24 via {switch.address} dev {cable.inner} appeared"]
        )
        assert f"ip link set {cable.inner} mtu 1400" in changes[mtu][0]
        assert [note["text"] for note in report["notes"]] == [
            "we lowered the MTU because of the tunnel"
        ]
        assert report["terminal"] == TERMINAL
        assert mtu in await customer.does("away")
        await world.end(customer)

        await later(world, alice, cable)
        await world.broker.stop()


async def later(world: World, alice: Engineer, cable: Cable) -> None:
    """What changed between two sessions on one host is told when the second begins."""
    customer = world.customers[0]
    run(*inside(cable.namespace, "ip", "link", "set", cable.inner, "mtu", "1300"))
    invitation = await world.broker.invite()
    await customer.grants(invitation.code, world.broker.url, "--drift", "on")
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(LOG)
        await viewer.until_logged("fingerprint")
    found = (await reports(world, alice))["earlier"]
    changes = [change["text"] for area in found["drift"] for change in area["changes"]]
    assert [one for one in changes if not one.startswith("/")] == [
        f"mtu of {cable.inner} 1400 → 1300"
    ]
    await world.end(customer)


async def reports(world: World, engineer: Engineer) -> Any:  # noqa: ANN401 - JSON is anything
    """What the broker tells of the customer's absences."""
    session = world.customers[0].session
    found = await world.broker.request("GET", f"/api/sessions/{session}/away", engineer=engineer)
    return found.json
