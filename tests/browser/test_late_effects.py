"""A page on a slow machine: what is pressed before its effects have run is not lost."""

import re

from playwright.async_api import expect

from tests.browser.conftest import SignIn
from tests.browser.page import ROWS
from tests.browser.phone import Phone
from tests.journeys.world import World

# Preact runs effects in a timer without a delay, after the page was painted.
LATE = """
    const soon = window.setTimeout;
    window.setTimeout = (what, delay, ...of) => soon(what, delay ?? 3000, ...of);
"""


async def test_what_is_typed_and_pressed_at_once_counts(
    world: World, signs_in: SignIn, phone: Phone
) -> None:
    alice = await signs_in("alice")
    page = alice.page
    customer = await world.granted()
    await page.add_init_script(LATE)

    await page.goto(f"{world.broker.url}/search")
    words = page.get_by_label("Words to find")
    await words.fill("tank")
    await words.press("Enter")
    await page.wait_for_url(re.compile(r"/search\?q=tank$"))

    await page.goto(f"{world.broker.url}/sessions/{customer.session}")
    await page.get_by_role("button", name="Readable size").click()
    await alice.sees("done-1.")
    await expect(alice.at(ROWS)).to_have_css("font-size", "13px")

    await phone.page.add_init_script(LATE)
    await phone.page.goto((await customer.status())["page"])
    await phone.taps("take-back")
    said = phone.at("[data-outcome=take_back]").or_(phone.at("[data-standing=taken-back]"))
    await expect(said.first).to_be_visible()
    assert alice.complaints == []
    assert phone.complaints == []
