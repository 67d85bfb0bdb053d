"""``jumpseat webhooks``: what was sent to webhooks, and a test of those that are configured."""

import asyncio
import time
from pathlib import Path
from typing import Any

import click

from broker.cli import options
from broker.cli.failure import UNREACHABLE, USAGE, Failed

_MOST = 200


@click.group("webhooks")
def command() -> None:
    """Show what was sent to webhooks, and try them."""


@command.command("deliveries")
@options.data
@options.as_json
def deliveries(data: Path, as_json: bool) -> None:
    """List the newest 200 deliveries, newest first. Works while the broker runs."""
    told = asyncio.run(_newest(data))
    if as_json:
        options.tell_json(told)
    elif not told:
        print("nothing was sent yet")
    else:
        options.tell_table(_HEAD, [_row(delivery) for delivery in told])


@command.command("test")
@click.option(
    "--config",
    "file",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file that the broker is configured with.",
)
@options.as_json
def test(file: Path, as_json: bool) -> None:
    """Send one test to each webhook of a configuration, once, and say what came of it.

    It is signed like everything else; its kind is "test". Nothing of it is kept.
    """
    told = asyncio.run(_test(file))
    if as_json:
        options.tell_json(told)
    else:
        for one in told:
            print(f"{one['webhook']}: {one['error'] or 'delivered'}")
    failed = [one["webhook"] for one in told if one["error"]]
    if failed:
        raise Failed(f"not delivered: {', '.join(failed)}", UNREACHABLE)


async def _newest(data: Path) -> list[dict[str, Any]]:
    from broker.cli.stored import stored  # noqa: PLC0415 - help needs no server
    from broker.server.stores.deliveries import Deliveries  # noqa: PLC0415

    async with stored(data) as kept:
        found = await Deliveries(kept.metadata.engine).newest(_MOST)
        return [delivery.told() for delivery in found]


async def _test(file: Path) -> list[dict[str, Any]]:
    from broker.server.access import new_id  # noqa: PLC0415 - help needs no server
    from broker.server.configuration import BadConfiguration, read  # noqa: PLC0415
    from broker.server.news import News  # noqa: PLC0415
    from broker.server.webhooks.attempt import attempt, client  # noqa: PLC0415
    from broker.server.webhooks.message import body_of  # noqa: PLC0415
    from broker.server.webhooks.sender import Pace  # noqa: PLC0415

    try:
        webhooks = read(file).webhooks
    except BadConfiguration as error:
        raise Failed(str(error), USAGE) from None
    if not webhooks:
        raise Failed(f"{file} has no [[webhook]]", USAGE)
    news = News("", "", "", "test", "a test of Jumpseat's news", time.time())
    told = []
    async with client() as session:
        for webhook in webhooks:
            body = body_of(news, webhook.format)
            answer = await attempt(session, webhook, f"msg_{new_id()}", body, Pace().timeout)
            told.append({"webhook": webhook.name, "status": answer.status, "error": answer.error})
    return told


_HEAD = ("CREATED", "WEBHOOK", "KIND", "SESSION", "ATTEMPTS", "OUTCOME")


def _row(delivery: dict[str, Any]) -> tuple[str, ...]:
    outcome = delivery["error"] or "delivered"
    if delivery["done"] is None:
        outcome = f"{delivery['error'] or 'waits'}, next at {_clock(delivery['next'])}"
    return (
        _clock(delivery["created"]),
        delivery["webhook"],
        delivery["kind"],
        delivery["session"],
        str(delivery["attempts"]),
        outcome,
    )


def _clock(t: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(t))
