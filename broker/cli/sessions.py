"""``jumpseat sessions``: what there is, live and ended."""

import asyncio
import time
from pathlib import Path
from typing import Any

import click

from broker.cli import options


@click.command("sessions")
@options.data
@options.as_json
def command(data: Path, as_json: bool) -> None:
    """List the sessions, newest first. Works while the broker runs and while it does not."""
    told = asyncio.run(_sessions(data))
    if as_json:
        options.tell_json(told)
        return
    if not told:
        print("no sessions yet")
        return
    options.tell_table(_HEAD, [_row(session) for session in told])


async def _sessions(data: Path) -> list[dict[str, Any]]:
    from broker.cli.stored import Stored, stored  # noqa: PLC0415 - help needs no server
    from broker.recording.presence import Shown  # noqa: PLC0415
    from broker.server.stores.keeps import Keep, Keeps  # noqa: PLC0415
    from broker.server.stores.metadata import Session  # noqa: PLC0415
    from broker.server.summary import read_summary  # noqa: PLC0415

    settled = ("waiting", "disconnected", "recorder-lost", "link-lost", "over", "ended")

    def tell(kept: Stored, keeps: list[Keep], session: Session, *, served: bool) -> dict[str, Any]:
        shown = session.shown
        if not served and shown.state not in settled:
            shown = Shown("link-lost", shown.since, "no broker is running")
        keep = next((one for one in keeps if one.holds(session.id, session.case.title)), None)
        return {
            **read_summary(session, shown, kept.recordings),
            "kept": keep and {"by": keep.by, "why": keep.why, "since": keep.since},
        }

    async with stored(data) as kept:
        served = kept.is_served()
        keeps = await Keeps(kept.metadata.engine).all()
        found = await kept.metadata.sessions()
        return [tell(kept, keeps, session, served=served) for session in reversed(found)]


_HEAD: tuple[str, ...] = (
    "SESSION", "CASE", "HOST", "MODE", "STANDING", "PRESENCE", "GRANTED", "BYTES", "AT REST",
)  # fmt: skip


def _row(session: dict[str, Any]) -> tuple[str, ...]:
    host = session["host"]
    return (
        session["id"],
        session["case"]["title"],
        f"{host['user']}@{host['name']}",
        session["mode"],
        session["standing"] if session["ended"] is None else "-",
        session["presence"]["state"],
        time.strftime("%Y-%m-%d %H:%M", time.localtime(session["created"])),
        str(sum(stream["size"] for stream in session["streams"])),
        _at_rest(session),
    )


def _at_rest(session: dict[str, Any]) -> str:
    kept = "kept" if session["kept"] else ""
    deleted = session["deleted"]
    if deleted is not None:
        on = time.strftime("%Y-%m-%d", time.localtime(deleted["at"]))
        return f"deleted on {on} by {deleted['by']}: {deleted['why']}"
    return ", ".join(filter(None, ("encrypted" if session["sealed"] else "", kept)))
