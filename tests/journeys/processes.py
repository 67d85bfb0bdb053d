"""The processes that a test starts, and all that those start in turn.

Each carries a mark in its environment, which it hands on to its children, so that a recorder that
has left its parents behind is still known for ours.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journeys.waiting import PATIENCE_SECONDS, until

MARK = "JUMPSEAT_TEST"
_CHILDREN: list[tuple[asyncio.AbstractEventLoop, asyncio.subprocess.Process]] = []


@dataclass(frozen=True)
class Process:
    """A process that was running when we looked."""

    pid: int
    argv: tuple[str, ...]

    @property
    def running(self) -> bool:
        """Whether it still is; a zombie is not."""
        return self.state not in "ZX"

    @property
    def state(self) -> str:
        """As the kernel calls it: R where it wants to run, S where it waits."""
        return self._stat[0]

    @property
    def parent(self) -> int:
        """Its parent's process id; 0 where it is gone."""
        return int(self._stat[1])

    @property
    def session(self) -> int:
        """The process that leads its session; 0 where it is gone."""
        return int(self._stat[3])

    @property
    def _stat(self) -> list[str]:
        """What /proc tells after the name: state, parent, group, session, and more."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return ["X", "0", "0", "0"]
        return stat.rpartition(")")[2].split()

    @property
    def uid(self) -> int:
        """Whose it is."""
        return Path(f"/proc/{self.pid}").stat().st_uid

    def kill(self, signum: int = signal.SIGKILL) -> None:
        """Send a signal, to this process alone; it may have ended by itself meanwhile."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signum)


def marked(mark: str) -> list[Process]:
    """Every running process whose mark begins so."""
    wanted = f"\0{MARK}={mark}".encode()
    return running(lambda folder: wanted in b"\0" + (folder / "environ").read_bytes())


def running(wanted: Callable[[Path], bool] = lambda folder: True) -> list[Process]:
    """Every running process whose folder of /proc is ``wanted``."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if not wanted(folder):
                continue
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        process = Process(int(folder.name), tuple(line.rstrip("\0").split("\0")))
        if process.running:
            found.append(process)
    return found


async def start(*command: str, **options: Any) -> asyncio.subprocess.Process:  # noqa: ANN401
    """Start a child of ours, as ``asyncio.create_subprocess_exec`` does."""
    child = await asyncio.create_subprocess_exec(*command, **options)
    _CHILDREN.append((asyncio.get_running_loop(), child))
    return child


async def all_gone(mark: str, seconds: float = PATIENCE_SECONDS) -> list[Process]:
    """Wait until no marked process is left, and asyncio knows it; those that are, killed."""
    left = []
    try:
        await until(lambda: not marked(mark), "every process to end", seconds)
    except AssertionError:
        left = marked(mark)
        for one in left:
            if one.running:
                one.kill()
    # asyncio hears of a child's end from a thread; one that it never hears of is a leak to it.
    while _CHILDREN:
        loop, child = _CHILDREN.pop()
        if loop is asyncio.get_running_loop() and not Process(child.pid, ()).running:
            await child.wait()
    return left
