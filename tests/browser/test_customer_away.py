"""The customer's page after an absence: the report that the engineers see, and a note on it."""

import re

from playwright.async_api import expect

from tests.browser.answering import gives_control
from tests.browser.conftest import SignIn
from tests.browser.phone import Phone
from tests.journeys.world import World

LINE, SAYS = "printf 'mtu of %s: 9000\\n' eth1", "mtu of eth1: 9000"
NOTE = "We changed the MTU because\nthe new switch wants jumbo frames."


async def says_a_word(phone: Phone) -> None:
    """Add a note that no report asked for."""
    await phone.taps("open-note")
    await phone.at("[data-note-box] textarea").fill("The disk is a new one.\u00a0")
    await phone.taps("note")
    await expect(phone.at("[data-note]")).to_contain_text("The disk is a new one.")
    await expect(phone.at("[data-note-box]")).to_have_count(0)


async def test_disconnected_returned_and_explained(
    world: World, signs_in: SignIn, phone: Phone
) -> None:
    alice = await signs_in("alice")
    code, _ = await alice.invites("4711 slow after upgrade")
    customer = world.customer()
    await customer.grants(code, world.broker.url)
    await alice.opens(customer)
    await phone.opens(customer)
    await gives_control(customer)

    # An engineer who has something else in front is shown as such.
    await alice.looks(visible=False)
    await expect(phone.at(".who")).to_contain_text("alice (not looking) is here.")
    await alice.looks(visible=True)
    await expect(phone.at(".who")).to_contain_text("alice is here.")

    # Nobody was away: there is no report, but a word may be said at any time.
    await expect(phone.at("[data-report]")).to_have_count(0)
    await says_a_word(phone)

    # The customer cuts the link, and says why when it is back.
    await customer.does("disconnect")
    await expect(phone.at("[data-link=disconnected]")).to_contain_text("You disconnected")
    customer.terminal.type(LINE)
    await customer.terminal.expect(LINE)
    customer.terminal.type("\r")
    await customer.terminal.expect(SAYS)
    await customer.does("reconnect")
    report = phone.at("[data-report]")
    await expect(report).to_contain_text("While you were disconnected")
    await expect(report).to_contain_text("The engineers see this report")
    await expect(report.locator("[data-lines]")).to_contain_text(LINE)
    await expect(report.locator("[data-typist=customer]")).to_be_visible()
    await phone.fits()
    await phone.screenshot("customer-page-away-report", whole=True)
    box = phone.at("[data-note-box] textarea")
    await box.fill(NOTE)
    await phone.taps("note")
    await expect(phone.at("[data-note]")).to_contain_text(NOTE)
    await expect(box).to_have_value("")
    assert [one["text"] for one in customer.logged("noted")] == ["The disk is a new one.", NOTE]
    await expect(alice.at("[data-event=noted]")).to_have_count(2)
    await phone.screenshot("customer-page-noted")

    # Closed, it is found below.
    await phone.taps("close-report")
    await expect(report).to_have_count(0)
    await phone.at("[data-open-report]").tap()
    await expect(report.locator("[data-lines]")).to_contain_text(LINE)

    # The customer leaves: their policy holds keys off, and on return lets them through.
    await customer.terminal.close()
    await expect(phone.at("[data-paused=true].may")).to_contain_text("Paused, as you chose")
    await phone.screenshot("customer-page-paused")
    await customer.asks("reattach")
    await customer.at_shell()
    await expect(phone.at("[data-paused=false].may")).to_contain_text("may type")
    await phone.fits()
    assert phone.complaints == []
    assert alice.complaints == []


async def test_a_note_that_does_not_arrive_stays_in_the_box(world: World, phone: Phone) -> None:
    customer = await world.granted()
    await phone.opens(customer)
    await customer.does("disconnect")
    await expect(phone.at("[data-link=disconnected]")).to_be_visible()
    await phone.taps("open-note")
    box = phone.at("[data-note-box] textarea")
    await box.fill(NOTE)
    await phone.taps("note")
    # Declined, or too slowly.
    said = re.compile("Not done|No answer from the host")
    await expect(phone.at("[data-outcome=note]")).to_contain_text(said)
    await expect(box).to_have_value(NOTE)
    await customer.does("reconnect")
    await expect(phone.at("[data-link=disconnected]")).to_have_count(0)
    await phone.taps("note")
    await expect(phone.at("[data-note]")).to_contain_text(NOTE)
    await expect(phone.at("[data-outcome=note]")).to_have_count(0)
    assert phone.complaints == []
