"""One fault at one system call of a process, put there by ``strace`` from outside of it."""

# ruff: noqa: ASYNC240 - what is read lies in memory
import asyncio
import contextlib
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.journeys.processes import Process
from tests.journeys.waiting import PATIENCE_SECONDS

_POLL_SECONDS = 0.005
_LATE_SECONDS = 10.0
_STRUCK = re.compile(r"^\d+ +(.*?) += \?.*$", re.MULTILINE)
_FAILED = re.compile(r"^\d+ +(.*?) += -1 (?:EIO|ENOSPC|EFBIG) ", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """What happens to which calls.

    ``calls``: names as strace knows them. ``paths``: only calls on these; none: on whatever.
    ``nth`` counts from the moment that the fault is put in place, in each thread.
    """

    calls: str
    paths: tuple[Path, ...]
    does: str
    """``signal=KILL``, ``error=EIO``, …; empty: nothing, and what fails by itself is told."""
    nth: str = ""

    def options(self, log: Path) -> list[str]:
        """strace's command line up to the program or process."""
        only = [word for path in self.paths for word in ("-P", str(path))]
        inject = ["-e", f"inject={self.calls}:{self.does}:when={self.nth}"] if self.does else []
        return [
            "strace", "-I", "2", "-f", "-y", "-o", str(log), *only, "-e", f"trace={self.calls}",
            "-e", "signal=KILL", *inject,
        ]  # fmt: skip


class Trace:
    """A fault in place in a running process."""

    def __init__(self, process: Process, log: Path, strace: asyncio.subprocess.Process) -> None:
        self._process = process
        self._log = log
        self._strace = strace

    async def killed(self, seconds: float) -> str | None:
        """Wait for the process to die of it: the call that it died before; None: it lives on."""
        if not await gone(self._process, seconds):
            await self.remove()
            return None
        call = await _told(self._log)
        with contextlib.suppress(ProcessLookupError):
            self._strace.kill()
        await self._strace.wait()
        return call

    @property
    def failed(self) -> list[str]:
        """The calls that failed so far."""
        return _FAILED.findall(self._log.read_text())

    async def remove(self) -> None:
        """The fault is over; the process goes on."""
        with contextlib.suppress(ProcessLookupError):
            self._strace.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._strace.wait()


async def attach(process: Process, fault: Fault, log: Path) -> Trace | None:
    """Put a fault in place in all threads of a process; None: it was gone already."""
    log.unlink(missing_ok=True)
    strace = await asyncio.create_subprocess_exec(
        *fault.options(log), "-p", str(process.pid),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert strace.stderr is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        told = await strace.stderr.readline()
    trace = Trace(process, log, strace)
    if b"attached" not in told:
        assert b"No such process" in told or b"not permitted" in told, told
        await trace.remove()
        return None
    return trace


def traced(command: Sequence[str], fault: Fault, log: Path) -> list[str]:
    """A command line that starts a program with a fault in place; its process is our child."""
    log.unlink(missing_ok=True)
    return [*fault.options(log), "-D", *command]


async def struck(process: Process | None, log: Path) -> str | None:
    """Take the fault away from a program that was started with it (None: it is gone).

    The call before which it was killed; None: it lives on.
    """
    if process is None:
        return await _told(log)
    call = None if process.running else await _told(log)
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{process.pid}/status").read_text()
        tracer = Process(int(status.partition("TracerPid:")[2].split()[0]), ())
        if tracer.pid:
            # One that is told to leave a process that is dying may wait for it for ever.
            tracer.kill(signal.SIGTERM if process.running else signal.SIGKILL)
            await gone(tracer, PATIENCE_SECONDS)
    return call


async def _told(log: Path) -> str | None:
    """What strace tells of a process that is dead: it may be a little late."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _LATE_SECONDS
    while True:
        found = _STRUCK.search(log.read_text() if log.exists() else "")
        if found is not None or loop.time() > end:
            return found and found[1]
        await asyncio.sleep(_POLL_SECONDS)


async def gone(process: Process, seconds: float) -> bool:
    """Wait until it is not running any more; whether that came true."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while process.running:
        if loop.time() > end:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True
