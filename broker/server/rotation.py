"""The admin's command that lets a new key sign for the broker."""

import asyncio
from typing import Any

import structlog

from broker.server.admin import Arguments
from broker.server.identity import Identity

log = structlog.get_logger()


class Rotation:
    """``rotate``: what is signed from its return on is signed by a new key."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._turn = asyncio.Lock()

    async def rotate(self, _arguments: Arguments) -> dict[str, Any]:
        """Every key, the new one last. Raises OSError; the old one then goes on signing."""
        async with self._turn:
            await asyncio.to_thread(self._identity.rotate)
        ring = self._identity.ring
        log.info("another key signs", key=ring.signer.fingerprint)
        return {"keys": ring.as_json()}
