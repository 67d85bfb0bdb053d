"""What happens to a host: what the engineer is told of it, and which cause is named after it."""

import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from broker.recording.causes import Cause
from tests.faults.hosts import Host


@dataclass(frozen=True)
class Event:
    """One kind. ``happens`` finds what it takes first, and gives what does it.

    ``target``: seconds until the engineer should be told.
    """

    name: str
    state: str
    cause: str
    target: float
    happens: Callable[[Host], Callable[[], object]]
    mended: Callable[[Host], Awaitable[None]]
    is_loss: bool = True


async def _mends_itself(_: Host) -> None:
    pass


async def _comes_back(host: Host) -> None:
    await host.reattaches()


async def _reconnects(host: Host) -> None:
    host.command("reconnect")()


async def _goes_on(host: Host) -> None:
    host.signalled(signal.SIGCONT)()


async def _thaws(host: Host) -> None:
    host.freezer.thaw()


async def _wakes(host: Host) -> None:
    host.sleep()
    host.freezer.thaw()


async def _is_plugged_in(host: Host) -> None:
    host.cable.plug()


async def _is_healed(host: Host) -> None:
    host.cable.heal()


async def _boots(host: Host) -> None:
    host.new_boot()
    host.cable.heal()
    await host.reattaches()


EVENTS = (
    Event(
        "link cut by the customer", "disconnected", Cause.RECONNECTED.value, 0.25,
        lambda host: host.command("disconnect"), _reconnects,
    ),
    Event(
        "terminal closed", "away", "terminal closed", 0.25,
        lambda host: host.customer.terminal.hang_up, _comes_back, is_loss=False,
    ),
    Event(
        "uplink killed", "link-lost", Cause.UPLINK_STOPPED.value, 1.0,
        lambda host: host.customer.part("uplink").kill, _mends_itself,
    ),
    Event(
        "recorder killed", "recorder-lost", Cause.RECORDER_STOPPED.value, 1.0,
        lambda host: host.customer.part("recorder").kill, _comes_back,
    ),
    Event(
        "recorder and uplink stopped", "link-lost", Cause.FROZEN.value, 5.0,
        lambda host: host.signalled(signal.SIGSTOP), _goes_on,
    ),
    Event(
        "host frozen", "link-lost", Cause.FROZEN.value, 5.0,
        lambda host: host.freezer.freeze, _thaws,
    ),
    Event(
        "host asleep", "link-lost", Cause.ASLEEP.value, 5.0,
        lambda host: host.freezer.freeze, _wakes,
    ),
    Event(
        "host switched off", "link-lost", Cause.REBOOTED.value, 5.0,
        lambda host: host.power_off, _boots,
    ),
    Event(
        "cable pulled", "link-lost", Cause.NETWORK_LOST.value, 5.0,
        lambda host: host.cable.pull, _is_plugged_in,
    ),
    Event(
        "packets dropped", "link-lost", Cause.NETWORK_LOST.value, 5.0,
        lambda host: host.cable.swallow, _is_healed,
    ),
)  # fmt: skip
