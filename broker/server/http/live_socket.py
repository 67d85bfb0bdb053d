"""``GET /api/sessions/live``: every session's summary, then each again when it changes."""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from broker.server.http.connections import Connections
from broker.server.http.guard import SIGN_IN
from broker.server.hub import Hub
from broker.server.outbox import Outbox, frame

_PING_SECONDS = 20.0
_BACKLOG_BYTES = 4 * 1024 * 1024  # then it does not read at all: it may come back for a fresh list
_GOING_AWAY = 1001


class LiveSockets:
    """The handler of all lists of sessions."""

    def __init__(self, hub: Hub, connections: Connections) -> None:
        self._hub = hub
        self._connections = connections

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one list until its page goes."""
        ws = web.WebSocketResponse(compress=False, heartbeat=_PING_SECONDS, max_msg_size=1024)
        await ws.prepare(request)
        transport = request.transport
        if transport is None:
            return ws
        outbox = Outbox(transport)

        def tell(summary: dict[str, Any]) -> None:
            outbox.send(_framed(summary))
            if outbox.backlog > _BACKLOG_BYTES:
                transport.abort()

        with self._connections.opened(lambda: outbox.close(_GOING_AWAY), request[SIGN_IN]):
            self._hub.listen(tell)
            try:
                # Newest last, so that whoever adds each in front has them in order.
                for summary in reversed(self._hub.summaries()):
                    tell(summary)
                    await asyncio.sleep(0)
                async for message in ws:
                    if message.type is WSMsgType.ERROR:
                        break
            finally:
                self._hub.unlisten(tell)
        return ws


def _framed(summary: dict[str, Any]) -> bytes:
    text = json.dumps({"type": "session", "session": summary}, separators=(",", ":"))
    return frame(text.encode(), text=True)
