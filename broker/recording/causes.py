"""Why a link was gone, told from what is known once it is back. Pure.

Only the host can tell: a sleep by its clock of suspended time, a reboot by the kernel's boot id,
a recorder that was stopped by its run, one that stood still (a frozen process or virtual machine)
by its own ticks, a broker that was restarted by the name it gives itself. What none of these
explains was the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Callable, Mapping, Tuple


class Cause(Enum):
    """Why a link was gone, as the session log says it."""

    RECONNECTED = "reconnected"
    """The customer had cut it."""
    REBOOTED = "rebooted"
    RECORDER_STOPPED = "recorder-stopped"
    ASLEEP = "asleep"
    FROZEN = "frozen"
    UPLINK_STOPPED = "uplink-stopped"
    BROKER_RESTARTED = "broker-restarted"
    NETWORK_LOST = "network lost"


SAYS: Mapping[str, str] = {
    Cause.RECONNECTED.value: "disconnected by the customer",
    Cause.REBOOTED.value: "the host was rebooted",
    Cause.RECORDER_STOPPED.value: "the recorder was stopped",
    Cause.ASLEEP.value: "the host slept",
    Cause.FROZEN.value: "the recorder stood still",
    Cause.UPLINK_STOPPED.value: "the uplink was stopped",
    Cause.BROKER_RESTARTED.value: "the broker was restarted",
    Cause.NETWORK_LOST.value: "the network was lost",
}
"""How people say it, by what the session log has."""


@dataclass(frozen=True)
class Evidence:
    """What was seen between the loss of a link and its return. Seconds."""

    cut: bool = False
    rebooted: bool = False
    new_run: bool = False
    slept: float = 0.0
    stood_still: float = 0.0
    uplink_ended: bool = False
    broker_restarted: bool = False


LEAST_SECONDS = 2.0
"""A host that slept or stood still for less lost no link by that."""

_RULES: Tuple[Tuple[Cause, Callable[[Evidence], bool]], ...] = (
    (Cause.RECONNECTED, lambda seen: seen.cut),
    (Cause.REBOOTED, lambda seen: seen.rebooted),
    (Cause.RECORDER_STOPPED, lambda seen: seen.new_run),
    (Cause.ASLEEP, lambda seen: seen.slept > LEAST_SECONDS),
    (Cause.FROZEN, lambda seen: seen.stood_still > LEAST_SECONDS),
    (Cause.UPLINK_STOPPED, lambda seen: seen.uplink_ended),
    (Cause.BROKER_RESTARTED, lambda seen: seen.broker_restarted),
)


def cause_of(seen: Evidence) -> Cause:
    """The first cause, in this order, that the evidence supports."""
    return next((cause for cause, holds in _RULES if holds(seen)), Cause.NETWORK_LOST)
