"""Customers' hosts that can be frozen, put to sleep, switched off and cut off, and one who watches.

Real are the processes, network, freezer and signals. What can't be had without doing it to this
whole machine: the clock that counts a sleep and the wall clock are moved where Python asks the
kernel for them, and another boot's id is mounted over the kernel's.
"""

import asyncio
import socket
import sys
import sysconfig
import uuid
import venv
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from broker.host.paths import socket_path
from broker.recording.session_log import Entry
from broker.wire.codec import encode, pack
from broker.wire.messages import Do
from tests.journeys import processes
from tests.journeys.broker import Engineer
from tests.journeys.network import Cable, inside
from tests.journeys.viewer import Viewer, viewing
from tests.journeys.waiting import until
from tests.journeys.world import World

_SITE = """
import os, site, sys, time

site.addsitedir({packages!r})
_real = time.clock_gettime

def _with_sleep(clock):
    slept = 0.0
    if clock == time.CLOCK_BOOTTIME:
        with open(os.environ["JUMPSEAT_TEST_SLEPT"]) as file:
            slept = float(file.read())
    return _real(clock) + slept

def _with_steps():
    with open(os.environ["JUMPSEAT_TEST_STEPPED"]) as file:
        return _wall() + float(file.read())

_wall = time.time
time.clock_gettime = _with_sleep
time.time = _with_steps
"""
_BOOT = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
_SLEEP_SECONDS = 20.0


def sleepy_python(folder: Path) -> Path:
    """A Python that has what ours has, and whose clocks can be moved."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    site = _SITE.format(packages=sysconfig.get_path("purelib"))
    (packages / "sitecustomize.py").write_text(site)
    return folder / "bin" / Path(sys.executable).name


def _replace(path: Path, text: str) -> None:
    """At once: whoever asks the clock meanwhile must not find it empty."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)


class Freezer:
    """Stops every process of a host at once, by a control group (version 2)."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._folder = cgroups() / f"jumpseat-{uuid.uuid4().hex[:8]}"
        self._folder.mkdir()

    def freeze(self) -> None:
        """They stand still when this returns, or in a few milliseconds."""
        for one in processes.marked(self._mark):
            with suppress(ProcessLookupError):  # it has ended meanwhile
                (self._folder / "cgroup.procs").write_text(str(one.pid))
        (self._folder / "cgroup.freeze").write_text("1")

    def thaw(self) -> None:
        """They go on."""
        (self._folder / "cgroup.freeze").write_text("0")

    def remove(self) -> None:
        """Once its processes are gone, and those that are still there too."""
        (self._folder / "cgroup.kill").write_text("1")
        for _ in range(100):
            try:
                self._folder.rmdir()
            except OSError:
                continue
            break


def cgroups() -> Path:
    """Where control groups of version 2 are; there may be none."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, folder, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(folder)
    raise FileNotFoundError("no control groups of version 2")


class Host:
    """One customer's, with a session, and an engineer who watches it."""

    def __init__(self, world: World, cable: Cable, python: Path) -> None:
        self.cable = cable
        self.customer = customer = world.customer()
        home = Path(customer.env["HOME"])
        self._slept, self._boot = home / "slept", home / "boot"
        self._stepped = home / "stepped"
        self._slept.write_text("0")
        self.step_clock(0)
        self.new_boot()
        customer.env["JUMPSEAT_TEST_SLEPT"] = str(self._slept)
        customer.env["JUMPSEAT_TEST_STEPPED"] = str(self._stepped)
        booted = inside(cable.namespace, "sh", "-c", _BOOT, str(self._boot))
        customer.program = (*booted, str(python), "-I", "-m", "broker.host")
        self._world = world
        self.freezer = Freezer(customer.mark)
        self._command = socket.socket(socket.AF_UNIX)
        self.viewer: Viewer

    async def grants(self) -> None:
        """Begin a session."""
        invitation = await self._world.broker.invite()
        # What reading the host's state costs would be measured, too.
        await self.customer.grants(
            invitation.code, self._world.broker.url, "--drift", "off", "--for", "8h"
        )

    async def watched(self, alice: Engineer, meanwhile: Callable[[], Awaitable[None]]) -> None:
        """Do something while ``viewer`` watches."""
        async with viewing(self._world.broker, self.customer.session, alice) as self.viewer:
            await self.viewer.is_told("at-keyboard")
            await meanwhile()

    async def notices(self, event: Callable[[], object]) -> tuple[float, str]:
        """How many seconds after an event the engineer is told that something is amiss: what."""
        clock, told = asyncio.get_running_loop().time, self.viewer.present
        before, began = len(told), clock()
        event()
        await self.viewer.until(lambda: len(told) > before, "a loss")
        return clock() - began, told[before].state

    async def returned(self, before: int) -> str:
        """Wait until the link is back, beyond so many times; the cause, as the engineer is told."""
        await self.viewer.is_told("at-keyboard")
        await until(lambda: len(self.links()) > before, "a link in the log")
        link, started = self.links()[-1], self._logged("started")[-1]
        at, cause = started["wall"] - started["t"] + link["t"], str(link["cause"])
        # This absence's own: the one before it may have had the same cause.
        await self.viewer.until(
            lambda: any(
                one.last.get("cause") == cause and one.last["until"] == at
                for one in self.viewer.present
            ),
            f"the cause {cause}",
        )
        return cause

    async def seat_taken_again(self) -> str:
        """Wait until the customer is at a terminal; why they had left the one before."""
        await self.viewer.is_told("at-keyboard")
        return str(self._logged("detached")[-1]["why"])

    def links(self) -> list[Entry]:
        """Each time that the link was made."""
        return self._logged("link_up")

    def _logged(self, event: str) -> list[Entry]:
        runs = sum(name.endswith(".log") for name in self.customer.names())
        return [one for run in range(1, runs + 1) for one in self.customer.logged(event, run)]

    def command(self, command: str) -> Callable[[], object]:
        """What ``jumpseat COMMAND`` does when called, without the time that starting it takes."""
        path = socket_path(Path(self.customer.env["JUMPSEAT_RUNTIME_DIR"]), self.customer.session)
        self._command.close()
        self._command = socket.socket(socket.AF_UNIX)
        self._command.connect(str(path))
        return lambda: self._command.sendall(pack(encode(Do(command, {}))))

    def signalled(self, signum: int) -> Callable[[], object]:
        """Sends a signal to what of Jumpseat outlives the terminal."""
        parts = self.customer.part("recorder"), self.customer.part("uplink")

        def send() -> None:
            for one in parts:
                one.kill(signum)

        return send

    async def reattaches(self) -> None:
        """Come back in a new window."""
        await self.customer.terminal.close()
        await until(lambda: len(self.customer.parts("uplink")) < 2, "one uplink at most")
        await self.customer.asks("reattach")

    def new_boot(self) -> None:
        """Another boot than before, for what is started from now on."""
        self._boot.write_text(f"{uuid.uuid4()}\n")

    def step_clock(self, seconds: float) -> None:
        """The wall clock is wrong by so much from now on."""
        _replace(self._stepped, str(seconds))

    def sleep(self) -> None:
        """Time that goes by while nothing runs."""
        _replace(self._slept, str(float(self._slept.read_text()) + _SLEEP_SECONDS))

    def close(self) -> None:
        """Whatever is left of it."""
        self._command.close()
        self.freezer.remove()

    def power_off(self) -> None:
        """Nothing of it gets out any more, not even that its connections are closed."""
        self.cable.swallow()
        for one in processes.marked(self.customer.mark):
            one.kill()
