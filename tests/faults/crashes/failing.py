"""System calls that fail, once or until further notice: the disk is full, or reports an error."""

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import (
    AbstractContextManager,
    ExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from broker.wire.names import RECEIPTS, log_name, terminal_name
from tests.faults.crashes.points import Part
from tests.faults.crashes.tracing import Fault, Trace, attach
from tests.faults.crashes.world import World, world
from tests.journeys.processes import Process
from tests.journeys.waiting import until

_A_LITTLE = 777
_DISK_BYTES = 16 << 20


@dataclass(frozen=True)
class Failing:
    """These calls of a part fail so, and when.

    They are on the streams of the run that is live, or on the session's receipts.
    """

    part: Part
    calls: str
    error: str
    sticky: bool
    receipts: bool = False

    def __str__(self) -> str:
        often = "from then on" if self.sticky else "once"
        on = " on receipts" if self.receipts else ""
        return f"{self.part.value}: {self.calls}{on} {self.error} {often}"


_CALLS: Mapping[Part, tuple[str, ...]] = MappingProxyType(
    {
        Part.RECORDER: ("pwrite64", "fdatasync"),
        Part.BROKER: ("pwrite64", "fdatasync", "ftruncate", "openat"),
    }
)
ALL = tuple(
    Failing(part, calls, error, sticky)
    for part, each in _CALLS.items()
    for calls in each
    for error in ("EIO", "ENOSPC")
    for sticky in (False, True)
)
ON_RECEIPTS = tuple(
    Failing(part, calls, "EIO", sticky=True, receipts=True)
    for part, some in ((Part.RECORDER, _CALLS[Part.BROKER][:3]), (Part.BROKER, _CALLS[Part.BROKER]))
    for calls in some
)


async def fail(world: World, failing: Failing, log: Path) -> list[str]:
    """Have calls fail in a session that goes on; then it recovers, and all that is held is there.

    The calls that failed, as strace has them. Raises Violated.
    """
    part, does = failing.part, f"error={failing.error}"
    nth = "2+" if failing.sticky else "2"
    paths = _paths(world, part)
    if failing.receipts:
        paths, nth = (paths[0].with_name(RECEIPTS),), "1+"
    fault = Fault(failing.calls, paths, does, nth)
    trace = await _attached(world, part, fault, log)
    wanted = 3 if failing.sticky else 1
    await until(lambda: len(trace.failed) >= wanted, f"{failing}")
    failed = trace.failed
    world.check()
    await trace.remove()
    await _recovered(world)
    return failed


async def lack(world: World, part: Part, lacking: AbstractContextManager[object], log: Path) -> int:
    """Have a part lack room for what it writes, while in the context; then it recovers.

    How many writes failed: a recorder tries no more until there is room. Raises Violated.
    """
    trace = await _attached(world, part, Fault("pwrite64", _paths(world, part), ""), log)
    with lacking:
        await until(lambda: trace.failed, f"{part.value} to lack room")
        await world.printed_on(100)
        world.check()
    failed = trace.failed
    await trace.remove()
    await _recovered(world)
    return len(failed)


@contextmanager
def may_not_grow(world: World, part: Part) -> Iterator[None]:
    """No file of the process may become longer than its recording almost is: writes are short."""
    pid, size = _process(world, part).pid, _paths(world, part)[1].stat().st_size
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + _A_LITTLE, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def full(world: World, part: Part) -> Iterator[None]:
    """The part's disk is full. It is one of ``small_disks``."""
    filler = (world.host.folder if part is Part.RECORDER else world.copies.broker) / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
        os.fsync(file.fileno())
    try:
        yield
    finally:
        filler.unlink()


@asynccontextmanager
async def small_disks(keep: list[Path]) -> AsyncIterator[World]:
    """A session whose streams lie on small disks of their own, on both sides."""
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    with ExitStack() as mounted:
        try:
            for at in (folder / "host/state", folder / "data/recordings"):
                mounted.enter_context(_small_disk(at))
            async with world(keep, folder) as made:
                yield made
        finally:
            mounted.close()
            if folder not in keep:
                shutil.rmtree(folder)


@contextmanager
def _small_disk(at: Path) -> Iterator[None]:
    at.mkdir(mode=0o700, parents=True)
    image = at.with_suffix(".ext4")
    with image.open("wb") as file:
        file.truncate(_DISK_BYTES)
    run = partial(subprocess.run, check=True, stdin=subprocess.DEVNULL)
    run(["mkfs.ext4", "-q", "-m", "0", image])
    run(["mount", "-o", "loop", image, at])
    try:
        yield
    finally:
        run(["umount", "--lazy", at])


async def _attached(world: World, part: Part, fault: Fault, log: Path) -> Trace:
    trace = await attach(_process(world, part), fault, log)
    assert trace is not None
    return trace


async def _recovered(world: World) -> None:
    world.check()
    await world.mend()
    world.check()


def _process(world: World, part: Part) -> Process:
    recorder = world.host.recorder
    assert recorder is not None
    return recorder if part is Part.RECORDER else Process(world.broker.pid, ())


def _paths(world: World, part: Part) -> tuple[Path, ...]:
    """The log and the recording of the run that is live."""
    run = world.host.run
    folder = world.copies.host if part is Part.RECORDER else world.copies.broker
    return folder / log_name(run), folder / terminal_name(run, 1)
