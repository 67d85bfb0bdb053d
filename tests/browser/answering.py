"""The customer's answers: keys in the real terminal, once they see what is asked."""

from tests.journeys.customer import Customer

PREFIX = "\x1d"
ENTER = "\r"
WORKS = "Shall we look at /var?"


async def works(customer: Customer) -> None:
    """Have something of their own on the screen, and nothing else."""
    customer.terminal.type("clear; printf 'Shall we look at %s?\\n' /var\n")
    await customer.terminal.expect(WORKS)


async def is_asked(customer: Customer, text: str) -> None:
    """Wait until this is told between prompts, and how to answer; then look at it."""
    await customer.terminal.expect(text)
    await customer.terminal.expect("Ctrl-] a answers")
    customer.terminal.type(PREFIX + "a")


async def answers(customer: Customer, key: str, keys_shown: str = "r: run") -> None:
    """Press a key in the panel, once it takes keys: it shows them from then on."""
    await customer.terminal.expect(keys_shown)
    customer.terminal.type(key)


async def fills_in(customer: Customer, question: str, answer: str) -> None:
    """Type the answer to a question of a panel."""
    await customer.terminal.expect(question)
    customer.terminal.type(answer + ENTER)


async def gives_control(customer: Customer) -> None:
    """Widen the mode by its key, with the words typed."""
    customer.terminal.type(PREFIX + "c")
    await fills_in(customer, 'Type "I agree"', "I agree")


def takes_or_gives_back(customer: Customer) -> None:
    """Press the one key for both."""
    customer.terminal.type(PREFIX + " ")
