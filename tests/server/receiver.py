"""Somebody else's end of a webhook: a real server that answers as a test wants."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from broker.server.news import KINDS
from broker.server.webhooks.settings import Webhook

PATH = "/services/T000/B000/xxSECRETxx"
KEY = b"a key of thirty-two random bytes"
PATIENCE_SECONDS = 40.0
HANG = 0
"""In place of a status: never answer."""


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> Any:  # noqa: ANN401 - JSON is anything
        return json.loads(self.body)

    def is_signed(self, key: bytes = KEY) -> bool:
        """Whether the signature holds, reckoned as the specification has it."""
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return self.headers["webhook-signature"] == f"v1,{expected}"


class Receiver:
    """Answers with ``answers`` in turn, then with 204; each a status, or one with headers."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Received] = []
        self.answers: list[int | tuple[int, dict[str, str]]] = []
        self.then: int = 204
        self._came = asyncio.Event()
        self._closing = asyncio.Event()

    def webhook(self, name: str = "chat", form: str = "json", **more: Any) -> Webhook:  # noqa: ANN401
        """This receiver, as an operator configures it."""
        url = f"http://127.0.0.1:{self.port}{PATH}"
        settings = {"secret": KEY, "kinds": frozenset(KINDS), **more}
        return Webhook(name=name, url=url, format=form, **settings)

    def table(self, name: str = "chat") -> str:
        """The same, in the broker's configuration."""
        secret = f"whsec_{base64.b64encode(KEY).decode()}"
        url = self.webhook().url
        return f'[[webhook]]\nname = "{name}"\nurl = "{url}"\nsecret = "{secret}"\n'

    async def has(self, test: Callable[[list[Received]], bool]) -> None:
        """Wait until what has come passes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not test(self.received):
                self._came.clear()
                await self._came.wait()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        assert request.path == PATH, "a redirect was followed"
        self.received.append(Received(request.headers, body))
        self._came.set()
        answer = self.answers.pop(0) if self.answers else self.then
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        if status == HANG:
            await self._closing.wait()
            status = 500
        return web.Response(status=status, headers=headers)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Receiver"]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self.port)
            await site.start()
            self.port = runner.addresses[0][1]
            yield self
        finally:
            self._closing.set()
            await runner.cleanup()
