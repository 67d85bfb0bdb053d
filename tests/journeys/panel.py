"""The customer's panels: keys in the real terminal, once what they are for is shown."""

from tests.journeys.customer import Customer

PREFIX = "\x1d"
ENTER = "\r"
_GONE = "\x1b[?1049l"


class Panel:
    """What covers one customer's terminal."""

    def __init__(self, customer: Customer) -> None:
        self._customer = customer

    async def answers(self, text: str = "alice asks to run this", keys: str = "r: run") -> None:
        """Look at what is asked; wait until this is shown, and the keys that answer it."""
        self.press(PREFIX + "a")
        await self.shows(text)
        await self.shows(keys)

    async def shows(self, text: str) -> None:
        """Wait until this is shown."""
        await self._customer.terminal.expect(text)

    async def says(self, text: str) -> None:
        """Wait until this is said, and close what says it."""
        await self.shows(text)
        self.press("\x1b")
        await self.is_gone()

    async def is_gone(self) -> None:
        """Wait until no panel is up."""
        await self.shows(_GONE)

    async def fills_in(self, question: str, answer: str) -> None:
        """Type an answer to a question, once it is asked."""
        await self.shows(question)
        self.press(answer + ENTER)

    def press(self, keys: str) -> None:
        """Press keys."""
        self._customer.terminal.type(keys)

    def reins(self) -> None:
        """Take back, or give back."""
        self.press(PREFIX + " ")
