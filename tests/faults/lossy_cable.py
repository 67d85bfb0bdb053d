"""A cable that loses packets and is long: two tun devices, and we carry what comes out of one.

Not ``tc netem``, which many kernels are built without. What is lost is whole IP packets, so all
that TCP does about it is the kernels' own.
"""

import asyncio
import fcntl
import os
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from tests.journeys.network import free_prefix, run, short_name

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_MTU = 1500


class LossyCable:
    """Between this machine, at ``address``, and a host. ``loss`` and ``delay`` are of each way."""

    def __init__(self, namespace: str, address: str, ends: tuple[int, int]) -> None:
        self.namespace = namespace
        self.address = address
        self.loss = 0.0
        self.delay = 0.0
        self.carried = self.lost = 0
        self._chance = random.Random(address)  # noqa: S311 - the same each time
        self._ends: tuple[int, ...] = ends
        loop = asyncio.get_running_loop()
        for one, other in (ends, ends[::-1]):
            loop.add_reader(one, self._carry, one, other)

    def _carry(self, one: int, other: int) -> None:
        packet = os.read(one, _MTU)
        self.carried += 1
        if self._chance.random() < self.loss:
            self.lost += 1
            return
        asyncio.get_running_loop().call_later(self.delay, self._deliver, other, packet)

    def _deliver(self, end: int, packet: bytes) -> None:
        if end in self._ends:
            os.write(end, packet)

    def close(self) -> None:
        """Carry nothing any more."""
        ends, self._ends = self._ends, ()
        for end in ends:
            asyncio.get_running_loop().remove_reader(end)
            os.close(end)


@contextmanager
def lossy_cable() -> Iterator[LossyCable]:
    """A host of its own at the end of such a cable, perfect at first; it is gone afterwards."""
    name, prefix = short_name(), free_prefix()
    here, there = f"{prefix}.1", f"{prefix}.2"
    ours, theirs = _tun(f"{name}a"), _tun(f"{name}b")
    cable = LossyCable(name, here, (ours, theirs))
    try:
        run("ip", "netns", "add", name)
        run("ip", "link", "set", f"{name}b", "netns", name)
        run("ip", "address", "add", here, "peer", there, "dev", f"{name}a")
        run("ip", "link", "set", f"{name}a", "up")
        run("ip", "-n", name, "address", "add", there, "peer", here, "dev", f"{name}b")
        run("ip", "-n", name, "link", "set", f"{name}b", "up")
        run("ip", "-n", name, "route", "add", "default", "via", here)
        run("ip", "-n", name, "link", "set", "lo", "up")
        yield cable
    finally:
        cable.close()
        run("ip", "netns", "delete", name)


def _tun(name: str) -> int:
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return end
