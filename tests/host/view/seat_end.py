"""A recorder's socket with a terminal's seat, as a test wants it, and a view that takes it.

The view runs as it does for a customer: a process of its own on a PTY.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from broker.wire.codec import MAX_DATA_BYTES, Unpacker, decode, encode, pack
from broker.wire.messages import (
    Attach,
    Attached,
    Consented,
    Do,
    Done,
    Ended,
    Input,
    Message,
    Output,
)
from tests.host.facts import TERMINAL, facts
from tests.journeys.screen import Screen
from tests.journeys.terminal import Terminal
from tests.journeys.waiting import Changing

M = TypeVar("M")

VIEW = """
import socket, sys
from broker.host.view.terminal import Left, TerminalView

def connect():
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(sys.argv[1])
    return sock

try:
    sys.exit(TerminalView(connect, 0, 1).run())
except Left as left:
    sys.exit(f"left: {left}")
"""


class SeatEnd(Changing):
    """Keeps what it is told, in order, and answers commands with the facts, or as told."""

    def __init__(self) -> None:
        super().__init__(lambda: f"told so far: {self.told}")
        self.told: list[Message] = []
        self.facts = facts()
        self.answers: dict[str, Message] = {}
        self.screen = b"$ "
        """What is drawn when somebody attaches."""
        self.terminal = TERMINAL
        self.seat: asyncio.StreamWriter | None = None
        self._reads = asyncio.Event()
        self._reads.set()
        self._links: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self._links.add(writer)
        unpacker = Unpacker()
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                for encoded in unpacker.feed(data):
                    message = decode(encoded)
                    self.told.append(message)
                    self._answer(writer, message)
                self.changed()
                if writer is self.seat:
                    await self._reads.wait()
        writer.close()
        self.changed()

    def _answer(self, writer: asyncio.StreamWriter, message: Message) -> None:
        if isinstance(message, Attach):
            self.seat = writer
            self.terminal = message.terminal or TERMINAL
            self.tell(Attached(self.terminal))
            self.prints(self.screen)
        elif isinstance(message, Do):
            writer.write(pack(encode(self.answers.get(message.command, Done(self.facts)))))
        elif isinstance(message, Consented) and writer is not self.seat:
            writer.write(pack(encode(Done(self.facts))))

    def tell(self, message: Message) -> None:
        """Send something on the seat's connection."""
        assert self.seat is not None
        self.seat.write(pack(encode(message)))

    def prints(self, data: bytes) -> None:
        """Have the terminal print."""
        for at in range(0, len(data), MAX_DATA_BYTES):
            self.tell(Output(self.terminal, data[at : at + MAX_DATA_BYTES]))

    def reads_keys(self, *, reads: bool) -> None:
        """Whether what comes from the seat is read."""
        if reads:
            self._reads.set()
        else:
            self._reads.clear()

    def all(self, kind: type[M]) -> list[M]:
        """What was told of one kind."""
        return [one for one in self.told if isinstance(one, kind)]

    @property
    def held_up(self) -> bool:
        """Whether output waits for the view to take it."""
        assert self.seat is not None
        return self.seat.transport.get_write_buffer_size() > 0

    @property
    def done(self) -> list[Do]:
        """What was asked to be done, but for the facts."""
        return [one for one in self.all(Do) if one.command != "status"]

    @property
    def typed(self) -> bytes:
        """The keys that came."""
        return b"".join(one.data for one in self.all(Input))

    async def until_told(self, message: Message) -> None:
        """Wait for exactly this."""
        await self.until(lambda: message in self.told, repr(message))

    def close(self) -> None:
        """Close all connections."""
        self._reads.set()
        for writer in self._links:
            writer.close()


class View:
    """A customer at their view."""

    def __init__(self, recorder: SeatEnd, terminal: Terminal) -> None:
        self.recorder = recorder
        self.terminal = terminal

    def types(self, keys: bytes) -> None:
        """Press keys."""
        self.terminal.type(keys)

    async def types_all(self, keys: bytes) -> None:
        """Press keys, more of them than a PTY holds."""
        for at in range(0, len(keys), 100):
            while True:
                try:
                    self.types(keys[at : at + 100])
                    break
                except BlockingIOError:  # until the view has read some
                    await asyncio.sleep(0)

    @property
    def shown(self) -> Screen:
        """The screen in front of the customer."""
        return Screen(*self.terminal.size).show(bytes(self.terminal.printed))

    async def sees(self, *texts: str) -> None:
        """Wait until all of these are on the screen."""

        def look() -> bool:
            told = self.shown.text
            return all(text in told for text in texts)

        await self.terminal.until(look, f"{texts} on the screen")

    async def until_screen(self, condition: Callable[[Screen], bool], what: str) -> None:
        """Wait for the screen to be so."""
        await self.terminal.until(lambda: condition(self.shown), what)

    async def ends(self, status: int = 0) -> None:
        """Have the program end."""
        self.recorder.tell(Ended(self.recorder.terminal, status))
        assert await self.terminal.ended() == status


@asynccontextmanager
async def view(
    recorder: SeatEnd | None = None, term: str = "xterm-256color", *, ready: bool = True
) -> AsyncIterator[View]:
    """A view that runs, with its prompt on the screen; killed at the end where it still does."""
    recorder = recorder or SeatEnd()
    with tempfile.TemporaryDirectory(prefix="seat-") as folder:
        path = Path(folder) / "s"
        server = await asyncio.start_unix_server(recorder.serve, str(path))
        terminal = Terminal()
        env = {**os.environ, "TERM": term, "HOME": folder}
        env.pop("TMUX", None)
        await terminal.run([sys.executable, "-c", VIEW, str(path)], env)
        one = View(recorder, terminal)
        try:
            if ready:
                await one.sees("$")
            yield one
        finally:
            await terminal.close()
            recorder.close()
            server.close()
