"""A page in the browser: what it shows, and what the browser complains of."""

from pathlib import Path

from playwright.async_api import ConsoleMessage, Error, Locator, Page

SCREENSHOTS = Path(__file__).parents[2] / "test-output/screenshots"

ROWS = ".terminal-room .xterm-rows"
"""Where the live terminal's rows are."""


class WatchedPage:
    """One person's page; every complaint of the browser about it is kept.

    An error in the page is one, and so is whatever its content security policy forbids.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", self._failed)
        page.on("console", self._said)

    def _failed(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _said(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(said.text)

    def at(self, selector: str) -> Locator:
        """Where this is on the page."""
        return self.page.locator(selector)

    async def sees(self, text: str, where: str = ROWS) -> None:
        """Wait until this stands in the live terminal, or elsewhere."""
        await self.page.wait_for_function(
            """([where, text]) => document.querySelector(where)?.innerText
                .replaceAll("\\u00a0", " ").includes(text)""",
            arg=[where, text],
        )

    async def screenshot(self, name: str, *, whole: bool = False) -> None:
        """Keep how the page looks now: what is in sight, or the ``whole`` of it."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole)
