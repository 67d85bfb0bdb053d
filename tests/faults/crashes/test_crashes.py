"""The short form: a few of each kind. ``python -m tests.faults.crashes`` is the long one."""

import os
import random
from pathlib import Path

import pytest

from tests.faults.crashes import failing
from tests.faults.crashes.failing import fail
from tests.faults.crashes.lacking import lack, may_not_grow
from tests.faults.crashes.meddling import How, Meddler
from tests.faults.crashes.points import Part, Phase, Point
from tests.faults.crashes.power import lose_power
from tests.faults.crashes.world import World, world
from tests.journeys.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="tracing and mounting need root")

SEED = 1
SOME = (
    Point(Part.RECORDER, Phase.RUNNING, "pwrite64", "cast", 1),
    Point(Part.BROKER, Phase.RUNNING, "fdatasync", "cast", 1),
    Point(Part.UPLINK, Phase.RUNNING, "sendto,sendmsg", "", 1),
    Point(Part.RECORDER, Phase.STARTING, "ftruncate", "earlier", 1),
    Point(Part.BROKER, Phase.NEW_RUN, "pwrite64", "receipts", 1),
    Point(Part.BROKER, Phase.ENDING, "fdatasync", "receipts", 1),
)
"""Each is reached for certain: no thread has to come by twice."""


async def test_killed_here_and_there() -> None:
    async with world([]) as one:
        one.patience = PATIENCE_SECONDS
        for point in SOME:
            assert await one.strike(point) is not None, point
            one.check()
            if point.phase is not Phase.ENDING:
                await one.mend()
        await one.finish()


async def test_power_is_cut() -> None:
    await lose_power(SEED, 0, 2, [])


async def test_calls_fail(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - to be the same again
    async with world([]) as one:
        for part in (Part.RECORDER, Part.BROKER):
            some = [each for each in failing.ALL if each.part is part]
            await fail(one, chance.choice(some), tmp_path / "trace")
            await lack(one, part, may_not_grow(one, part), tmp_path / "trace")
        await one.finish()


async def test_frames_are_meddled_with() -> None:
    async with world([]) as one:
        for how in (How.TWICE, How.CUT):
            await _meddled_with(one, Meddler(f"{SEED}", how, 20))
        one.tap.meddle = None
        await one.mend()
        await one.finish()


async def _meddled_with(one: World, meddler: Meddler) -> None:
    one.tap.meddle = meddler
    await until(lambda: meddler.done >= 2, "frames to be meddled with")
    one.check()
