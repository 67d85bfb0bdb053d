"""One broker, one host, and the tap between them: struck, checked, mended, and struck again."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from broker.wire.names import RECEIPTS, log_name, terminal_name
from tests.faults.crashes import invariants, signed
from tests.faults.crashes.host import Host
from tests.faults.crashes.points import Part, Phase, Point
from tests.faults.crashes.tap import Tap
from tests.faults.crashes.tracing import Fault, attach, gone, struck, traced
from tests.journeys import processes
from tests.journeys.broker import Broker, Engineer
from tests.journeys.processes import Process
from tests.journeys.waiting import PATIENCE_SECONDS, until

_HIT_SECONDS = 2.5
"""So long a point is waited for; some need the recorder's beat, which comes once a second."""
_SLOW_SECONDS = 5.0
"""A stream gets its next receipt 4 s after the last; whoever dials again waits, too."""
_DIALLED = (Part.BROKER, Phase.STARTING)
_NUDGE_SECONDS = 0.05
_KILLED = (-9, 255)
"""What asyncio tells of a process that was killed; 255 where its tracer was first to know."""


class World:
    """A session that goes on through every fault. Its ``tasks`` are its seats and the tap."""

    def __init__(self, folder: Path, mark: str, tasks: asyncio.TaskGroup) -> None:
        self.patience: float | None = None
        """How long a point is waited for, in seconds; None: as long as most take."""
        env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", processes.MARK: mark}
        self.broker = Broker(folder / "data", env)
        self.host = Host(folder / "host", env)
        self.tap = Tap(self.broker.address)
        self.folder = folder
        self.lost_power = False
        """Whether the host has: then the broker may have more of earlier runs than it."""
        self.engineer: Engineer
        self.copies: invariants.Copies
        self._trace = folder / "trace"
        self._tasks = tasks

    async def begin(self) -> None:
        """A session, granted and running."""
        await self.broker.start()
        self._tasks.create_task(self.tap.serve())
        self.host.home.mkdir(exist_ok=True)
        self.engineer = await self.broker.sign_in("alice")
        await self.host.redeem(self.broker, self.tap.url)
        recordings = self.broker.data / "recordings" / self.host.session
        self.copies = invariants.Copies(self.host.folder, recordings)
        await self.mend()

    # --- striking -------------------------------------------------------------------------------

    async def strike(self, point: Point) -> str | None:
        """Have a process killed at this point: the call before which it was; None: none came."""
        if point.phase is Phase.STARTING:
            if point.part is Part.BROKER:
                return await self._strike_broker_starting(point)
            return await self._strike_recorder_starting(point)
        if point.phase is Phase.DIALLING:
            await self.broker.kill()
        process = self._process(point.part)
        if process is None:
            return None
        trace = await attach(process, self._fault(point), self._trace)
        if trace is None:
            return None
        if point.phase is Phase.DIALLING:
            await self.start_broker()
        elif point.phase is Phase.NEW_RUN:
            await self._kill_recorder()
            await self.start_recorder()
        elif point.phase is Phase.ENDING:
            await self.host.do("end")
        await self._nudged(process, point)
        call = await trace.killed(0.0)
        if call is not None and point.part is Part.BROKER:
            await self.broker.died()
        return call

    async def _strike_recorder_starting(self, point: Point) -> str | None:
        await self._kill_recorder()
        if point.on == "earlier":
            self._tear()
        if point.on == "receipts":
            _torn(self.host.folder / RECEIPTS)
        if point.on == "reserve":
            (self.host.folder / "reserve").unlink(missing_ok=True)
        fault = self._fault(point)
        self._trace.unlink(missing_ok=True)
        if await self.start_recorder(traced((), fault, self._trace)):
            assert self.host.recorder is not None
            await self._nudged(self.host.recorder, point)
        return await struck(self.host.recorder, self._trace)

    async def _strike_broker_starting(self, point: Point) -> str | None:
        await self.broker.kill()
        if point.on == "receipts":
            _torn(self.copies.broker / RECEIPTS)
        if await self.start_broker(traced((), self._fault(point), self._trace)):
            process = Process(self.broker.pid, ())
            await self._nudged(process, point)
            call = await struck(process, self._trace)
            if not process.running:
                await self.broker.died()
            return call
        return await struck(None, self._trace)

    async def _nudged(self, process: Process, point: Point) -> None:
        """Wait for a process to go; meanwhile the customer says this and that."""
        loop = asyncio.get_running_loop()
        dialled = point.phase is Phase.DIALLING or (point.part, point.phase) == _DIALLED
        slow = dialled or point.on == "receipts"
        end = loop.time() + (self.patience or (_SLOW_SECONDS if slow else _HIT_SECONDS))
        while loop.time() < end and not await gone(process, _NUDGE_SECONDS):
            if self.host.up:
                await self.host.do("take_back")
                await self.host.do("give_back")

    def _process(self, part: Part) -> Process | None:
        if part is Part.BROKER:
            return Process(self.broker.pid, ())
        return self.host.recorder if part is Part.RECORDER else self.host.uplink()

    def _fault(self, point: Point) -> Fault:
        paths = self._paths(point) if point.on else ()
        return Fault(point.calls, tuple(paths), "signal=KILL", str(point.nth))

    def _paths(self, point: Point) -> list[Path]:
        run = self.host.run
        if point.phase is Phase.NEW_RUN or (
            point.phase is Phase.STARTING and point.part is Part.RECORDER
        ):
            run += 1
        here, data = self.host.folder, self.broker.data
        there = data / "recordings" / self.host.session
        own = there if point.part is Part.BROKER else here
        return {
            "log": [own / log_name(run)],
            "cast": [own / terminal_name(run, 1)],
            "earlier": sorted(own.glob("run-*"), key=lambda path: path.stat().st_mtime)[-6:],
            "folder": [own, data / "recordings", data] if own is there else [own],
            "receipts": [own / RECEIPTS],
            "reserve": [here / "reserve"],
            "session": [here / "session.json.new"],
            "socket": [self.host.socket],
            "database": [data / f"metadata.sqlite3{end}" for end in ("", "-wal")],
        }[point.on]

    async def _kill_recorder(self) -> None:
        recorder = self.host.recorder
        if recorder is not None and recorder.running:
            with suppress(ProcessLookupError):
                recorder.kill()
            await gone(recorder, PATIENCE_SECONDS)

    def _tear(self) -> None:
        """Leave half a line, as a crash within a write would."""
        run = self.host.run
        for name in (log_name(run), terminal_name(run, 1)):
            _torn(self.host.folder / name)

    # --- mending --------------------------------------------------------------------------------

    async def start_broker(self, prefix: list[str] | None = None) -> bool:
        """Start it; False: it was killed while it started."""
        self.broker.prefix = tuple(prefix or ())
        try:
            await self.broker.start()
        except AssertionError:
            if await self.broker.died() not in _KILLED:
                raise
            return False
        return True

    async def start_recorder(self, prefix: list[str] | None = None) -> bool:
        """Start a run, and take its seat; False: it was killed before it listened."""
        if not await self.host.start(prefix or ()):
            return False
        self._tasks.create_task(self.host.sit())
        return True

    async def mend(self, *, wholly: bool = True) -> None:
        """Start what is dead; ``wholly``: wait until what is printed now is held, too."""
        if not self.broker.running:
            assert await self.start_broker(), "the broker does not start"
        if not self.host.up:
            assert await self.start_recorder(), "the recorder does not start"
        if wholly:
            before = self._held()
            await self._until(lambda: self._held() > before, "the link to be back")

    def _held(self) -> int:
        return self.tap.held.get(terminal_name(self.host.run, 1), 0)

    async def _until(self, condition: Callable[[], object], what: str) -> None:
        try:
            await until(condition, what)
        except AssertionError as error:
            raise invariants.wrong(str(error)) from None

    async def printed_on(self, tokens: int) -> None:
        """Wait until the seat has shown so many more tokens."""
        seat = self.host.seat
        assert seat is not None
        enough = len(seat.printed) + tokens * len("<1.1000.00000000>\r\n")
        await self._until(lambda: len(seat.printed) >= enough, "more tokens")

    # --- checking -------------------------------------------------------------------------------

    def check(self) -> None:
        """The invariants that hold at any moment."""
        self.copies.held(self.tap.held)
        self.copies.prefix(cut=self.lost_power)
        signed.never_rejected(self.copies.host, self.copies.broker, cut=self.lost_power)

    def check_runs(self) -> None:
        """And those of what runs have printed."""
        invariants.no_silent_hole(self.host.folder, self.host.shown)
        invariants.consented(self.host.folder)

    async def finish(self) -> None:
        """End the session, whatever that takes; then both sides have the same, and all of it."""
        if not self.broker.running:
            assert await self.start_broker(), "the broker does not start"
        for _ in range(20):
            if self.host.facts().delivered and not self.host.up:
                break
            if not self.host.up:
                await self.host.start()
            if not self.host.facts().ended:
                await self.host.do("end")
            if self.host.recorder is not None:
                await gone(self.host.recorder, PATIENCE_SECONDS)
        if not self.host.facts().delivered:
            raise invariants.wrong("the session is not delivered")
        self.check()
        self.check_runs()
        if not self.lost_power:
            invariants.same(self.copies.host, self.copies.broker)
        invariants.ended(self.host.folder)
        await self._as_told()

    async def _as_told(self) -> None:
        """What the broker's API and export give are these same bytes."""
        session = self.host.session
        told = await self.broker.summary(session, self.engineer)
        names = invariants.streams(self.copies.broker)
        if told["presence"]["state"] != "ended" or len(told["streams"]) != len(names):
            raise invariants.wrong(f"the broker tells {told}")
        out = self.folder / "export"
        await self.broker.command("export", session, "-o", str(out))
        for name, path in names.items():
            whole = path.read_bytes()
            if await self.broker.stream(session, name, self.engineer) != whole:
                raise invariants.wrong(f"the API gives another {name}")
            if (out / name).read_bytes() != whole:
                raise invariants.wrong(f"another {name} is exported")


@asynccontextmanager
async def world(keep: list[Path], own: Path | None = None) -> AsyncIterator[World]:
    """A session that runs. ``keep``: where it failed, its folder stays, and is added there.

    ``own``: a folder that is there already, and stays in any case.
    """
    folder = own or Path(tempfile.mkdtemp(prefix="crash-"))
    mark = uuid.uuid4().hex
    try:
        async with asyncio.TaskGroup() as tasks:
            made = World(folder, mark, tasks)
            await made.begin()
            yield made
            raise _Over
    except* _Over:
        pass
    except* Exception:
        keep.append(folder)
        raise
    finally:
        for one in processes.marked(mark):
            with suppress(ProcessLookupError):
                one.kill()
        await processes.all_gone(mark)
        if folder not in keep and own is None:
            shutil.rmtree(folder, ignore_errors=True)


def _torn(path: Path) -> None:
    if path.exists() and path.stat().st_size:
        with path.open("ab") as file:
            file.write(b'[99.1, "o", "torn')


class _Over(Exception):
    """All of it went well."""
