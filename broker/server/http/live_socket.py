"""``GET /api/sessions/live``: every session's summary, each again when it changes, and news."""

import asyncio
import json
from dataclasses import asdict
from typing import Any

from aiohttp import WSMsgType, web

from broker.server.http.connections import Connections
from broker.server.http.guard import SIGN_IN
from broker.server.hub import Hub
from broker.server.news import News
from broker.server.outbox import Outbox, frame
from broker.server.telling import Telling

_PING_SECONDS = 20.0
_BACKLOG_BYTES = 4 * 1024 * 1024  # then it does not read at all: it may come back for a fresh list
_NEWS_BACKLOG_BYTES = 256 * 1024  # who reads so slowly loses news rather than the list
_GOING_AWAY = 1001


class LiveSockets:
    """The handler of all lists of sessions."""

    def __init__(self, hub: Hub, telling: Telling, connections: Connections) -> None:
        self._hub = hub
        self._telling = telling
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
            outbox.send(_framed({"type": "session", "session": summary}))
            if outbox.backlog > _BACKLOG_BYTES:
                transport.abort()

        def tell_news(news: News) -> None:
            if outbox.backlog < _NEWS_BACKLOG_BYTES:
                outbox.send(_framed({"type": "news", "news": asdict(news)}))

        with self._connections.opened(lambda: outbox.close(_GOING_AWAY), request[SIGN_IN]):
            self._hub.listen(tell)
            self._telling.listen(tell_news)
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
                self._telling.unlisten(tell_news)
        return ws


def _framed(told: dict[str, Any]) -> bytes:
    return frame(json.dumps(told, separators=(",", ":")).encode(), text=True)
