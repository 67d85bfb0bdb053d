"""A whole Jumpseat for the journeys and the browser; nothing may leave a process behind."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys import processes
from tests.journeys.broker import Engineer
from tests.journeys.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A broker that runs. Fails a test whose processes do not end when they should."""
    folder = Path(tempfile.mkdtemp(prefix="journey-"))
    world = World(folder)
    try:
        await world.broker.start()
        yield world
        await world.close()
    finally:
        left = await processes.all_gone(world.mark)
        shutil.rmtree(folder, ignore_errors=True)
    assert left == []


@pytest.fixture
async def alice(world: World) -> Engineer:
    """An engineer who is signed in."""
    return await world.broker.sign_in("alice")
