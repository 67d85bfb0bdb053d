"""``jumpseat commands``: what was run in a session, as the broker holds it."""

import asyncio
from pathlib import Path
from typing import Any

import click

from broker.cli import options
from broker.cli.failure import Failed


@click.command("commands")
@click.argument("session")
@options.data
@click.option("--failed", is_flag=True, help="Only those that failed.")
@click.option("--person", metavar="NAME", help="Only those that NAME typed, or helped to.")
@click.option("--away", is_flag=True, help="Only those that began while the customer was away.")
@options.identity
@options.as_json
def command(
    session: str,
    data: Path,
    failed: bool,
    person: str | None,
    away: bool,
    identities: tuple[Path, ...],
    as_json: bool,
) -> None:
    """List what was run in SESSION: by whom, how it ended, how long it took.

    Also while the session goes on: then as far as it is held. Without --data this is the
    customer's command, which lists what was run on this host.
    """
    from broker.host.command_text import chosen, table  # noqa: PLC0415 - help needs neither side

    found = asyncio.run(_told(session, data, identities))
    told = chosen(found, failed=failed, person=person, away=away)
    if as_json:
        options.tell_json(told)
    else:
        print("\n".join(table(told)))


async def _told(session: str, data: Path, identities: tuple[Path, ...]) -> dict[str, Any]:
    from broker.cli.stored import stored  # noqa: PLC0415
    from broker.server.report_worker import Asked, tell  # noqa: PLC0415
    from broker.wire.names import parse_stream  # noqa: PLC0415

    async with stored(data, identities) as kept:
        await kept.check(session)
        try:
            sizes = kept.recordings.settle(session)
            logs = [(name, sizes[name]) for name in sorted(sizes, key=parse_stream)]
            logs = [(name, size) for name, size in logs if parse_stream(name).is_log]
            return tell(
                Asked(
                    "commands",
                    str(kept.recordings.root),
                    session,
                    logs,
                    keys=[str(one) for one in identities],
                )
            )
        except OSError as error:
            raise Failed(f"{error.filename or data}: {error.strerror}") from None
