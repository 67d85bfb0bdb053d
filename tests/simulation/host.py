"""The customer's host: one run of the recorder after the other, each with its uplink."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from broker.host.cast_writer import CastWriter
from broker.host.choices import DEFAULT_SPOOL
from broker.host.connection import Connection
from broker.host.earlier_runs import last_boot
from broker.host.failures import Failed
from broker.host.local import PackedLink
from broker.host.records import Records
from broker.host.spool import NotTaken, StreamFile
from broker.host.tasks import spawn
from broker.host.uplink import Uplink
from broker.host.uplink_process import UplinkProcess
from broker.recording.causes import Cause
from broker.wire.messages import Dial, Message
from broker.wire.names import terminal_name
from tests.simulation.disk import Disk
from tests.simulation.files import SimPath
from tests.simulation.loop import LIFE, Gone, Life, VirtualLoop
from tests.simulation.network import Network, Pipe, pair

SESSION, TOKEN = "s1", "token"
FOLDER: Any = SimPath("/host/s1")
BOOT = "boot-0"
TICK_SECONDS = 1.0


class Watched(StreamFile):
    """A stream of which the simulation knows what was written to it."""

    written: dict[str, bytearray]

    def append(self, lines: bytes) -> None:
        """As StreamFile has it."""
        try:
            super().append(lines)
        except Gone:
            self.written.setdefault(self.name, bytearray()).extend(lines)
            raise
        self.written.setdefault(self.name, bytearray()).extend(lines)


class Uplinks(UplinkProcess):
    """The recorder's uplinks, each a process of the simulation's."""

    loop: VirtualLoop
    latest: Life | None = None
    pipe: Pipe | None = None

    async def _run(self) -> int:
        ended = self.loop.create_future()

        def over(status: int = -9) -> None:
            if not ended.done():
                ended.set_result(status)

        life = self.latest = Life("uplink", over)
        uplink = life.run(Uplink)
        link = PackedLink(self._on_encoded, lambda: None, self._on_room)
        self.pipe = pair(self.loop, LIFE.get(), link, life, uplink.recorder)

        async def run() -> None:
            await uplink.run()
            over(0)

        life.run(lambda: self.loop.create_task(run()))
        process: Any = SimpleNamespace(
            pid=0, kill=life.end, wait=lambda: asyncio.wait_for(asyncio.shield(ended), None)
        )
        self._process, self._link = process, link
        try:
            self._on_up(link)
            link.send(Dial(self._url))
            return await self._ended(process)
        finally:
            self._link = self._process = None
            link.close()


class Run:
    """One run of the recorder: what it writes and sends. Raises OSError, NotTaken and Failed."""

    def __init__(
        self,
        life: Life,
        loop: VirtualLoop,
        say: Callable[[str], None],
        failed: Callable[[BaseException], None],
        boot: str,
        most: int,
    ) -> None:
        self.life = life
        self._loop = loop
        self._say = say
        self.failed = failed
        records = self.records = Records(FOLDER, most)
        self.number = records.last_run + 1
        self.session = SimpleNamespace(
            id=SESSION, token=TOKEN, broker="ws://broker", broker_key="", offline=False,
            ended=False, delivered=False, plan=SimpleNamespace(user=None), save=lambda folder: None,
        )  # fmt: skip
        session: Any = self.session
        self.link = Connection(
            session,
            FOLDER,
            self.number,
            records,
            loop.time,
            TICK_SECONDS,
            self,
        )
        self.copies = self.link.copies
        records.begin_log(self.number, loop.time, lambda label: None, self.copies.pump)
        self.log(
            "started", format=1, session=SESSION, run=self.number, wall=0.0, boot=boot,
            version="0", host={}, recorder={}, shell={}, protected=True, grant={},
        )  # fmt: skip
        if records.last_run:
            rebooted = boot != (last_boot(records.streams, records.last_run) or BOOT)
            since = records.told_until(rebooted=rebooted)
            cause = Cause.REBOOTED if rebooted else Cause.RECORDER_STOPPED
            self.log("gap", since=since, until=loop.time(), cause=cause.value)
            self.link.began_anew(since, rebooted=rebooted)
        stream = records.spool.create(terminal_name(self.number, 1))
        self.cast = CastWriter(stream, loop.time, 80, (), self)
        self.cast.begin(80, 24, 0.0, {}, "t")
        self._terminals: Any = self

    def begin(self) -> None:
        """Tick, and have an uplink."""
        self.link.start()
        self._tick()

    @property
    def uplinks(self) -> Uplinks:
        """Its uplinks."""
        uplinks: Any = self.link.uplink
        return uplinks  # type: ignore[no-any-return]

    def end(self) -> None:
        """The session ends: the log is closed, and the rest delivered."""
        self.cast.end("t")
        self.log("ended", by="customer", why="x")
        self.records.close_log()
        self.session.ended = True
        self.link.deliver()

    # --- the shell ----------------------------------------------------------------------------

    def printed(self, data: bytes) -> None:
        """The shell has printed."""
        self.cast.printed(data)
        self.grown()

    # --- what its parts want of a recorder ------------------------------------------------------

    def log(self, event: str, **fields: object) -> None:
        """Write an entry of the session log."""
        self.records.log(event, **fields)

    def grown(self) -> None:
        """The recording has grown."""
        self.copies.pump()

    def not_recorded(self, cause: str) -> None:
        """The recording could not be written."""
        self._say("host: the recording could not be written")
        self.records.spool.use_reserve()

    @property
    def missing(self) -> list[Any]:
        """Terminals whose recording a full disk has stopped."""
        return [] if self.cast.gap_since is None else [SimpleNamespace(cast=self.cast)]

    def tell(self, kind: str, text: str) -> None:
        """Somebody may be at the terminal."""
        self._say(f"host: {text}")
        if "turned this session away" in text:
            # A greeting that was held up beyond the next one's takes that link's place; the
            # recorder then dials no more until the customer has it do so.
            self._loop.call_later(5.0, self.link.uplink.start)

    def link_made(self, *, returned: bool) -> None:
        """The broker answered."""
        self._say("host: link up")

    def link_gone(self) -> None:
        """It is gone."""
        self._say("host: link lost")

    def from_viewers(self, message: Message) -> None:
        """There are none."""

    def delivered(self) -> None:
        """All of it is signed for."""
        self._say("host: delivered")

    def _tick(self) -> None:
        self._loop.call_later(TICK_SECONDS, self._tick)
        self.link.beat()
        self.records.make_room(self._terminals, self.copies.unheld)
        spawn(self.records.sync(), self.failed)


class Host:
    """The machine: its disk and, most of the time, a recorder."""

    def __init__(
        self, loop: VirtualLoop, disk: Disk, network: Network, say: Callable[[str], None],
        failed: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        self.disk = disk
        self.run: Run | None = None
        self.boot = BOOT
        self.most = DEFAULT_SPOOL
        """How many bytes may wait there for the broker."""
        self._boots = 0
        self._loop = loop
        self._network = network
        self._say = say
        self._failed = failed
        disk.make_folder("/host/s1")
        disk._sync_names("/host")

    def start(self) -> bool:
        """Start a run, if there is none and the disk lets it; whether there is one."""
        if self.run is not None:
            return True
        life = Life("recorder")

        def ended() -> None:
            self.disk.close_all(life)

        life.ended = ended

        def begin() -> None:
            try:
                run = Run(life, self._loop, self._say, self._failed, self.boot, self.most)
            except (OSError, NotTaken, Failed) as why:
                self._say(f"host: no start: {why}")
                return
            self.run = run
            self._say(f"host: run {run.number} began")
            run.begin()

        life.run(begin)
        if not self.runs:
            life.end()
        return self.runs

    @property
    def runs(self) -> bool:
        """Whether there is a recorder."""
        return self.run is not None

    def kill(self) -> None:
        """The recorder is killed; the uplink says so, if it can."""
        run, self.run = self.run, None
        if run is not None:
            run.life.end()
            if run.uplinks.pipe is not None:
                run.uplinks.pipe.other.wake()  # its kernel closes the socket pair

    def kill_uplink(self) -> None:
        """The uplink is killed, its kernel says so, and the recorder starts another."""
        if self.run is not None and self.run.uplinks.latest is not None:
            self._drop(tell=True)
            self.run.uplinks.latest.end()

    def lose_power(self) -> None:
        """All of it stops, and says nothing."""
        run, self.run = self.run, None
        self._drop(tell=False)
        if run is not None:
            if run.uplinks.latest is not None:
                run.uplinks.latest.end()
            run.life.end()
        self.disk.lose_power()
        self._boots += 1
        self.boot = f"boot-{self._boots}"

    def _drop(self, *, tell: bool) -> None:
        for one in list(self._network.connections):
            if not one.host.gone:
                if tell:
                    one.tell(True, one.broker.closed)
                one.host.closed(1006)
