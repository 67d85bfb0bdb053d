"""There is no room: a disk is truly full, or a file may not grow. Writes are short, then fail."""

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from functools import partial
from pathlib import Path

from tests.faults.crashes.failing import attached, paths, process, recovered
from tests.faults.crashes.points import Part
from tests.faults.crashes.tracing import Fault
from tests.faults.crashes.world import World, world
from tests.journeys.waiting import until

_A_LITTLE = 777
_DISK_BYTES = 16 << 20


class NoDisk(Exception):
    """No small disk can be mounted here."""


async def lack(world: World, part: Part, lacking: AbstractContextManager[object], log: Path) -> int:
    """Have a part lack room for what it writes, while in the context; then it recovers.

    How many writes failed: a recorder tries no more until there is room. Raises Violated.
    """
    trace = await attached(world, part, Fault("pwrite64", paths(world, part), ""), log)
    with lacking:
        await until(lambda: trace.failed, f"{part.value} to lack room")
        await world.printed_on(100)
        world.check()
    failed = trace.failed
    await trace.remove()
    await recovered(world)
    return len(failed)


@contextmanager
def may_not_grow(world: World, part: Part) -> Iterator[None]:
    """No file of the process may become longer than its recording almost is: writes are short."""
    pid, size = process(world, part).pid, paths(world, part)[1].stat().st_size
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
    """A session whose streams lie on small disks of their own, on both sides.

    ``keep`` as for ``world``. Raises NoDisk.
    """
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
    try:
        run(["mkfs.ext4", "-q", "-m", "0", image])
        run(["mount", "-o", "loop", image, at])
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoDisk(f"no small disk can be mounted here: {error}") from None
    try:
        yield
    finally:
        run(["umount", "--lazy", at])
