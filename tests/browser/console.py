"""An engineer's page, and what an engineer does there."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.page import ROWS, WatchedPage
from tests.journeys.customer import Customer


class Console(WatchedPage):
    """One engineer's page."""

    def __init__(self, page: Page, name: str) -> None:
        super().__init__(page)
        self.name = name

    async def invites(self, case: str) -> tuple[str, str]:
        """Make a case and an invitation; the code and the customer's line."""
        await self.page.get_by_label("Title of the new case").fill(case)
        await self.page.get_by_role("button", name="Create invitation").click()
        made = self.at("[data-invitation]").first
        code = await made.locator("[data-field=code]").inner_text()
        line = await made.locator("[data-field=line]").inner_text()
        return code.strip(), line

    async def opens(self, customer: Customer) -> None:
        """Open the customer's session from the list, and wait for what their shell has shown."""
        session = self.at(f"[data-session='{customer.session}']")
        await session.get_by_role("link", name="Open").click()
        await self.page.wait_for_url(re.compile(rf"/sessions/{customer.session}$"))
        await expect(self.at("[data-event=started]")).to_be_visible()
        await self.sees("done-1.")

    async def chooses(self, terminal: str, leaves: str) -> None:
        """Show another terminal than the one with this text, and wait for its shell's prompt."""
        await self.at(f'[data-tab="{terminal}"]').click()
        await self.page.wait_for_function(
            """([where, leaves]) => {
                const text = document.querySelector(where)?.innerText ?? "";
                return /[$#]\\s*$/.test(text) && !text.includes(leaves);
            }""",
            arg=[ROWS, leaves],
        )

    async def looks(self, *, visible: bool) -> None:
        """Have the page believe that its tab is in front, or that another one is."""
        await self.page.evaluate(
            """state => {
                const told = {value: state, configurable: true};
                Object.defineProperty(document, "visibilityState", told);
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            "visible" if visible else "hidden",
        )

    # --- typing -----------------------------------------------------------------------------

    async def presses(self, keys: str) -> None:
        """Press keys in the live terminal, whatever becomes of them."""
        await self.at(".terminal-room textarea").focus()
        await self.page.keyboard.type(keys)

    async def types(self, keys: str) -> None:
        """Press keys in the live terminal, once the grant lets them through and nobody else types.

        Whatever somebody else has typed must be seen already: whose turn it is was told before.
        """
        await expect(self.at("#terminal-hint")).to_contain_text("Keys go to the customer's")
        mine = f'.typing[data-typing=""], .typing[data-typing="{self.name}"]'
        await self.at(mine).wait_for(state="attached")
        await self.presses(keys)

    async def interrupts(self, person: str) -> None:
        """Press a key while somebody else types, as far as can be seen: they may just stop."""
        await self.at(f'.typing[data-typing="{person}"]').wait_for(state="attached")
        await self.presses("x")

    async def is_refused(self, keys: str, why: str) -> None:
        """Press keys that go nowhere; the page says why. What follows at once goes nowhere too."""
        await self.presses(keys)
        await expect(self.at(f"[data-notice={why}]")).to_be_visible()

    # --- proposing --------------------------------------------------------------------------

    async def proposes(self, text: str, why: str = "", expects: str = "") -> Locator:
        """Propose a line; what the page shows of it, once the host has it."""
        known = await self.at(".proposal").count()
        composer = self.at("[data-composer]")
        await composer.get_by_label("Propose a line").fill(text)
        await composer.get_by_label("Why").fill(why)
        await composer.get_by_label("What you expect").fill(expects)
        await self.page.keyboard.press("Control+Enter")
        await expect(self.at(".proposal")).to_have_count(known + 1)
        newest = await self.at(".proposal").first.get_attribute("data-proposal")
        return self.at(f'[data-proposal="{newest}"]')

    async def asks_for(self, what: str) -> None:
        """Ask the customer for more."""
        await self.at(f"[data-action=ask-{what}]").click()
        await expect(self.at(f"[data-request={what}][data-state=open]")).to_be_visible()

    async def is_answered(self, what: str, answer: str = "yes") -> None:
        """Wait until the page says what the customer has answered."""
        await expect(self.at(f"[data-request={what}][data-state={answer}]")).to_be_visible()


async def has_become(proposal: Locator, state: str) -> None:
    """Wait until the page says that this became of a proposal."""
    await expect(proposal).to_have_attribute("data-state", state)
