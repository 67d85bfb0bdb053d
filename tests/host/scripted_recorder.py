"""A recorder as far as the shells' own process knows: it answers ``check`` and ``override``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from broker.host.holds import CUSTOMER, Hold, Holds, checked_patterns
from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.messages import Do, Done, Error

TEXT = "do not touch pool/tank: may be unrecoverable"


def holds_of(*patterns: str) -> Holds:
    """One hold with these patterns; without any: none."""
    if not patterns:
        return Holds()
    return Holds().put_up(Hold("h7k2", TEXT, checked_patterns(patterns), "bob", CUSTOMER, 1e9))


class ScriptedRecorder:
    """What it was asked is in ``done``: command, line and terminal."""

    def __init__(self) -> None:
        self.holds = Holds()
        self.done: list[tuple[str, str, str]] = []

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unpacker = Unpacker()
        with contextlib.closing(writer):
            while data := await reader.read(65536):
                for encoded in unpacker.feed(data):
                    message = decode(encoded)
                    assert isinstance(message, Do)
                    writer.write(pack(encode(self._answer(message))))

    def _answer(self, message: Do) -> Done | Error:
        line, terminal = message.args["line"], message.args["terminal"]
        self.done.append((message.command, line, terminal))
        if message.command == "override":
            return Done({})
        stopped: list[dict[str, Any]] = [hold.notice for hold in self.holds.touched_by(line)]
        return Done({"stopped": stopped})


@contextlib.asynccontextmanager
async def scripted_recorder(socket: Path) -> AsyncIterator[ScriptedRecorder]:
    """Listen at ``socket``."""
    recorder = ScriptedRecorder()
    server = await asyncio.start_unix_server(recorder.welcome, socket)
    try:
        yield recorder
    finally:
        server.close()
        await server.wait_closed()
