"""``make bench``: a few rounds of each, ssh and Jumpseat in turns; the median and the spread."""

import asyncio
import base64
import os
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.measures import Bench
from bench.memory import weigh
from bench.openssh import OpenSsh
from bench.stopwatch import END
from tests.journeys import processes
from tests.journeys.world import World

ROUNDS = 3
KEYS = 1000
KEYS_IN_A_FLOOD = 400
BULK_BYTES = 40_000_000
SESSIONS = 20


def bulk_file(folder: Path) -> Path:
    """Lines of text that compress badly; then one to know the end by, often, as reads cut lines."""
    lines = base64.encodebytes(os.urandom(BULK_BYTES * 3 // 4))
    file = folder / "bulk"
    file.write_bytes(lines + (END + b"\n") * 50)
    return file


def tell(what: str, unit: str, ssh: Sequence[float], ours: Sequence[float], aim: str) -> None:
    """One row: both medians, and the median and spread of the ratios of each round."""
    ratios = sorted(one / other for one, other in zip(ours, ssh, strict=True))
    spread = f"{ratios[0]:.2f}-{ratios[-1]:.2f}"
    print(
        f"{what:<34}{statistics.median(ssh):>9.0f}{statistics.median(ours):>9.0f} {unit:<5}"
        f"{statistics.median(ratios):>7.2f}  {spread:<12}{aim}",
        flush=True,
    )


async def measure(bench: Bench) -> None:
    """Everything, in order; each row when it is known."""
    print(f"{'':<34}{'ssh':>9}{'ours':>9} {'':<5}{'ratio':>7}  {'rounds':<12}aim")

    alone = [(await bench.ssh_echo(KEYS), await bench.our_echo(KEYS)) for _ in range(ROUNDS)]
    for name, aim in (("p50", "at most 2"), ("p99", "")):
        ssh, ours = ([getattr(one[side], name) for one in alone] for side in (0, 1))
        tell(f"echo of a key, {name}", "us", ssh, ours, aim)

    beside = []
    for _ in range(ROUNDS):
        async with bench.ssh_flood():
            ssh_echo = await bench.ssh_echo(KEYS_IN_A_FLOOD)
        async with bench.our_flood():
            beside.append((ssh_echo, await bench.our_echo(KEYS_IN_A_FLOOD)))
    for name, aim in (("p50", ""), ("p99", "at most 4")):
        ssh, ours = ([getattr(one[side], name) for one in beside] for side in (0, 1))
        tell(f"echo of a key beside a flood, {name}", "us", ssh, ours, aim)

    file = bulk_file(bench.world.folder)
    bulk = [(await bench.ssh_bulk(file), await bench.our_bulk(file)) for _ in range(ROUNDS)]
    for name, aim in (("seen", "at least 0.8"), ("recorded", "")):
        ssh, ours = ([getattr(one[side], name) for one in bulk] for side in (0, 1))
        tell(f"bulk output, {name}", "MB/s", ssh, ours, aim)

    weight = await weigh(bench, SESSIONS)
    tell("idle session: broker / sshd", "KiB", [weight.sshd], [weight.broker], "under 300 KiB")
    tell("idle session: host / ssh client", "KiB", [weight.ssh], [weight.host], "")


async def main() -> None:
    """Set up, measure, clean up."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    world = World(folder)
    openssh = OpenSsh(folder / "ssh")
    try:
        await world.broker.start()
        alice = await world.broker.sign_in("alice")
        await measure(Bench(world, alice, openssh))
        await world.close()
    finally:
        openssh.stop()
        await processes.all_gone(world.mark)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(main())
