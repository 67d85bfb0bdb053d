"""``jumpseat keys``: by what customers know the broker."""

import asyncio
import time
from pathlib import Path
from typing import Any

import click

from broker.cli import options
from broker.cli.failure import NOT_FOUND, Failed


@click.command("keys")
@options.data
@click.option("--rotate", is_flag=True, help="Let a new key take over; the broker must be running.")
@options.as_json
def command(data: Path, rotate: bool, as_json: bool) -> None:
    """List the keys that sign for the broker, oldest first; the last one is current.

    With --rotate a new key signs from now on, vouched for by the one so far, which is destroyed.
    Customers who know an older key are led to the new one by that, and notice nothing. Where a key
    may have been stolen, tell them so: the thief can vouch for keys as well.
    """
    told = asyncio.run(_rotated(data)) if rotate else _kept(data)
    if as_json:
        options.tell_json(told)
    else:
        options.tell_table(("KEY", "SINCE", ""), [_row(one) for one in told])


async def _rotated(data: Path) -> list[dict[str, Any]]:
    from broker.cli.running import ask  # noqa: PLC0415 - help needs no client

    return _told((await ask(data, "rotate"))["keys"])


def _kept(data: Path) -> list[dict[str, Any]]:
    from broker.server.identity import BadIdentity, read  # noqa: PLC0415 - help needs no server

    try:
        return _told(read(data).as_json())
    except FileNotFoundError:
        raise Failed(
            f"no broker has used {data} yet; start one: jumpseat serve", NOT_FOUND
        ) from None
    except BadIdentity as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"can't use {error.filename}: {error.strerror}") from None


def _told(keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "current": one is keys[-1]} for one in keys]


def _row(one: dict[str, Any]) -> tuple[str, str, str]:
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(one["since"] / 1000))
    return one["key"], since, "current" if one["current"] else ""
