"""The customer's page on a phone, opened by its link."""

from playwright.async_api import Locator, expect

from tests.browser.page import WatchedPage
from tests.journeys.customer import Customer


class Phone(WatchedPage):
    """One phone with the customer's page."""

    async def opens(self, customer: Customer) -> None:
        """Open the link that ``jumpseat status`` tells, and wait for what the shell has shown."""
        link = (await customer.status())["page"]
        await self.page.goto(link)
        await self.sees("done-1.")

    async def taps(self, action: str) -> None:
        """Touch a button."""
        await self.at(f"[data-action={action}]").tap()

    async def fits(self) -> None:
        """Nothing is wider than the screen: nobody has to scroll sideways."""
        wide, shown = await self.page.evaluate(
            "() => [document.documentElement.scrollWidth, window.innerWidth]"
        )
        assert wide <= shown

    async def has_proposal(self, text: str) -> Locator:
        """Wait until a proposal is shown, character for character; where it is."""
        card = self.at("li.proposal")
        await expect(card.locator("pre.exact")).to_have_text(text)
        return card
