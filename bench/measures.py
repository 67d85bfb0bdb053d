"""What is measured, each as one round of ssh and one of Jumpseat on the same machine."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.openssh import OpenSsh
from bench.stopwatch import END
from tests.journeys import processes
from tests.journeys.broker import Engineer
from tests.journeys.customer import Customer
from tests.journeys.recording import TERMINAL
from tests.journeys.waiting import until
from tests.journeys.world import World

ROOT = Path(__file__).parents[1]
PAUSE_SECONDS = 0.005
RAW_ECHO = "stty raw -echo; printf re''ady; exec cat"


class Echo(NamedTuple):
    """Times from a key to its echo, in microseconds."""

    p50: float
    p99: float


class Bulk(NamedTuple):
    """MB/s of the terminal's output, up to the viewer and up to the file on the host."""

    seen: float
    recorded: float


class Bench:
    """A broker, an engineer and an ssh server, side by side."""

    def __init__(self, world: World, alice: Engineer, openssh: OpenSsh) -> None:
        self.world = world
        self.alice = alice
        self.openssh = openssh

    async def ssh_echo(self, keys: int) -> Echo:
        """Through plain ssh."""
        return await self._echo({"ssh": self.openssh.command(RAW_ECHO)}, keys)

    async def our_echo(self, keys: int) -> Echo:
        """Through host, broker and a viewer."""
        async with self.session() as customer:
            customer.terminal.type(RAW_ECHO + "\n")
            await customer.terminal.expect("ready")
            await _nobody_types(customer)
            with unattended(customer):
                return await self._echo({"viewer": self._viewer(customer)}, keys)

    async def _echo(self, line: dict[str, Any], keys: int) -> Echo:
        told = await stopwatch({**line, "measure": "echo", "keys": keys, "pause": PAUSE_SECONDS})
        took = sorted(told["took"])
        return Echo(statistics.median(took) * 1e6, took[int(len(took) * 0.99)] * 1e6)

    async def ssh_bulk(self, file: Path) -> Bulk:
        """Through plain ssh."""
        command = self.openssh.command("bash --norc")
        told = await stopwatch({"ssh": command, "measure": "bulk", "file": str(file)})
        speed = file.stat().st_size / (told["ended"] - told["began"]) / 1e6
        return Bulk(speed, speed)

    async def our_bulk(self, file: Path) -> Bulk:
        """Through host, broker and a viewer."""
        async with self.session() as customer:
            await _nobody_types(customer)
            with unattended(customer):
                line = {"viewer": self._viewer(customer), "measure": "bulk", "file": str(file)}
                async with asyncio.TaskGroup() as group:
                    recorded = group.create_task(_recorded(customer))
                    told = await stopwatch(line)
        size = file.stat().st_size
        at = recorded.result()
        return Bulk(size / (told["ended"] - told["began"]) / 1e6, size / (at - told["began"]) / 1e6)

    @asynccontextmanager
    async def ssh_flood(self) -> AsyncIterator[None]:
        """Another session of the same ssh server that prints without end, and is read."""
        process = subprocess.Popen(
            self.openssh.command("yes"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            process.kill()
            process.communicate()

    @asynccontextmanager
    async def our_flood(self) -> AsyncIterator[None]:
        """Another session of the same broker that prints without end."""
        async with self.session() as customer:
            customer.terminal.type("yes\n")
            await until(lambda: len(customer.stream(TERMINAL)) > 1_000_000, "the flood")
            with unattended(customer):
                yield

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Customer]:
        """A session in which the engineer may type."""
        customer = await self.world.granted("--mode", "control")
        try:
            yield customer
        finally:
            await customer.close()
            await until(lambda: not processes.marked(customer.mark), "the session to end")

    def _viewer(self, customer: Customer) -> dict[str, Any]:
        host, port = self.world.broker.address.split(":")
        return {
            "host": host,
            "port": int(port),
            "session": customer.session,
            "cookie": self.alice.cookie,
            "terminal": TERMINAL,
        }


async def _nobody_types(customer: Customer) -> None:
    """Wait until the customer's turn, who has just typed, is over."""
    while (await customer.status())["typing"]:
        pass


async def stopwatch(what: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON is anything
    """Measure in a process of its own; what it answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.stopwatch",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    answer, _ = await process.communicate(json.dumps(what).encode())
    assert process.returncode == 0
    return json.loads(answer)


@contextmanager
def unattended(customer: Customer) -> Iterator[None]:
    """The customer's terminal is read by a program that costs nothing, and not by this process."""
    with subprocess.Popen(
        ["cat"], stdin=customer.terminal.hand_over(), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as reader:  # fmt: skip
        try:
            yield
        finally:
            reader.kill()


async def _recorded(customer: Customer) -> float:
    """Wait until the host's recording has the end of the bulk; when that was."""
    path = customer.state / customer.session / TERMINAL

    def is_there() -> bool:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            return END in file.read()

    await until(is_there, "the recording")
    return time.monotonic()
