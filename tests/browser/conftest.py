"""Real Chromium, and the pages of people: engineers who are signed in, customers on a phone."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.console import Console
from tests.browser.page import WatchedPage
from tests.browser.phone import Phone
from tests.journeys.waiting import PATIENCE_SECONDS
from tests.journeys.world import World

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

expect.set_options(timeout=PATIENCE_SECONDS * 1000)

SignIn = Callable[[str], Awaitable[Console]]
_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test failed: its pages are then kept as they were."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


async def _keep_failed(request: pytest.FixtureRequest, pages: Iterable[WatchedPage]) -> None:
    if request.node.stash.get(_FAILED, False):
        for number, one in enumerate(pages, 1):
            await one.screenshot(f"failed-{request.node.name}-{number}")


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def signs_in(
    world: World, chromium: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[SignIn]:
    """Open the sign-in link of a new engineer, in a browser of their own."""
    consoles: list[Console] = []

    async def sign_in(name: str) -> Console:
        context = await chromium.new_context(
            viewport={"width": 1280, "height": 800},
            ignore_https_errors=True,  # where there is a certificate, it was made by the test
            color_scheme="dark" if name == "alice" else "light",  # both are looked at
        )
        console = Console(await context.new_page(), name)
        consoles.append(console)
        await console.page.goto(await world.broker.sign_in_link(name))
        await console.page.wait_for_url(f"{world.broker.url}/")
        return console

    yield sign_in
    await _keep_failed(request, consoles)


@pytest.fixture
async def phone(chromium: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Phone]:
    """A customer's phone."""
    context = await chromium.new_context(
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        ignore_https_errors=True,
    )
    phone = Phone(await context.new_page())
    yield phone
    await _keep_failed(request, [phone])
