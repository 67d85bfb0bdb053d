"""An engineer's viewer: a real websocket client that keeps what it was sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from broker.recording import asciicast, session_log
from broker.wire import codec
from broker.wire.link import VIEWER_TO_BROKER, Link
from broker.wire.messages import (
    Append,
    Declined,
    Input,
    LiftHold,
    Message,
    Present,
    Propose,
    PutHold,
    Request,
    Snapshot,
    Streams,
    Turn,
    Watch,
    Watching,
    Withdraw,
)
from tests.journeys.broker import Broker, Engineer
from tests.journeys.customer import Customer
from tests.journeys.recording import TERMINAL
from tests.journeys.screen import Screen
from tests.journeys.waiting import Changing


@dataclass
class Copy:
    """What a viewer has of one stream: bytes from ``start`` on, behind a snapshot or not."""

    start: int
    data: bytearray = field(default_factory=bytearray)
    snapshot: Snapshot | None = None

    @property
    def end(self) -> int:
        """The offset that comes next."""
        return self.start + len(self.data)

    def skip_to(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        self.start, self.snapshot = snapshot.offset, snapshot
        self.data.clear()

    def screen(self) -> Screen:
        """The screen that a viewer of this recording sees."""
        data = bytes(self.data)
        lines = data[: asciicast.whole_lines(data)].decode().splitlines()
        screen = Screen()
        if self.snapshot is not None:
            screen = Screen(self.snapshot.cols, self.snapshot.rows).show(self.snapshot.data)
        if self.start == 0 and lines:
            head = asciicast.read_header(lines.pop(0))
            screen = Screen(head["width"], head["height"])
        for line in lines:
            event = asciicast.read_event(line)
            if event.code == "o":
                screen.show(event.text.encode())
            elif event.code == "r" and (size := asciicast.read_size(event.text)):
                screen.resize(*size)
        return screen


class Viewer(Changing):
    """One engineer's view of one session, while ``receive`` runs."""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(self._told)
        self._socket = socket
        self._link = Link(VIEWER_TO_BROKER, asyncio.get_running_loop().time())
        self.copies: dict[str, Copy] = {}
        self.names: list[str] = []
        self.watching = Watching("", {})
        self.present: list[Present] = []
        self.declined: list[Declined] = []
        self.turns: dict[str, Turn] = {}
        self.closed = False

    def _told(self) -> str:
        sizes = {name: (copy.start, copy.end) for name, copy in self.copies.items()}
        return (
            f"viewer of {sizes}, {self.watching}, {self.present[-3:]}, {self.turns}, "
            f"{self.declined[-3:]}, closed: {self.closed}"
        )

    async def follow(self, name: str, offset: int = 0) -> Copy:
        """Watch a stream from ``offset``, or from a snapshot on (-1), as soon as it is there."""
        await self.until(lambda: name in self.names, name)
        self.copies[name] = Copy(max(offset, 0))
        await self.send(Watch(name, offset))
        return self.copies[name]

    async def type(self, terminal: str, keys: str) -> None:
        """Press keys."""
        await self.send(Input(terminal, "", keys.encode()))

    async def nobody_types(self, customer: Customer, terminal: str = TERMINAL) -> None:
        """Wait until the terminal is nobody's, of all who have typed there before this call.

        The terminal must be followed: whose turn it is was told before what they typed had an echo.
        """
        copy, size = self.copies[terminal], len(customer.stream(terminal))
        await self.until(
            lambda: copy.end >= size and not self.holder(terminal), f"nobody to type at {terminal}"
        )

    def holder(self, terminal: str = TERMINAL) -> str:
        """Who types there now, as the last word on it was."""
        turn = self.turns.get(terminal)
        return turn.person if turn is not None and turn.holder else ""

    async def propose(
        self, text: str, why: str = "", expect: str = "", terminal: str = TERMINAL
    ) -> str:
        """Propose lines; the number that the session log gave it."""
        before = len(self.logged("proposed"))
        await self.send_proposal(text, why, expect, terminal)
        await self.until(lambda: len(self.logged("proposed")) > before, f"the proposal {text!r}")
        return str(self.logged("proposed")[-1]["proposal"])

    async def send_proposal(
        self, text: str, why: str = "", expect: str = "", terminal: str = TERMINAL
    ) -> None:
        """Propose lines, whatever comes of it."""
        await self.send(Propose("", terminal, text, why, expect))

    async def withdraw(self, proposal: str) -> None:
        """Take a proposal back."""
        await self.send(Withdraw("", proposal))

    async def request(self, what: str) -> None:
        """Ask for more."""
        await self.send(Request("", what))

    async def put_hold(self, text: str, *patterns: str) -> None:
        """Say what nobody should touch."""
        await self.send(PutHold("", text, list(patterns)))

    async def lift_hold(self, hold: str) -> None:
        """Lift a hold."""
        await self.send(LiftHold("", hold))

    async def is_declined(self, reason: str, times: int = 1) -> Declined:
        """Wait until something was declined for this reason, so many times; the last."""

        def found() -> list[Declined]:
            return [one for one in self.declined if one.reason == reason]

        await self.until(lambda: len(found()) >= times, f"{times} x declined: {reason}")
        return found()[times - 1]

    async def is_thrown_out(self) -> None:
        """Wait until the broker has closed the link."""
        await self.until(lambda: self.closed, "the link to be closed")

    async def until_logged(self, event: str, times: int = 1, run: int = 1) -> session_log.Entry:
        """Wait until so many entries of one kind have arrived; the last."""
        await self.until(lambda: len(self.logged(event, run)) >= times, f"{times} x {event}")
        return self.logged(event, run)[times - 1]

    async def sees(self, name: str, text: str) -> None:
        """Wait until this stands on the screen of a terminal."""
        await self.until(lambda: text in self.copies[name].screen().text, f"{text!r} on {name}")

    async def gets(self, name: str, text: str) -> None:
        """Wait until the bytes of a stream hold this."""
        wanted = text.encode()
        await self.until(lambda: wanted in self.copies[name].data, f"{text!r} in {name}")

    async def is_told(self, state: str) -> Present:
        """Wait until the customer's presence is shown so."""
        await self.until(
            lambda: bool(self.present) and self.present[-1].state == state, f"the state {state}"
        )
        return self.present[-1]

    def logged(self, event: str, run: int = 1) -> list[session_log.Entry]:
        """The entries of one kind that have arrived."""
        log = self.copies[f"run-{run}.log"].data.decode()
        entries = [session_log.decode(line) for line in log.splitlines(True) if line[-1] == "\n"]
        return [entry for entry in entries if entry["event"] == event]

    async def receive(self) -> None:
        """Take in what comes until the broker goes."""
        try:
            async for encoded in self._socket:
                message = codec.decode(encoded)
                answer = self._link.receive(message, asyncio.get_running_loop().time())
                if answer is not None:
                    await self.send(answer)
                self._take(message)
                self.changed()
        except ConnectionClosed:
            pass
        finally:
            self.closed = True
            self.changed()

    def _take(self, message: Message) -> None:
        if isinstance(message, Append):
            copy = self.copies[message.stream]
            assert message.offset == copy.end, "a hole, or bytes twice"
            copy.data += message.data
        elif isinstance(message, Snapshot):
            self.copies[message.stream].skip_to(message)
        elif isinstance(message, Streams):
            self.names = message.names
        elif isinstance(message, Watching):
            self.watching = message
        elif isinstance(message, Present):
            self.present.append(message)
        elif isinstance(message, Declined):
            self.declined.append(message)
        elif isinstance(message, Turn):
            self.turns[message.terminal] = message

    async def send_text(self, text: str) -> None:
        """Send what may be no message at all."""
        await self._socket.send(text)

    async def send(self, message: Message) -> None:
        """Send a message, whatever it is."""
        encoded = codec.encode(message)
        await self._socket.send(encoded.decode() if codec.is_text(encoded) else encoded)


@asynccontextmanager
async def viewing(broker: Broker, session: str, engineer: Engineer) -> AsyncIterator[Viewer]:
    """Watch a session."""
    async with connected(broker, f"/api/sessions/{session}/watch", engineer.cookie) as viewer:
        yield viewer


@asynccontextmanager
async def connected(broker: Broker, path: str, cookie: str) -> AsyncIterator[Viewer]:
    """Be a viewer at one of the broker's websockets."""
    socket = connect(
        broker.url.replace("http", "ws", 1) + path,
        ssl=broker.tls,
        origin=Origin(broker.url),
        additional_headers={"Cookie": cookie},
        max_size=None,
        compression=None,
    )
    try:
        async with socket as opened, asyncio.TaskGroup() as group:
            viewer = Viewer(opened)
            receiving = group.create_task(viewer.receive())
            try:
                await viewer.until(lambda: viewer.watching.you, "the broker's greeting")
                yield viewer
            finally:
                receiving.cancel()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # what went wrong is easier to read alone
