"""``jumpseat keep``: say what nobody may delete, and until when that was so."""

import asyncio
import time
from pathlib import Path
from typing import Any

import click

from broker.cli import options


@click.command("keep")
@click.argument("session", required=False, default="")
@click.option("--case", default="", metavar="TEXT", help="All sessions of the cases of this text.")
@options.data
@click.option("--why", default="", metavar="TEXT", help="For whoever reads the list; needed.")
@click.option("--release", is_flag=True, help="It may be deleted again.")
@click.option("--list", "listing", is_flag=True, help="What is kept, and what was.")
@options.as_json
def command(
    session: str, case: str, data: Path, why: str, release: bool, listing: bool, as_json: bool
) -> None:
    """Have SESSION, or all sessions of a case, kept: neither retention nor a command deletes it.

    Who said so, when and why is noted, also of what is released again. The broker must be running,
    but for --list.
    """
    if listing:
        if session or case or release:
            raise click.UsageError("--list lists all of them")
        told = asyncio.run(_listed(data))
    else:
        if bool(session) == bool(case):
            raise click.UsageError("say SESSION or --case TEXT")
        if not release and not why:
            raise click.UsageError("--why TEXT: why is it kept?")
        told = asyncio.run(_said(data, session, case, why, release=release))
    if as_json:
        options.tell_json(told)
    elif listing:
        options.tell_table(("WHAT", "SINCE", "BY", "RELEASED", "WHY"), [_row(one) for one in told])
    else:
        print(f"{session or f'case {case!r}'} {'may be deleted again' if release else 'is kept'}")


async def _said(
    data: Path, session: str, case: str, why: str, *, release: bool
) -> list[dict[str, Any]]:
    from broker.cli.running import ask  # noqa: PLC0415 - help needs no client

    what = {"session": session, "case": case, "by": options.me()}
    told = await (ask(data, "release", **what) if release else ask(data, "keep", **what, why=why))
    keeps: list[dict[str, Any]] = told["keeps"]
    return keeps


async def _listed(data: Path) -> list[dict[str, Any]]:
    from dataclasses import asdict  # noqa: PLC0415 - help needs no server

    from broker.cli.stored import stored  # noqa: PLC0415
    from broker.server.stores.keeps import Keeps  # noqa: PLC0415

    async with stored(data) as kept:
        return [asdict(one) for one in await Keeps(kept.metadata.engine).all()]


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    released = "" if one["released"] is None else f"{_day(one['released'])} {one['released_by']}"
    what = one["session"] or f"case {one['case']}"
    return what, _day(one["since"]), one["by"], released, one["why"]


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
