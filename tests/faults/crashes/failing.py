"""System calls that fail, once or until further notice: the disk is full, or reports an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from broker.wire.names import RECEIPTS, log_name, terminal_name
from tests.faults.crashes.points import Part
from tests.faults.crashes.tracing import Fault, Trace, attach
from tests.faults.crashes.world import World
from tests.journeys.processes import Process
from tests.journeys.waiting import until


@dataclass(frozen=True)
class Failing:
    """These calls of a part fail so, and when.

    They are on the streams of the run that is live, or on the session's receipts.
    """

    part: Part
    calls: str
    error: str
    sticky: bool
    receipts: bool = False

    def __str__(self) -> str:
        often = "from then on" if self.sticky else "once"
        on = " on receipts" if self.receipts else ""
        return f"{self.part.value}: {self.calls}{on} {self.error} {often}"


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
ON_RECEIPTS = tuple(
    Failing(part, calls, "EIO", sticky=True, receipts=True)
    for part, some in ((Part.RECORDER, _CALLS[Part.BROKER][:3]), (Part.BROKER, _CALLS[Part.BROKER]))
    for calls in some
)


async def fail(world: World, failing: Failing, log: Path) -> list[str]:
    """Have calls fail in a session that goes on; then it recovers, and all that is held is there.

    The calls that failed, as strace has them. Raises Violated.
    """
    part, does = failing.part, f"error={failing.error}"
    nth = "2+" if failing.sticky else "2"
    on = paths(world, part)
    if failing.receipts:
        on, nth = (on[0].with_name(RECEIPTS),), "1+"
    fault = Fault(failing.calls, on, does, nth)
    trace = await attached(world, part, fault, log)
    wanted = 3 if failing.sticky else 1
    await until(lambda: len(trace.failed) >= wanted, f"{failing}")
    failed = trace.failed
    world.check()
    await trace.remove()
    await recovered(world)
    return failed


async def attached(world: World, part: Part, fault: Fault, log: Path) -> Trace:
    """Put a fault in place in a part that runs."""
    trace = await attach(process(world, part), fault, log)
    assert trace is not None
    return trace


async def recovered(world: World) -> None:
    """Check, wait until all that is printed now is held, and check again. Raises Violated."""
    world.check()
    await world.mend()
    world.check()


def process(world: World, part: Part) -> Process:
    """The recorder, or the broker."""
    recorder = world.host.recorder
    assert recorder is not None
    return recorder if part is Part.RECORDER else Process(world.broker.pid, ())


def paths(world: World, part: Part) -> tuple[Path, ...]:
    """The log and the recording of the run that is live, as the part has them."""
    run = world.host.run
    folder = world.copies.host if part is Part.RECORDER else world.copies.broker
    return folder / log_name(run), folder / terminal_name(run, 1)
