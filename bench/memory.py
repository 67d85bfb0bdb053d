"""What an idle session weighs, on each side and in each of ssh's processes."""

import asyncio
import contextlib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.measures import Bench
from tests.journeys import processes
from tests.journeys.waiting import until

_SETTLE_SECONDS = 3.0
"""So that what a start leaves behind is freed."""


@dataclass(frozen=True)
class Weight:
    """KiB a session: the broker's growth, the customer's processes, and ssh's two sides."""

    broker: float
    host: float
    sshd: float
    ssh: float


async def weigh(bench: Bench, sessions: int) -> Weight:
    """Hold so many idle sessions of each kind, one kind after the other."""
    broker = bench.world.broker
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(bench.session())  # what the first one alone costs
        await until(lambda: len(family(broker.pid)) > 1, "the search worker")
        await asyncio.sleep(_SETTLE_SECONDS)
        empty = sum(map(resident, family(broker.pid)))
        customers = [await stack.enter_async_context(bench.session()) for _ in range(sessions)]
        await asyncio.sleep(_SETTLE_SECONDS)
        grown = sum(map(resident, family(broker.pid))) - empty
        host = sum(
            shared_out(one.pid)
            for customer in customers
            for one in processes.marked(customer.mark)
            if {"recorder", "uplink", "grant"} & set(one.argv)
        )
    clients = [
        subprocess.Popen(
            bench.openssh.command("cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(sessions)
    ]
    try:
        # Each has become the program that was asked for: what the start needed is gone.
        await until(lambda: len(_running(bench, "cat")) == sessions, "ssh's sessions")
        sshd = sum(shared_out(one) for one in _running(bench, "sshd"))
        ssh = sum(shared_out(client.pid) for client in clients)
    finally:
        for client in clients:
            client.kill()
            client.communicate()
    return Weight(grown / sessions, host / sessions, sshd / sessions, ssh / sessions)


def _running(bench: Bench, name: str) -> list[int]:
    """The processes of this name behind the ssh server."""
    return [
        one for child in bench.openssh.children() for one in family(child) if _name(one) == name
    ]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # gone since we looked


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(one for child in children for one in family(int(child)))]


def resident(pid: int) -> int:
    """KiB of memory that a process has."""
    return _kib(pid, "Rss")


def shared_out(pid: int) -> int:
    """KiB of memory that a process has, its part only of what it shares."""
    return _kib(pid, "Pss")


def _kib(pid: int, what: str) -> int:
    found = re.search(rf"^{what}: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    assert found
    return int(found[1])
