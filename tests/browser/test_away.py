"""Lost, back, and the report read: an engineer's page while the customer changes their host."""

import re

from playwright.async_api import expect

from tests.browser.conftest import SignIn
from tests.journeys.network import inside, needs_namespaces, switched
from tests.journeys.world import World

pytestmark = needs_namespaces

NOTE = "we lowered the MTU because of the tunnel"


async def test_the_customer_cuts_the_link_and_comes_back(world: World, signs_in: SignIn) -> None:
    await world.broker.stop()
    with switched() as switch:
        cable = switch.cable()
        world.broker.listen_at(switch.address)
        await world.broker.start()
        alice, bob = await signs_in("alice"), await signs_in("bob")
        code, _ = await alice.invites("4711 packets lost")
        customer = world.customer()
        customer.program = (*inside(cable.namespace), *customer.program)
        await customer.grants(code, world.broker.url, "--drift", "on")
        await customer.until_logged("fingerprint")
        await alice.opens(customer)
        await expect(bob.at("[data-presence=at-keyboard]")).to_be_visible()  # news is not repeated

        # Cut: said over the terminal, on the list of sessions, and as news to who looks elsewhere.
        await customer.does("disconnect")
        await expect(alice.at("[data-banner=disconnected]")).to_contain_text("by the customer")
        await expect(bob.at("[data-presence=disconnected]")).to_be_visible()
        await expect(bob.at(".news-line[data-news=left]")).to_be_visible()
        line = f"ip link set {cable.inner} mtu 1400"
        customer.terminal.type(f"{line}\n")
        await customer.at_shell()
        await customer.does("note", NOTE)

        # Back: the report opens by itself, and fills when the host's state has been read.
        await customer.does("reconnect")
        report = alice.at("[data-report]")
        await expect(report.locator("[data-field=says]")).to_contain_text("Disconnected by")
        mtu = f"mtu of {cable.inner} 1500 → 1400"
        change = report.locator(f'[data-change="{mtu}"]')
        await expect(change).to_be_visible()
        await expect(change.locator(f'[data-line="{line}"]')).to_be_visible()
        await expect(report.locator("[data-note]")).to_contain_text(NOTE)
        await expect(report.locator("[data-typist=customer]")).to_be_visible()
        await expect(alice.at("[data-lately=reconnected]")).to_be_visible()
        await expect(bob.at(".news-line[data-news=returned]")).to_be_visible()
        await expect(bob.at(".news-line[data-news=drift]")).to_contain_text(mtu)
        await alice.screenshot("away-report")
        await bob.screenshot("news")

        # The replay of that stretch, and what two fingerprints differ in.
        await report.locator("[data-action=replay]").click()
        await alice.page.wait_for_url(re.compile(r"/replay#"))
        await expect(alice.at("[data-marked]")).to_be_visible()
        await alice.screenshot("away-replay")
        await alice.at(".toolbar [data-action=compare]").click()
        await expect(alice.at(f'[data-drift] [data-change="{mtu}"]')).to_be_visible()
        await alice.screenshot("drift")
        # Over http from another host than this one, which is no way to run it.
        for one in (alice, bob):
            assert [said for said in one.complaints if "untrustworthy" not in said] == []
        await world.end(customer)
        await world.broker.stop()
