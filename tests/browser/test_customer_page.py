"""The customer's page on a phone: by its link, beside an engineer's console and a real terminal."""

import re

from playwright.async_api import expect

from tests.browser.answering import WORKS, gives_control, works
from tests.browser.conftest import SignIn
from tests.browser.console import has_become
from tests.browser.phone import Phone
from tests.journeys.customer import Customer
from tests.journeys.waiting import keeps
from tests.journeys.world import World

LINE, SAYS = "df -h /tmp", "Mounted on"


async def types_and_erases(customer: Customer) -> None:
    customer.terminal.type("x\x7f")


async def test_looked_at_refused_and_ended(world: World, signs_in: SignIn, phone: Phone) -> None:
    alice = await signs_in("alice")
    code, _ = await alice.invites("4711 slow after upgrade")
    customer = world.customer()
    await customer.grants(code, world.broker.url)  # page watch: nobody said otherwise
    await phone.opens(customer)
    await expect(phone.at(".who")).to_contain_text("Nobody else is here.")
    await alice.opens(customer)
    await expect(phone.at(".who")).to_contain_text("alice is here.")
    await expect(phone.at("[data-recorded]")).to_be_visible()

    # What happens is seen, and who types.
    await works(customer)
    await phone.sees(WORKS)
    async with keeps(lambda: types_and_erases(customer)):
        await expect(phone.at(".types")).to_contain_text("your keyboard types")
    await expect(phone.at(".types")).to_have_count(0)

    # A proposal: all of it is shown, and this page can't let it run.
    proposal = await alice.proposes(LINE, "is there room for the restart?", "at least 1 GB")
    card = await phone.has_proposal(LINE)
    await expect(card).to_contain_text("is there room for the restart?")
    await expect(card).to_contain_text("at least 1 GB")
    await expect(phone.at("[data-not-here]")).to_contain_text("Ctrl-]")
    await expect(phone.at("[data-action=run]")).to_have_count(0)
    await phone.fits()
    await phone.screenshot("customer-page-watch")
    await card.get_by_label("A word, if you refuse").fill("not now")
    await card.locator("[data-action=refuse]").tap()
    await has_become(proposal, "refused")
    await expect(proposal).to_contain_text("not now")
    await expect(card).to_have_count(0)

    # Taken back from here; given back only at the terminal.
    await phone.taps("take-back")
    await expect(alice.at("[data-banner=taken-back]")).to_be_visible()
    await expect(phone.at("[data-standing=taken-back]")).to_contain_text("Taken back")
    await expect(phone.at(".reins")).to_contain_text("jumpseat give-back")
    await expect(phone.at("[data-action=take-back]")).to_have_count(0)
    await phone.screenshot("customer-page-taken-back")
    await customer.does("give-back")
    await expect(phone.at("[data-action=take-back]")).to_be_visible()

    # Ended from here, when asked once more.
    await phone.taps("end")
    await phone.page.get_by_role("button", name="No, go back").tap()
    await expect(phone.at("dialog")).to_have_count(0)
    await phone.taps("end")
    await phone.screenshot("customer-page-end")
    await phone.taps("confirm-end")
    await expect(phone.at(".who")).to_contain_text("The session ended at")
    await expect(alice.at("[data-banner=ended]")).to_be_visible()
    await customer.terminal.ended()
    await world.end_of(customer)
    await phone.fits()
    await phone.screenshot("customer-page-ended", whole=True)
    assert phone.complaints == []
    assert alice.complaints == []


async def test_let_run_from_the_page(world: World, signs_in: SignIn, phone: Phone) -> None:
    alice = await signs_in("alice")
    code, _ = await alice.invites("4711 slow after upgrade")
    customer = world.customer()
    await customer.grants(code, world.broker.url, "--page", "approve")
    await alice.opens(customer)
    await phone.opens(customer)
    await works(customer)
    await phone.sees(WORKS)

    proposal = await alice.proposes(LINE, "is there room for the restart?", "at least 1 GB")
    card = await phone.has_proposal(LINE)
    await expect(phone.at("[data-not-here]")).to_have_count(0)
    await expect(card.locator("[data-action=run]")).to_be_enabled()
    await phone.screenshot("customer-page")
    await card.locator("[data-action=run]").tap()
    await has_become(proposal, "ran")
    await expect(proposal).to_contain_text("(page)")
    for one in (alice, phone):
        await one.sees(SAYS)
    await expect(phone.at(".answered")).to_contain_text("ran")

    # In control, who types is seen here too; and revoked here, it is over at once.
    await customer.terminal.expect(SAYS)
    await gives_control(customer)
    await expect(phone.at("[data-mode=control]")).to_contain_text("may type")
    await alice.types("echo typed")
    async with keeps(lambda: alice.presses(" ")):
        await expect(phone.at(".types")).to_contain_text("alice is typing")
    await phone.sees("echo typed")
    await phone.at(".readable").tap()
    await expect(phone.at(".readable")).to_have_attribute("aria-pressed", "true")
    await phone.fits()
    await phone.screenshot("customer-page-typing", whole=True)
    await phone.taps("revoke")
    await phone.taps("confirm-revoke")
    await expect(alice.at("[data-banner=revoked]")).to_be_visible()
    await expect(phone.at("[data-standing=revoked]")).to_contain_text("Revoked, for good")
    await phone.screenshot("customer-page-revoked")
    assert phone.complaints == []
    assert alice.complaints == []


async def test_a_wrong_link_opens_nothing(world: World, phone: Phone) -> None:
    customer = await world.granted()
    link = (await customer.status())["page"]
    address, _, key = link.partition("#")

    await phone.page.goto(address)
    await expect(phone.at("[data-opening=bad-link]")).to_contain_text("from # on, is missing")
    await phone.page.goto(f"{address}#{key[:-1]}")
    await expect(phone.at("[data-opening=bad-link]")).to_contain_text("This link is not whole.")
    assert phone.complaints == []

    other = ("B" if key[0] == "A" else "A") + key[1:]
    await phone.page.goto(f"{address}#{other}")
    await expect(phone.at("[data-opening=refused]")).to_contain_text("opens no session")
    await phone.screenshot("customer-page-wrong-link")
    # The browser itself notes that the broker refused; it has nothing else to say.
    assert all(re.search(r"status of 4\d\d", one) for one in phone.complaints)
    assert len(phone.complaints) == 1

    # The right key after it, in the same tab, opens the page.
    await phone.page.goto(link)
    await phone.sees("done-1.")
