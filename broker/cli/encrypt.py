"""``jumpseat encrypt``: complete sessions are encrypted to whom the configuration names now."""

import asyncio
from pathlib import Path
from typing import Any

import click

from broker.cli import options
from broker.cli.failure import Failed


@click.command("encrypt")
@options.data
@options.as_json
def command(data: Path, as_json: bool) -> None:
    """Encrypt every complete session to the recipients of the running broker's configuration.

    What was encrypted to others before is read with the broker's identities and encrypted anew;
    what was not encrypted yet is, too. For new recipients: change the configuration, leave the old
    identity in it, restart the broker, run this, and only then take the old identity away.
    Exit status 1: something could not be done, and the broker's copy of it is as it was.
    """
    told = asyncio.run(_encrypted(data, quiet=as_json))
    failed = [one for one in told if one["problems"]]
    if as_json:
        options.tell_json(told)
    elif not told:
        print("every complete session is encrypted to today's recipients")
    if failed:
        raise Failed(f"{len(failed)} of {len(told)} sessions could not be encrypted")


async def _encrypted(data: Path, *, quiet: bool) -> list[dict[str, Any]]:
    from broker.cli.running import ask  # noqa: PLC0415 - help needs no client

    told = []
    for session in (await ask(data, "encrypt"))["sessions"]:
        one = {"session": session, **await ask(data, "encrypt", session=session)}
        told.append(one)
        if not quiet:
            said = f"{one['streams']} streams encrypted"
            print(f"{session}  {'; '.join([said, *one['problems']])}", flush=True)
    return told
