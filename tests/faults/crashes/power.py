"""Power is cut at the host, at the broker, or at both: what was not synced is gone."""

import asyncio
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.faults.crashes import invariants, lying_disk
from tests.faults.crashes.tracing import gone
from tests.faults.crashes.world import World, world
from tests.journeys.waiting import PATIENCE_SECONDS, until

_IN_A_SYNC_SECONDS = 5.0


class Disk:
    """A disk that forgets at a power cut what was not synced, mounted at ``mount``."""

    def __init__(self, mount: Path, seed: str) -> None:
        self._mount = mount
        self._kept = mount.with_name(f"{mount.name}.kept")
        self._seed = seed
        self._cuts = 0
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Have it there."""
        for folder in (self._mount, self._kept):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, lying_disk.__file__, self._mount, self._kept,
            f"{self._seed}.{self._cuts}", stdin=subprocess.DEVNULL,
        )  # fmt: skip
        await until(self._mount.is_mount, "the disk", PATIENCE_SECONDS)

    async def failed(self) -> None:
        """Have the power go in the middle of a sync, and wait for that."""
        if self._process is not None:
            self._process.send_signal(signal.SIGUSR1)
            await self._process.wait()

    async def fail(self) -> None:
        """The power is gone."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None
            self._cuts += 1

    async def close(self) -> None:
        """Unmount it."""
        await self.fail()
        await (await asyncio.create_subprocess_exec("fusermount3", "-uz", self._mount)).wait()


class Powered:
    """A world whose host and broker can lose power. The broker's database is on a true disk."""

    def __init__(self, made: World, host: Disk, broker: Disk) -> None:
        self.world = made
        self._host = host
        self._broker = broker

    async def cut(self, *, host: bool, broker: bool) -> None:
        """Cut the power of either side, or both, and have their disks come back."""
        disks = [self._host] * host + [self._broker] * broker
        if broker:
            with suppress(TimeoutError):
                async with asyncio.timeout(_IN_A_SYNC_SECONDS):
                    await self._broker.failed()
        for disk in disks:
            await disk.fail()
        if host:
            await self._stop_host()
        if broker:
            await self.world.broker.kill()
        for disk in disks:
            await disk.close()
            await disk.start()
        if host:
            self.world.lost_power = True

    async def _stop_host(self) -> None:
        for one in (self.world.host.uplink(), self.world.host.recorder):
            if one is not None:
                with suppress(ProcessLookupError):
                    one.kill()
                await gone(one, PATIENCE_SECONDS)


@asynccontextmanager
async def powered(seed: str, keep: list[Path]) -> AsyncIterator[Powered]:
    """A session that runs on such disks. ``keep`` as for ``world``."""
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    host = Disk(folder / "host/state", f"{seed}.host")
    broker = Disk(folder / "data/recordings", f"{seed}.broker")
    try:
        await host.start()
        await broker.start()
        async with world(keep, folder) as made:
            yield Powered(made, host, broker)
    except BaseException:
        if folder not in keep:
            keep.append(folder)
        raise
    finally:
        await host.close()
        await broker.close()
        if folder not in keep:
            shutil.rmtree(folder, ignore_errors=True)


async def lose_power(seed: int, number: int, cuts: int, keep: list[Path]) -> None:
    """So many cuts in one world, at moments that chance chooses; then its session ends.

    Raises Violated, in a group.
    """
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - to be the same again
    async with powered(f"{seed}.{number}", keep) as one:
        for _ in range(cuts):
            await one.world.printed_on(chance.randint(1, 400))
            side = chance.randrange(3)
            await one.cut(host=side != 0, broker=side != 1)
            one.world.copies.held(one.world.tap.held)
            await one.world.mend()
            one.world.check()
            one.world.check_runs()
        await one.world.finish()
        invariants.ended(one.world.host.folder)
