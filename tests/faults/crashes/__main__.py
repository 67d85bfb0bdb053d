"""``python -m tests.faults.crashes``: thousands of kills, each at a known system call.

``--cuts N`` cuts power N times, ``--failing`` has each call fail in each way, ``--frames`` meddles
with frames in each way; with any of these there are no kills but for ``--kills``.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.faults.crashes import failing, lacking
from tests.faults.crashes.invariants import Violated
from tests.faults.crashes.meddling import How, Meddler
from tests.faults.crashes.points import ALL, Part, Point, plan
from tests.faults.crashes.power import lose_power
from tests.faults.crashes.world import world
from tests.journeys.waiting import until

KILLS = 40
"""In one world; then its session ends, and another begins."""
_CUTS = 10
_FRAMES = 60
_BREAKING = 10
"""Frames that cost the link, which is dialled again later each time."""


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
        print(f"{self.kills} kills, {seconds:.0f} s, seed {self._seed}")
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


async def others(asked: argparse.Namespace, tally: Tally) -> None:
    """Everything but kills, one world after another."""
    wanted: list[tuple[str, str, Callable[[list[Path]], Awaitable[None]]]] = []
    for number in range(asked.first_cut // _CUTS, -(-asked.cuts // _CUTS)):
        again = f"--cuts {(number + 1) * _CUTS} --first-cut {number * _CUTS}"

        async def cut(kept: list[Path], number: int = number) -> None:
            await lose_power(asked.seed, number, _CUTS, kept)

        wanted.append((f"{_CUTS} power cuts from {number * _CUTS} on", again, cut))
    if asked.failing:
        wanted.append(("calls that fail", "--failing", failures))
        wanted.append(("a lack of room", "--failing", no_room))
    for how in How if asked.frames else ():

        async def meddle(kept: list[Path], how: How = how) -> None:
            await frames(asked.seed, how, kept)

        wanted.append((f"frames: {how.value}", "--frames", meddle))
    for what, again, happens in wanted:
        kept: list[Path] = []
        try:
            await happens(kept)
            print(f"{what}: nothing lost", flush=True)
        except* lacking.NoDisk as none:
            print(f"{what}: not tried: {none.exceptions[0]}", flush=True)
        except* Exception as error:  # noqa: BLE001 - told, and the next one is tried
            text = f"VIOLATED by {what}: {error.exceptions[0]!r}\n  {kept}\n  again: "
            tally.failures.append(text)
            print(f"{text}python -m tests.faults.crashes --seed {asked.seed} {again}", flush=True)


async def failures(kept: list[Path]) -> None:
    """Each call fails in each way, in one session."""
    async with world(kept) as one:
        for each in failing.ALL + failing.ON_RECEIPTS:
            failed = await failing.fail(one, each, one.folder / "failing")
            print(f"{each}: {len(failed)} calls", flush=True)
        await one.finish()


async def no_room(kept: list[Path]) -> None:
    """Each side's disk is full, and each side's files may not grow, in one session."""
    async with lacking.small_disks(kept) as one:
        for lacks in (lacking.may_not_grow, lacking.full):
            for part in (Part.RECORDER, Part.BROKER):
                failed = await lacking.lack(one, part, lacks(one, part), one.folder / "lacking")
                print(f"{part.value}: {lacks.__name__}: {failed} calls", flush=True)
        await one.finish()


async def frames(seed: int, how: How, kept: list[Path]) -> None:
    """Frames are meddled with so, and the link is lost and made for it."""
    async with world(kept) as one:
        one.tap.meddle = meddler = Meddler(f"{seed}", how, 20)
        enough = _BREAKING if how in (How.CUT, How.TOO_LONG) else _FRAMES
        await until(lambda: meddler.done >= enough, "frames to be meddled with", 600)
        one.check()
        one.tap.meddle = None
        await one.mend()
        await one.finish()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crashes", description=__doc__)
    parser.add_argument("--kills", type=int, help="3,000 unless something else is asked for")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=3, help="how many at a time")
    parser.add_argument("--only", type=int, help="go up to this kill in its world, and no further")
    parser.add_argument("--cuts", type=int, default=0)
    parser.add_argument("--first-cut", type=int, default=0)
    parser.add_argument("--failing", action="store_true")
    parser.add_argument("--frames", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    asked = parser.parse_args()
    # Told to stop, it leaves no process behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tally = Tally(asked.seed, verbose=not asked.quiet)
    other = asked.cuts or asked.failing or asked.frames
    kills = (0 if other else 3000) if asked.kills is None else asked.kills
    if asked.only is not None:
        asyncio.run(strike(asked.seed, asked.only // KILLS, tally, asked.only))
    elif kills:
        asyncio.run(run(kills, asked.seed, asked.worlds, tally))
    asyncio.run(others(asked, tally))
    tally.tell()
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
