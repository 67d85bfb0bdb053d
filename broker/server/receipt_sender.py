"""Sends one host the receipts of its session, from where its copy ends."""

import asyncio
import contextlib
import errno

import structlog

from broker.server.link_socket import LinkSocket
from broker.server.receipts import SessionReceipts
from broker.wire.codec import MAX_DATA_BYTES
from broker.wire.messages import Append
from broker.wire.names import RECEIPTS

log = structlog.get_logger()

_RETRY_SECONDS = 1.0


async def send_receipts(receipts: SessionReceipts, socket: LinkSocket, offset: int) -> None:
    """Send what there is from ``offset`` on, and what is yet to come, until this is cancelled.

    Whole lines, so that a copy ends with one. Where the disk fails, it is tried again.
    """
    with contextlib.suppress(ConnectionError):  # the link is gone; whoever reads it sees that
        while True:
            receipts.note_sent(offset)
            await receipts.grown(offset)
            try:
                data = await receipts.read(offset, min(MAX_DATA_BYTES, receipts.size - offset))
            except OSError as error:
                log.warning("receipts not read", error=str(error))
                await asyncio.sleep(_RETRY_SECONDS)  # the host waits for them, and for nothing else
                continue
            data = data[: data.rfind(b"\n") + 1]
            if not data:
                raise OSError(errno.EIO, "the receipts are shorter than what was held")
            socket.send(Append(RECEIPTS, offset, data))
            offset += len(data)
            await socket.drained()
