"""One broker and its customers, in a folder of their own."""

import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from tests.journeys import processes
from tests.journeys.broker import JUMPSEAT, Broker, Engineer
from tests.journeys.customer import Customer
from tests.journeys.waiting import until


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

    async def end(self, customer: Customer) -> None:
        """Leave the shell, which ends the session; all of the customer's side then ends."""
        customer.terminal.type("exit\n")
        assert await customer.terminal.ended() == 0
        await self.end_of(customer)

    async def end_of(self, customer: Customer) -> None:
        """Wait until a session that has ended is held by the broker, whole."""
        await until(lambda: not customer.parts("recorder"), "the recorder to end")

    async def both_copies(self, customer: Customer, engineer: Engineer) -> dict[str, bytes]:
        """The streams of an ended session, of which both sides must have the same bytes."""
        streams = {name: customer.stream(name) for name in customer.names()}
        told = await self.broker.summary(customer.session, engineer)
        assert {one["name"]: one["size"] for one in told["streams"]} == {
            name: len(stream) for name, stream in streams.items()
        }
        for name, stream in streams.items():
            assert await self.broker.stream(customer.session, name, engineer) == stream, name
        return streams
