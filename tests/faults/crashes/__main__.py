"""``python -m tests.faults.crashes``: thousands of kills, each at a known system call."""

import argparse
import asyncio
import sys
import time
from collections import Counter
from pathlib import Path

from tests.faults.crashes.invariants import Violated
from tests.faults.crashes.points import ALL, Point, plan
from tests.faults.crashes.world import world

KILLS = 40
"""In one world; then its session ends, and another begins."""


class Tally:
    """What came of it so far."""

    def __init__(self, seed: int, *, verbose: bool) -> None:
        self.kills = 0
        self.hit: Counter[Point] = Counter()
        self.missed: Counter[Point] = Counter()
        self.failures: list[str] = []
        self._seed = seed
        self._verbose = verbose
        self._began = time.monotonic()

    def note(self, number: int, point: Point, call: str | None) -> None:
        """One kill, or a point that did not come."""
        (self.hit if call else self.missed)[point] += 1
        self.kills += call is not None
        if self._verbose:
            seconds = time.monotonic() - self._began
            print(f"{seconds:7.1f} s  kill {number}: {point}: {call or 'not reached'}", flush=True)

    def fail(self, number: int, point: Point, why: object, folder: Path | None) -> None:
        """An invariant does not hold."""
        again = f"python -m tests.faults.crashes --seed {self._seed} --only {number}"
        text = f"VIOLATED after kill {number} ({point}): {why}\n  {folder}\n  again: {again}"
        self.failures.append(text)
        print(text, flush=True)

    def tell(self) -> None:
        """All of it."""
        seconds = time.monotonic() - self._began
        points = {one for one in self.hit if one in ALL}
        print(f"{self.kills} kills in {seconds:.0f} s, seed {self._seed}")
        print(f"{len(points)} of {len(ALL)} points of the table, {len(self.hit)} in all")
        for one in ALL:
            if self.missed[one] and not self.hit[one]:
                print(f"  never reached: {one}")
        print(f"{len(self.failures)} violations")


async def strike(seed: int, number: int, tally: Tally, upto: int | None = None) -> None:
    """Everything that is done in one world."""
    at, kept = number * KILLS, list[Path]()
    point = next(plan(seed, number, KILLS))
    try:
        async with world(kept) as one:
            for at, point in enumerate(plan(seed, number, KILLS), number * KILLS):
                call = await one.strike(point)
                tally.note(at, point, call)
                one.check()
                if not one.host.up:
                    one.check_runs()
                if upto is not None and at >= upto:
                    break
                if (at + 1) % KILLS:
                    await one.mend(wholly=at % 4 != 3)
                    one.check()
            await one.finish()
    except* Violated as broken:
        tally.fail(at, point, broken.exceptions[0], kept[0])
    except* Exception as error:
        tally.fail(at, point, repr(error.exceptions[0]), kept[0] if kept else None)
        raise


async def run(kills: int, seed: int, worlds: int, tally: Tally) -> None:
    """Worlds, so many at a time, until there were so many kills."""
    numbers = iter(range(sys.maxsize))

    async def one_after_another() -> None:
        while tally.kills < kills and not tally.failures:
            await strike(seed, next(numbers), tally)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(worlds):
            tasks.create_task(one_after_another())


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crashes", description=__doc__)
    parser.add_argument("--kills", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=3, help="how many at a time")
    parser.add_argument("--only", type=int, help="go up to this kill in its world, and no further")
    parser.add_argument("--quiet", action="store_true")
    asked = parser.parse_args()
    tally = Tally(asked.seed, verbose=not asked.quiet)
    if asked.only is not None:
        asyncio.run(strike(asked.seed, asked.only // KILLS, tally, asked.only))
    else:
        asyncio.run(run(asked.kills, asked.seed, asked.worlds, tally))
    tally.tell()
    return 1 if tally.failures else 0


sys.exit(main())
