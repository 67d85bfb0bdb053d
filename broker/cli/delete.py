"""``jumpseat delete``: a session's streams are deleted, and a signed tombstone stays."""

import asyncio
from pathlib import Path

import click

from broker.cli import options
from broker.cli.failure import REFUSED, Failed


@click.command("delete")
@click.argument("session")
@options.data
@options.why
@click.option("--yes", is_flag=True, help="Don't ask.")
@options.as_json
def command(session: str, data: Path, why: str, yes: bool, as_json: bool) -> None:
    """Delete the broker's copy of SESSION for good: all its streams and what is found of it.

    The broker must be running. What stays is that there was such a session, its receipts, and that
    you deleted it, when and why, signed. Refused while its host is connected or its grant lasts,
    and where somebody has said to keep it. The customer's host keeps its own copy.
    """
    if not yes and click.prompt(
        f"This can't be undone. Type {session} to delete it", default="", show_default=False
    ) != (session):
        raise Failed("nothing was deleted", REFUSED)
    from broker.cli.running import ask  # noqa: PLC0415 - help needs no client

    told = asyncio.run(ask(data, "delete", session=session, why=why, by=options.me()))
    if as_json:
        options.tell_json(told)
    else:
        print(f"{session} is deleted")
