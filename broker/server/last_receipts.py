"""What the broker does for its sessions before it goes: sign for what it holds, and send that.

So a calm stop leaves no host without a receipt for what it was told is held. It is bounded: a disk
that hangs, or a host that takes nothing, keeps nobody from stopping.
"""

import asyncio
from collections.abc import Iterable

import structlog

from broker.server.room import Room

log = structlog.get_logger()

_WRITE_SECONDS = 1.0
"""For what has been received and is not durable; then the rest is signed for."""
_SECONDS = 3.0


async def sign_last(rooms: Iterable[Room]) -> None:
    """Sign, for every live session, for what is durable; hosts that are here are sent it."""
    live = [room for room in rooms if room.receipts.live]
    done = set[str]()
    try:
        async with asyncio.timeout(_SECONDS), asyncio.TaskGroup() as group:
            for room in live:
                group.create_task(_sign(room, done))
    except TimeoutError:
        log.warning("not all signed for", sessions=len(live) - len(done))


async def _sign(room: Room, done: set[str]) -> None:
    try:
        async with asyncio.timeout(_WRITE_SECONDS):
            for copy in list(room.copies.values()):
                await copy.written()
    except TimeoutError:
        log.warning("not all written", session=room.session.id)
    await room.receipts.catch_up()
    if room.connected:
        await room.receipts.sent()
    done.add(room.session.id)
