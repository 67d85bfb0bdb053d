"""Pages behind a proxy that ends TLS: cookies, policies and websockets as people have them."""

from playwright.async_api import expect

from tests.browser.conftest import SignIn
from tests.browser.phone import Phone
from tests.journeys.proxy import behind_tls
from tests.journeys.world import World


async def test_pages_over_tls(world: World, signs_in: SignIn, phone: Phone) -> None:
    async with behind_tls(world.broker, world.folder) as proxy:
        alice = await signs_in("alice")
        code, line = await alice.invites("over TLS")
        assert f"{world.broker.url}/jumpseat.pyz" in line
        customer = world.customer()
        customer.env["SSL_CERT_FILE"] = str(proxy.certificate)
        await customer.grants(code, world.broker.url, "--mode", "control", "--page", "approve")
        await alice.opens(customer)
        await phone.opens(customer)
        await expect(phone.at(".who")).to_contain_text("alice is here.")

        await alice.types("echo $((40 + 2))-by-alice\n")
        await customer.terminal.expect("42-by-alice")
        await alice.sees("42-by-alice")
        await phone.sees("42-by-alice")
        await phone.taps("take-back")
        await expect(alice.at("[data-banner=taken-back]")).to_be_visible()

        await world.end(customer)
        await expect(alice.at("[data-banner=ended]")).to_be_visible()
        for page in (alice, phone):
            cookies = await page.page.context.cookies()
            assert cookies
            assert all(cookie["secure"] for cookie in cookies)
            assert page.complaints == []
