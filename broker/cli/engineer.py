"""``jumpseat engineer``: who may sign in."""

import asyncio
from pathlib import Path

import click

from broker.cli import options
from broker.cli.failure import Failed


@click.group("engineer")
def command() -> None:
    """Let engineers sign in."""


@command.command("add")
@click.argument("name")
@options.data
@options.as_json
def add(name: str, data: Path, as_json: bool) -> None:
    """Print a sign-in link for engineer NAME, who is added where there is none of that name.

    The link works once, within 15 minutes. It is as good as a password until then.
    """
    from broker.cli.stored import stored  # noqa: PLC0415 - help needs no server

    async def work() -> str:
        async with stored(data) as kept:
            engineer_id = await kept.access.engineer(name)
            token = await kept.access.sign_in_token(engineer_id)
            return f"{await kept.url()}/sign-in#{token}"

    if not name.strip() or not name.isprintable():
        raise Failed("a name has printable characters", 2)
    link = asyncio.run(work())
    if as_json:
        options.tell_json({"name": name, "sign_in": link})
    else:
        print(f"Sign in as {name} (once, within 15 minutes): {link}")
