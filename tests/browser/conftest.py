"""Real Chromium, and the pages of people who are signed in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.journeys.world import World

SCREENSHOTS = Path(__file__).parents[2] / "test-output/screenshots"

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Console:
    """One engineer's page; every complaint of the browser about it is kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )

    @property
    def rows(self) -> str:
        """Where the live terminal's rows are."""
        return ".terminal-room .xterm-rows"

    async def sees(self, text: str, where: str | None = None) -> None:
        """Wait until this stands in the live terminal, or elsewhere."""
        await self.page.wait_for_function(
            """([where, text]) => document.querySelector(where)?.innerText
                .replaceAll("\\u00a0", " ").includes(text)""",
            arg=[where or self.rows, text],
        )

    async def types(self, keys: str) -> None:
        """Press keys, in the live terminal."""
        await self.page.locator(".terminal-room textarea").focus()
        await self.page.keyboard.type(keys)

    async def screenshot(self, name: str) -> None:
        """Keep how the page looks now."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


SignIn = Callable[[str], Awaitable[Console]]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def signs_in(world: World, chromium: Browser) -> SignIn:
    """Open the sign-in link of a new engineer, in a browser of their own."""

    async def sign_in(name: str) -> Console:
        context = await chromium.new_context(viewport={"width": 1280, "height": 800})
        console = Console(await context.new_page())
        await console.page.goto(await world.broker.sign_in_link(name))
        await console.page.wait_for_url(f"{world.broker.url}/")
        return console

    return sign_in
