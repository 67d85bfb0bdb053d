"""The customer's page: a real websocket client that has the link, and signs what it does.

Written from ``docs/protocol.md`` alone, so that the recorder is not asked to agree with itself.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from broker.wire.messages import Act
from tests.journeys.broker import Broker
from tests.journeys.viewer import Viewer, connected


class Page:
    """A page that is open; ``viewer`` is what it sees."""

    def __init__(self, link: str, viewer: Viewer) -> None:
        self.viewer = viewer
        self.session, key = _parts(link)
        self._act_key = _derived(key, b"jumpseat page act")
        self._n = 0

    async def act(self, do: str, *, run: int = 1, **fields: str) -> Act:
        """Do something; what was sent."""
        made = self.made(do, run=run, **fields)
        await self.viewer.send(made)
        return made

    def made(self, do: str, *, run: int = 1, **fields: str) -> Act:
        """What the page would send."""
        self._n = max(self._n + 1, int(time.time() * 1000))
        action = json.dumps({
            "session": self.session, "run": run, "n": self._n, "do": do, "proposal": "",
            "text_sha256": "", "word": "", **fields,
        })  # fmt: skip
        mac = hmac.new(self._act_key, action.encode(), hashlib.sha256).hexdigest()
        return Act(action, mac)

    async def approve(self, proposal: str, text: str) -> None:
        """Let a proposal run that was shown with this text."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        await self.act("approve", proposal=proposal, text_sha256=digest)


@asynccontextmanager
async def opened(broker: Broker, link: str) -> AsyncIterator[Page]:
    """Open a page by its link."""
    session, key = _parts(link)
    token = _derived(key, b"jumpseat page view").hex()
    body = {"session": session, "token": token}
    answer = await broker.request("POST", "/api/customer/sign-in", body)
    assert answer.status == 200, answer.body
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    async with connected(broker, f"/api/sessions/{session}/page", cookie) as viewer:
        yield Page(link, viewer)


def _parts(link: str) -> tuple[str, bytes]:
    address, _, fragment = link.partition("#")
    return address.rpartition("/")[2], base64.urlsafe_b64decode(fragment + "=")


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, purpose, hashlib.sha256).digest()
