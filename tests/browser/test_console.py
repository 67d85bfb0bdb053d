"""Two engineers' pages and a real customer: types, sees, loses the link, catches up, replays."""

import signal

from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.page import ROWS
from tests.journeys.customer import Customer
from tests.journeys.recording import TERMINAL
from tests.journeys.world import World


async def test_the_story_in_two_browsers(world: World, signs_in: SignIn) -> None:
    alice, bob = await signs_in("alice"), await signs_in("bob")
    code, line = await alice.invites("4711 pool degraded after upgrade")
    assert world.broker.url in line
    customer = world.customer()
    await customer.grants(code, world.broker.url, "--mode", "control")

    # The session appears by itself; both engineers open it.
    await expect(
        alice.page.locator(f"[data-session='{customer.session}'] [data-presence=at-keyboard]")
    ).to_be_visible()
    await alice.screenshot("sessions")
    await alice.opens(customer)
    await alice.types("echo from-alice-$((40 + 2))\n")
    await alice.sees("from-alice-42")
    await customer.terminal.expect("from-alice-42")

    # The one who joins late sees what is there, and both see who else watches.
    await bob.opens(customer)
    await bob.sees("from-alice-42")
    await expect(alice.page.locator("[data-watchers=bob]")).to_be_visible()
    await expect(bob.page.locator("[data-watchers=alice]")).to_be_visible()
    await bob.types("printf '漢字 é 😀 %s\\n' $((50 + 5))\n")
    await alice.sees("漢字 é 😀 55")
    await customer.runs("ls --color=always /usr")
    await alice.sees("local")
    await alice.screenshot("console")

    # The link falls silent: said over the last screen, while the customer goes on.
    uplink = customer.part("uplink")
    uplink.kill(signal.SIGSTOP)
    await customer.runs("echo meanwhile-$((40 + 2))")
    for one in (alice, bob):
        banner = one.page.locator("[data-banner=link-lost]")
        await expect(banner).to_contain_text("Link lost at")
        await expect(banner).to_contain_text("goes on recording")
    await alice.screenshot("link-lost")
    assert "meanwhile-42" not in await alice.at(ROWS).inner_text()

    # On its return both catch up.
    uplink.kill(signal.SIGCONT)
    for one in (alice, bob):
        await one.sees("meanwhile-42")
        await expect(one.page.locator("[data-banner]")).to_have_count(0)
    await alice.screenshot("caught-up")

    await customer.terminal.close()
    await expect(bob.page.locator("[data-presence=away]")).to_be_visible()
    await bob.is_refused("x", "paused")
    await customer.asks("reattach")
    await expect(bob.page.locator("[data-presence=at-keyboard]")).to_be_visible()
    await customer.at_shell()
    await world.end(customer)
    await expect(alice.page.locator("[data-banner=ended]")).to_be_visible()
    await alice.screenshot("ended")

    await replays(bob.page, customer)
    await bob.screenshot("replay")
    assert alice.complaints == []
    assert bob.complaints == []


async def replays(page: Page, customer: Customer) -> None:
    """Open the replay, and jump to what happened while the link was lost."""
    # Not that of the away report, which is still there if this page has not heard of the end.
    await page.get_by_role("link", name="Replay", exact=True).click()
    moments = page.locator("[data-moment]")
    await expect(page.locator("[data-moment=link-lost]")).to_have_count(1)
    await expect(page.locator("[data-moment=joined]")).to_have_count(4)
    await expect(moments.last).to_contain_text("ended")
    stage = "document.querySelector('.stage')?.innerText"
    begin, back = (
        page.locator("[data-moment=joined]").first,
        page.locator("[data-moment=link-up]").last,
    )
    for moment, is_there in ((back, True), (begin, False), (back, True)):
        await moment.click()
        await page.wait_for_function(
            f"() => {stage}.includes('meanwhile-42') === {str(is_there).lower()}"
        )
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name=".cast", exact=True).click()
    download = await downloading.value
    path = await download.path()
    assert path.read_bytes() == customer.stream(TERMINAL)


async def test_strangers_see_nothing(world: World, signs_in: SignIn) -> None:
    alice = await signs_in("alice")
    browser = alice.page.context.browser
    assert browser is not None
    stranger = await (await browser.new_context()).new_page()

    for path in ("/", "/sessions/anything", "/sessions/anything/replay"):
        answer = await stranger.goto(world.broker.url + path)
        assert answer is not None
        assert "Invite a customer" not in await stranger.content()
        await expect(stranger.locator("body")).to_contain_text("Sign", ignore_case=True)

    # A link works once.
    link = await world.broker.sign_in_link("bob")
    await stranger.goto(link)
    await stranger.wait_for_url(f"{world.broker.url}/")
    another = await (await browser.new_context()).new_page()
    await another.goto(link)
    await expect(another.locator("#say")).to_contain_text("used up")
