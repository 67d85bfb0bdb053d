"""System calls that fail, once or until further notice: the disk is full, or reports an error."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from broker.wire.names import log_name, terminal_name
from tests.faults.crashes.points import Part
from tests.faults.crashes.tracing import Fault, attach
from tests.faults.crashes.world import World
from tests.journeys.processes import Process
from tests.journeys.waiting import until


@dataclass(frozen=True)
class Failing:
    """These calls of a part on the streams of the run that is live fail so, and when."""

    part: Part
    calls: str
    error: str
    sticky: bool

    def __str__(self) -> str:
        often = "from then on" if self.sticky else "once"
        return f"{self.part.value}: {self.calls} {self.error} {often}"


_CALLS: Mapping[Part, tuple[str, ...]] = MappingProxyType(
    {
        Part.RECORDER: ("pwrite64", "fdatasync"),
        Part.BROKER: ("pwrite64", "fdatasync", "ftruncate", "openat"),
    }
)
ALL = tuple(
    Failing(part, calls, error, sticky)
    for part, each in _CALLS.items()
    for calls in each
    for error in ("EIO", "ENOSPC")
    for sticky in (False, True)
)


async def fail(world: World, failing: Failing, log: Path) -> list[str]:
    """Have calls fail in a session that goes on; then it recovers, and all that is held is there.

    The calls that failed, as strace has them. Raises Violated.
    """
    run, host = world.host.run, world.host
    recorder = failing.part is Part.RECORDER
    folder = world.copies.host if recorder else world.copies.broker
    process = host.recorder if recorder else Process(world.broker.pid, ())
    assert process is not None
    paths = (folder / log_name(run), folder / terminal_name(run, 1))
    nth = "2+" if failing.sticky else "2"
    fault = Fault(failing.calls, paths, f"error={failing.error}", nth)
    trace = await attach(process, fault, log)
    assert trace is not None
    wanted = 3 if failing.sticky else 1
    await until(lambda: len(trace.failed) >= wanted, f"{failing}")
    failed = trace.failed
    world.check()
    await trace.remove()
    await asyncio.to_thread(world.check)
    await world.mend()
    world.check()
    return failed
