"""Sends one host the receipts of its session, from where its copy ends."""

import contextlib

from broker.server.link_socket import LinkSocket
from broker.server.receipts import SessionReceipts
from broker.wire.codec import MAX_DATA_BYTES
from broker.wire.messages import Append
from broker.wire.names import RECEIPTS


async def send_receipts(receipts: SessionReceipts, socket: LinkSocket, offset: int) -> None:
    """Send what there is from ``offset`` on, and what is yet to come, until this is cancelled.

    Whole lines, so that a copy ends with one. Raises OSError where the disk fails.
    """
    with contextlib.suppress(ConnectionError):  # the link is gone; whoever reads it sees that
        while True:
            await receipts.grown(offset)
            data = await receipts.read(offset, min(MAX_DATA_BYTES, receipts.size - offset))
            data = data[: data.rfind(b"\n") + 1]
            socket.send(Append(RECEIPTS, offset, data))
            offset += len(data)
            await socket.drained()
