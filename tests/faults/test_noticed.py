"""How soon the engineer is told that a customer's host is gone, and whether the cause is right.

Times are printed, not asserted: what is asserted is what was told, each time.
"""

import asyncio
import os
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial
from statistics import median

import pytest

from broker.recording.causes import Cause
from tests.faults.events import EVENTS, Event
from tests.faults.hosts import Host, cgroups, sleepy_python
from tests.journeys.broker import Engineer
from tests.journeys.network import Switch, needs_namespaces, switched
from tests.journeys.viewer import Viewer, viewing
from tests.journeys.world import World

RUNS = int(os.environ.get("JUMPSEAT_NOTICED_RUNS", "50"))
HOSTS = 20
BROKER_KILLED = "broker killed and started"
BROKER_TARGET = 1.0
CHANCE = random.Random(4)  # noqa: S311 - much the same each time
CUT_OFF = "page cut off"

pytestmark = [needs_namespaces, pytest.mark.timeout(700)]


class Table:
    """What was seen of each event."""

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[float, str, str]]] = {}

    def add(self, event: str, seconds: float, state: str, cause: str) -> None:
        """One run."""
        self._seen.setdefault(event, []).append((seconds, state, cause))

    def lines(self, targets: dict[str, float]) -> Iterator[str]:
        """The table, to be printed."""
        yield (
            f"{'event':28} {'runs':>4}  {'told':14} {'cause named':18}"
            f" {'median':>8} {'worst':>8} {'target':>7}"
        )
        for event, target in targets.items():
            seconds, states, causes = zip(*self._seen[event], strict=True)
            yield (
                f"{event:28} {len(seconds):4}  {_all(states):14} {_all(causes):18}"
                f" {median(seconds):6.3f} s {max(seconds):6.3f} s {target:5} s"
            )

    def told(self, event: str) -> list[tuple[str, str]]:
        """The states and causes of an event's runs."""
        return [(state, cause) for _, state, cause in self._seen[event]]


def _all(told: tuple[str, ...]) -> str:
    return ", ".join(sorted(set(told)))


@contextmanager
def hosts_of(world: World, switch: Switch) -> Iterator[list[Host]]:
    """Hosts that the world's customers are at."""
    python = sleepy_python(world.folder / "python")
    hosts = [Host(world, switch.cable(), python) for _ in range(HOSTS)]
    try:
        yield hosts
    finally:
        for host in hosts:
            host.close()


def no_freezer() -> bool:
    """Whether this machine can't stop a group of processes."""
    with suppress(OSError):
        return not (cgroups() / "cgroup.procs").exists()
    return True


@pytest.mark.skipif(no_freezer(), reason="control groups of version 2 are needed")
async def test_how_a_loss_is_noticed(world: World, told: Callable[[str], None]) -> None:
    await world.broker.stop()
    table = Table()
    with switched() as switch, hosts_of(world, switch) as hosts:
        world.broker.listen_at(switch.address)
        await world.broker.start()
        alice = await world.broker.sign_in("alice")
        await at_once(host.grants for host in hosts)
        deck = [event for event in EVENTS for _ in range(RUNS)]
        CHANCE.shuffle(deck)
        await at_once(partial(play, host, alice, deck, table) for host in hosts)
        for left in range(RUNS, 0, -HOSTS):
            await broker_killed(world, alice, hosts[:left], table)
        for host in hosts:
            await world.end(host.customer)
        await world.close()
    targets = {event.name: event.target for event in EVENTS} | {BROKER_KILLED: BROKER_TARGET}
    for line in table.lines(targets):
        told(line)
    for event in EVENTS:
        assert table.told(event.name) == [(event.state, event.cause)] * RUNS
    assert table.told(BROKER_KILLED) == [(CUT_OFF, Cause.BROKER_RESTARTED.value)] * RUNS


async def at_once(every: Iterable[Callable[[], Coroutine[None, None, None]]]) -> None:
    """Do these side by side."""
    async with asyncio.TaskGroup() as group:
        for one in every:
            group.create_task(one())


async def play(host: Host, alice: Engineer, deck: list[Event], table: Table) -> None:
    """Have a host go through what is drawn from the deck, one after another."""

    async def events() -> None:
        while deck:
            event = deck.pop()
            before = len(host.links())
            # Events fall anywhere between two questions.
            await asyncio.sleep(CHANCE.uniform(0.5, 1.5))
            seconds, state = await host.notices(event.happens(host))
            await event.mended(host)
            cause = await (host.returned(before) if event.is_loss else host.seat_taken_again())
            table.add(event.name, seconds, state, cause)

    await host.watched(alice, events)


async def cut_off(viewer: Viewer) -> None:
    """Wait until the engineer's own connection breaks."""
    await viewer.until(lambda: viewer.closed, "the broker's end")


async def broker_killed(world: World, alice: Engineer, hosts: list[Host], table: Table) -> None:
    """Kill the broker under all these hosts, and start it again."""
    before = [len(host.links()) for host in hosts]
    clock = asyncio.get_running_loop().time
    async with AsyncExitStack() as stack:
        viewers = [
            await stack.enter_async_context(viewing(world.broker, host.customer.session, alice))
            for host in hosts
        ]
        for viewer in viewers:
            await viewer.is_told("at-keyboard")
        began = clock()
        await world.broker.kill()
        noticed = []
        for viewer in viewers:
            await cut_off(viewer)
            noticed.append(clock() - began)
    await world.broker.start()

    async def returned(host: Host, before: int, seconds: float) -> None:
        async def cause() -> None:
            table.add(BROKER_KILLED, seconds, CUT_OFF, await host.returned(before))

        await host.watched(alice, cause)

    await at_once(partial(returned, *facts) for facts in zip(hosts, before, noticed, strict=True))
