"""What a session is worth as evidence: on the broker's page, and on a bundle's, from the disk."""

import base64
import json
import re
import zipfile
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.conftest import SignIn
from tests.browser.console import Console
from tests.browser.page import WatchedPage
from tests.journeys.customer import Customer
from tests.journeys.world import World

_PLACE = re.compile(r'(<script type="application/json" id="evidence">)(.*?)(</script>)', re.DOTALL)
_LOOKS: tuple[tuple[str, Literal["dark", "light"], int, int], ...] = (
    ("desk", "dark", 1280, 800),
    ("phone", "light", 390, 844),
)
_FIRST, _SECOND = "run-1.terminal-1.cast", "run-1.terminal-2.cast"


async def test_both_pages_replay_and_verify(
    world: World, chromium: Browser, signs_in: SignIn
) -> None:
    customer = await world.granted("--mode", "control")
    await records_some(customer)
    await world.end(customer)
    alice = await signs_in("alice")
    await is_verified_at_the_broker(alice, f"{world.broker.url}/sessions/{customer.session}/replay")

    bundle = world.folder / "session.zip"
    await customer.does("bundle", customer.session, "-o", str(bundle))
    with zipfile.ZipFile(bundle) as whole:
        html = whole.read("replay.html").decode()
        (key,) = {one["key"] for one in json.loads(whole.read("keys.json"))["keys"]}

    replay = world.folder / "replay.html"
    replay.write_text(html)
    for name, scheme, width, height in _LOOKS:
        context = await chromium.new_context(
            offline=True, color_scheme=scheme, viewport={"width": width, "height": height}
        )
        page = await opens(context, replay)
        await is_unanchored_until_the_key_is_known(page, key)
        await page.screenshot(f"bundle-{name}")
        await plays(page)
        await page.screenshot(f"bundle-{name}-played")
        assert page.complaints == []

    context = await chromium.new_context(offline=True)
    replay.write_text(changed(html))
    await is_rejected(await opens(context, replay), key)
    await context.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    page = await opens(context, replay)
    await expect(page.at("[data-verdict=cannot]")).to_be_visible()
    await page.at("[data-verdict]").click()
    await expect(page.at("dialog")).to_contain_text("jumpseat verify")


async def is_rejected(page: WatchedPage, key: str) -> None:
    await page.at("#trusted").fill(key)
    await expect(page.at("[data-verdict=REJECTED]")).to_be_visible()
    await page.at("[data-verdict]").click()
    found = page.at("[data-finding]")
    await expect(found).to_have_count(1)  # until the key counts, it is one more
    await expect(found).to_have_attribute("data-finding", "digest")
    await expect(found).to_have_attribute("data-stream", _FIRST)
    await page.screenshot("bundle-rejected")


async def records_some(customer: Customer) -> None:
    """Two terminals, and a stretch in which the link is cut."""
    await customer.runs("echo first")
    await customer.does("disconnect")
    await customer.runs("echo while-away")
    await customer.does("reconnect")
    await customer.until_logged("link_up", 2)
    first = customer.terminal
    second = await customer.asks("shell")
    await customer.at_shell()
    await customer.runs("echo second")
    second.type("exit\n")
    assert await second.ended() == 0
    customer.terminal = first


async def is_verified_at_the_broker(alice: Console, url: str) -> None:
    await alice.page.goto(url)
    verdict = alice.at("[data-verdict]")
    await expect(verdict).to_have_attribute("data-verdict", "VERIFIED")
    await expect(alice.at("[data-stretch=observed]").first).to_have_attribute(
        "title", re.compile("the broker signed within 10 s")
    )
    await verdict.click()
    await expect(alice.at("[data-field=until]")).to_contain_text("receipts")
    await alice.screenshot("evidence")
    assert alice.complaints == []


async def opens(context: BrowserContext, path: Path) -> WatchedPage:
    """Open a page from the disk; it must not ask anybody for anything."""
    page = WatchedPage(await context.new_page())
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    await page.page.goto(path.as_uri())
    await expect(page.at(".ap-player")).to_be_visible()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    return page


async def is_unanchored_until_the_key_is_known(page: WatchedPage, key: str) -> None:
    verdict = page.at("[data-verdict]")
    await expect(verdict).to_have_attribute("data-verdict", "UNANCHORED")
    await page.at("#trusted").fill(f"SHA256:{'A' * 43}")
    await expect(page.at("[data-field=trust]")).to_contain_text("None of this was signed")
    await page.at("#trusted").fill(f"it is {key} ")
    await expect(verdict).to_have_attribute("data-verdict", "VERIFIED")
    await verdict.click()
    await expect(page.at("[data-key]")).to_have_text(key)
    await page.at("[data-action=close-verdict]").click()


async def plays(page: WatchedPage) -> None:
    """Terminals, commands, moments, away reports, and how it all came to be known."""
    screen = page.at(".ap-player")
    await page.page.locator("[data-command] a", has_text="echo while-away").click()
    await expect(page.at("[data-command][aria-current]")).to_contain_text("while-away")
    await page.at("[data-moment=ended]").click()
    await expect(screen).to_contain_text("while-away")
    await page.at(f'[data-tab="{_SECOND}"]').click()
    await page.page.locator("[data-command] a", has_text="echo second").click()
    # Its own player is there: the one before it would take the key and go.
    await expect(screen).not_to_contain_text("while-away")
    await expect(page.at("[data-command][aria-current]")).to_contain_text("echo second")
    await screen.press("Space")
    await expect(screen).to_contain_text("second")
    await expect(page.at("[data-stretch=observed]").first).to_be_attached()
    await page.at("[data-action=reports]").click()
    await expect(page.at("[data-report]")).to_contain_text("isconnected by the customer")


def changed(html: str) -> str:
    """The page with one bit of the first terminal's recording flipped."""

    def change(found: re.Match[str]) -> str:
        told: dict[str, Any] = json.loads(found[2])
        stream = bytearray(base64.b64decode(told["streams"][_FIRST]))
        stream[stream.index(b"while-away")] ^= 1
        told["streams"][_FIRST] = base64.b64encode(stream).decode()
        return found[1] + json.dumps(told).replace("<", "\\u003c") + found[3]

    return _PLACE.sub(change, html)
