"""A real recorder process with a real shell and its real uplink, and a seat at it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import signal
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broker.host import clock, sessions
from broker.host.session_file import SessionFile
from broker.recording import session_log
from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.messages import (
    Attach,
    Attached,
    Hello,
    Input,
    Joined,
    Message,
    Notice,
    Output,
    Turn,
)
from tests.host.broker_end import WAIT_SECONDS, BrokerEnd
from tests.journeys.processes import Process, running
from tests.journeys.waiting import until

TERMINAL = "run-1.terminal-1.cast"
LOG = "run-1.log"


class Host:
    """One session's recorder on a host of its own."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("JUMPSEAT_STATE_DIR", str(home / "state"))
        monkeypatch.setenv("JUMPSEAT_RUNTIME_DIR", str(home / "run"))
        monkeypatch.delenv("JUMPSEAT_SESSION", raising=False)
        user = pwd.getpwuid(os.getuid())
        self.seats: list[Seat] = []
        self.home = home
        self.folder = home / "state" / "s1"
        self.folder.mkdir(parents=True)
        (home / ".bashrc").write_text("PS1='$ '\n")
        self.file = SessionFile(  # noqa: S604 - shell is a field
            id="s1", broker=url, token="secret", case="c", engineer="alice",
            began_wall=time.time(), began_boottime=clock.boottime(), began_boot=clock.boot_id(),
            mode="control", away="pause", until=3600.0, terms="terms", answer="I agree",
            uid=user.pw_uid, gid=user.pw_gid, user=user.pw_name, home=str(home), shell="/bin/sh",
            env={"TERM": "xterm", "PATH": os.environ["PATH"], "PS1": "$ ", "HOME": str(home)},
            cwd=str(home), login=False, drift="off", others="off",
        )  # fmt: skip

    async def start(self, **changes: object) -> None:
        """Start a run of the recorder, on first use with these fields of the session changed."""
        if changes or not (self.folder / "session.json").exists():
            self.file = replace(self.file, **changes)  # type: ignore[arg-type]
            self.file.save(self.folder)
        await asyncio.to_thread(sessions.start_recorder, self.folder)

    async def do(self, what: str, words: str = "I agree", **args: object) -> dict[str, Any]:
        """Have a command done from another shell, these words typed where it takes consent."""
        voice = sessions.Voice(lambda text: None, lambda text, wanted: words)

        def ask() -> dict[str, Any]:
            with sessions.connect("s1") as recorder:
                return sessions.do(recorder, what, voice, **args)

        return await asyncio.to_thread(ask)

    def log(self, run: int = 1) -> list[session_log.Entry]:
        lines = (self.folder / f"run-{run}.log").read_text().splitlines(keepends=True)
        # The last one may be half written.
        return [session_log.decode(line) for line in lines if line.endswith("\n")]

    def logged(self, event: str, run: int = 1) -> list[session_log.Entry]:
        return [entry for entry in self.log(run) if entry["event"] == event]

    def pid(self) -> int:
        with sessions.connect("s1") as sock:
            raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(raw[:4], "little")

    def recorders(self) -> list[Process]:
        """The processes that run as this session's; what is only to be delivered, runs briefly."""
        return [one for one in running() if one.argv[-2:] == ("recorder", str(self.folder))]

    async def gone(self) -> None:
        await until(lambda: not self.recorders(), "the recorder's end", WAIT_SECONDS)

    async def close(self) -> None:
        for seat in self.seats:
            await seat.close()
        for one in self.recorders():
            with contextlib.suppress(ProcessLookupError):
                one.kill(signal.SIGTERM)
        await self.gone()


class Seat:
    """The customer's terminal, as far as the recorder knows."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.printed = b""
        self.notices: list[Notice] = []
        self._reader = reader
        self._writer = writer
        self._unpacker = Unpacker()
        self._waiting: list[bytes] = []

    def send(self, message: Message) -> None:
        self._writer.write(pack(encode(message)))

    def types(self, text: str) -> None:
        self.send(Input(TERMINAL, "", text.encode()))

    async def next(self) -> Message:
        async with asyncio.timeout(WAIT_SECONDS):
            while not self._waiting:
                data = await self._reader.read(65536)
                if not data:
                    raise EOFError
                self._waiting += self._unpacker.feed(data)
        return decode(self._waiting.pop(0))

    async def until(self, kind: type) -> Message:
        while True:
            message = await self.next()
            if isinstance(message, Output):
                self.printed += message.data
            elif isinstance(message, Notice):
                self.notices.append(message)
            if isinstance(message, kind):
                return message

    async def until_printed(self, text: bytes) -> None:
        while text not in self.printed:
            await self.until(Output)

    async def until_told(self, text: str) -> None:
        """Wait for such a notice; it may have come while something else was waited for."""
        while not any(text in one.text for one in self.notices):
            await self.until(Notice)

    async def leave(self) -> None:
        """Go; the recorder has noticed when this returns."""
        self._writer.write_eof()
        async with asyncio.timeout(WAIT_SECONDS):
            while await self._reader.read(65536):
                pass
        await self.close()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def a_seat() -> Seat:
    """Somebody at the recorder's socket who has asked for nothing yet."""
    sock = await asyncio.to_thread(sessions.connect, "s1")
    return Seat(*await asyncio.open_connection(sock=sock))


async def left(host: Host) -> None:
    """Wait until whoever left is away, as the log has it."""

    def away() -> bool:
        events = [entry["event"] for entry in host.log()]
        told = [one for one in events if one in ("input_paused", "input_resumed")]
        return told[-1:] == ["input_paused"]

    await until(away, "an entry that the customer is away")


async def take_seat(host: Host) -> Seat:
    seat = await a_seat()
    seat.send(Attach("", 80, 24))
    host.seats.append(seat)
    await seat.until(Attached)
    return seat


async def nobody_types(broker: BrokerEnd) -> None:
    """Wait until the customer's turn is over."""

    def told() -> list[Message]:
        return [one for one in broker.heard if isinstance(one, Turn)]

    await broker.until(lambda: bool(told()) and told()[-1] == Turn(TERMINAL, "", ""), "no turn")


async def sit(host: Host, broker: BrokerEnd, **changes: object) -> Seat:
    """Start, take the seat, and have alice watch."""
    await host.start(**changes)
    seat = await take_seat(host)
    await seat.until_printed(b"$ ")
    await broker.until_heard(Hello)
    await broker.send(Joined("v1", "alice"))
    await broker.until_in(LOG, b'"joined"')
    return seat
