"""What a command ends with when it can't do what it was asked: one line and an exit status."""

import click

USAGE, NOT_FOUND, UNREACHABLE, REFUSED = 2, 3, 4, 5
"""As on the customer's side; 1 is anything else. ``jumpseat --help`` lists them."""
MISUSED_VERIFY = 64
"""Of ``verify``, whose 0, 1 and 2 are verdicts."""


class Failed(click.ClickException):
    """Told as ``jumpseat: MESSAGE`` on stderr."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status
