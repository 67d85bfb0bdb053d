"""What a journey needs; and no journey may leave a process behind."""

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.journeys import processes
from tests.journeys.broker import JUMPSEAT, Broker, Engineer
from tests.journeys.customer import Customer


class World:
    """One broker and its customers, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.env = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "SHELL": "/bin/bash",
            processes.MARK: self.mark,
        }
        self.broker = Broker(folder / "data", self.env)
        self.customers: list[Customer] = []

    def customer(self, program: Sequence[str] = (JUMPSEAT,)) -> Customer:
        """One more customer, on a host of their own."""
        # Short names: a unix socket's path has room for 107 bytes.
        home = self.folder / f"c{len(self.customers)}"
        self.customers.append(Customer(home, self.env, program))
        return self.customers[-1]

    async def granted(self, *options: str) -> Customer:
        """One more customer who has granted a session, at their shell."""
        customer = self.customer()
        invitation = await self.broker.invite()
        await customer.grants(invitation.code, self.broker.url, *options)
        return customer

    async def close(self) -> None:
        """End everything in the way that its users would."""
        for customer in self.customers:
            await customer.close()
        if self.broker.running:
            await self.broker.stop()


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
