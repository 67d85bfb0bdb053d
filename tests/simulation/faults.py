"""What befalls a host and a broker, drawn from the seed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.disk import Disk

if TYPE_CHECKING:
    from tests.simulation.world import World

_CALLS = ("write", "fdatasync", "ftruncate", "open", "fsync")


class Faults:
    """One seed's."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = chance = world.chance
        if chance.random() < 0.2:
            world.host.most = chance.choice((30_000, 300_000))
        self._every = chance.choice((2.0, 5.0, 10.0, 20.0))
        self._until = chance.choice((30.0, 60.0, 120.0, 240.0))
        kinds = {
            self.kill_recorder: 2,
            self.kill_uplink: 2,
            self.host_loses_power: 2,
            self.kill_broker: 2,
            self.broker_loses_power: 3,
            self.reset: 2,
            self.swallow: 3,
            self.slow_link: 2,
            self.odd_appends: 2,
            self.host_disk_full: 2,
            self.host_disk_fails: 2,
            self.broker_disk_full: 2,
            self.broker_disk_fails: 3,
            self.slow_disks: 1,
        }
        # Some of them in each seed, so that each also happens without the others.
        self._kinds = [kind for kind in kinds if chance.random() < 0.5] or list(kinds)
        self._weights = [kinds[kind] for kind in self._kinds]

    async def happen(self) -> None:
        """Until it is over and everything works again."""
        world, chance = self._world, self._chance
        loop = world.loop
        end = loop.time() + self._until
        next_print, next_fault = 0.0, chance.expovariate(1 / self._every)
        while loop.time() < end:
            await asyncio.sleep(max(0.0, min(next_print, next_fault) - loop.time()))
            world.note_safe()
            if next_print <= loop.time():
                burst = chance.random() < 0.03
                world.prints(chance.randint(500, 5000) if burst else chance.randint(1, 20))
                next_print = loop.time() + chance.uniform(0.02, 1.5)
            if next_fault <= loop.time():
                chance.choices(self._kinds, self._weights)[0]()
                next_fault = loop.time() + chance.expovariate(1 / self._every)
        self._heal()
        await asyncio.sleep(0.01)
        self._start_host()
        world.vendor.start()

    def _later(self, seconds: float, what: Callable[..., None], *args: object) -> None:
        self._world.loop.call_later(seconds, what, *args)

    def _heal(self) -> None:
        world = self._world
        world.say("all heals")
        now = world.loop.time()
        world.network.up_until = min(world.network.up_until, now)
        world.network.down_until = min(world.network.down_until, now)
        self._whole_link()
        world.network.odd = False
        for disk in (world.host.disk, world.vendor.disk):
            self._whole(disk)
            disk.fuse = None
        world.loop.slow = False

    # --- processes and machines -----------------------------------------------------------------

    def _fused(self, disk: Disk, what: Callable[[], None]) -> None:
        """Do it at once or, at times, in the middle of a call that comes soon."""
        if disk.fuse is None and self._chance.random() < 0.5:
            disk.fuse = self._chance.randint(0, 12)
            disk.burns = what
        else:
            what()

    def _start_host(self) -> None:
        world = self._world
        if world.host.runs:
            return
        if world.host.start():
            world.look_at_host()
        else:
            self._later(2.0, self._start_host)

    def kill_recorder(self) -> None:
        """And somebody starts it again."""

        def kill() -> None:
            self._world.say("the recorder is killed")
            self._world.note_safe()
            self._world.host.kill()
            self._later(self._chance.uniform(0.2, 6.0), self._start_host)

        self._fused(self._world.host.disk, kill)

    def kill_uplink(self) -> None:
        """And the recorder starts it again."""
        self._world.say("the uplink is killed")
        self._world.host.kill_uplink()

    def host_loses_power(self) -> None:
        """And boots."""

        def lose() -> None:
            self._world.say("the host loses power")
            self._world.note_safe()
            self._world.host.lose_power()
            self._later(self._chance.uniform(2.0, 10.0), self._start_host)

        self._fused(self._world.host.disk, lose)

    def kill_broker(self) -> None:
        """And it is started again."""

        def kill() -> None:
            self._world.say("the broker is killed")
            self._world.vendor.kill()
            self._world.look_at_broker()
            self._later(self._chance.uniform(0.2, 8.0), self._world.vendor.start)

        self._fused(self._world.vendor.disk, kill)

    def broker_loses_power(self) -> None:
        """And boots."""

        def lose() -> None:
            self._world.say("the broker loses power")
            self._world.vendor.lose_power()
            self._world.look_at_broker(torn=True)
            self._later(self._chance.uniform(2.0, 10.0), self._world.vendor.start)

        self._fused(self._world.vendor.disk, lose)

    # --- the link -------------------------------------------------------------------------------

    def reset(self) -> None:
        """Every connection breaks."""
        self._world.say("the connection is reset")
        self._world.network.reset()

    def swallow(self) -> None:
        """Packets are swallowed one way or both, for a while."""
        network, chance = self._world.network, self._chance
        until = self._world.loop.time() + chance.choice((0.5, 2.0, 6.0, 20.0)) * chance.random() * 2
        way = chance.choice(("up", "down", "both"))
        self._world.say(f"packets are swallowed ({way}) until {until:.3f}")
        if way != "down":
            network.up_until = max(network.up_until, until)
        if way != "up":
            network.down_until = max(network.down_until, until)

    def slow_link(self) -> None:
        """The path has little room, and is long."""
        network, chance = self._world.network, self._chance
        network.bytes_per_second = chance.uniform(5e3, 1e5)
        network.latency = chance.uniform(0.05, 0.6)
        self._world.say(f"the link is slow: {network.bytes_per_second:.0f} bytes/s")
        self._later(chance.uniform(2.0, 20.0), self._whole_link)

    def _whole_link(self) -> None:
        self._world.network.bytes_per_second = 1e7
        self._world.network.latency = 0.01

    def odd_appends(self) -> None:
        """Appends come twice, or late."""
        network = self._world.network
        self._world.say("appends are repeated and reordered")
        network.odd = True

        def even() -> None:
            network.odd = False

        self._later(self._chance.uniform(2.0, 20.0), even)

    # --- disks ----------------------------------------------------------------------------------

    def _whole(self, disk: Disk) -> None:
        disk.room = None
        disk.errors.clear()

    def _fills(self, disk: Disk) -> None:
        disk.room = self._chance.choice((0, 100, 3000, 300_000, 600_000))
        self._world.say(f"{disk.root} has room for {disk.room} bytes")
        self._later(self._chance.uniform(1.0, 15.0), self._whole, disk)

    def _fails(self, disk: Disk) -> None:
        calls = self._chance.sample(_CALLS, self._chance.randint(1, 3))
        times = self._chance.choice((1, 1, 3, -1))
        self._world.say(f"{disk.root} fails: {' '.join(calls)}, {times} times")
        for call in calls:
            disk.errors[call] = times
        self._later(self._chance.uniform(1.0, 15.0), self._whole, disk)

    def host_disk_full(self) -> None:
        """The host's disk takes no more for a while."""
        self._fills(self._world.host.disk)

    def host_disk_fails(self) -> None:
        """Calls to the host's disk fail, once or for a while."""
        self._fails(self._world.host.disk)

    def broker_disk_full(self) -> None:
        """The broker's disk takes no more for a while."""
        self._fills(self._world.vendor.disk)

    def broker_disk_fails(self) -> None:
        """Calls to the broker's disk fail, once or for a while."""
        self._fails(self._world.vendor.disk)

    def slow_disks(self) -> None:
        """Every call takes long."""
        self._world.say("disks are slow")
        self._world.loop.slow = True

        def quick() -> None:
            self._world.loop.slow = False

        self._later(self._chance.uniform(2.0, 20.0), quick)
