"""A terminal with a program in it, as a person would have it in front of them."""

import asyncio
import fcntl
import os
import re
import signal
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence

from tests.journeys import processes
from tests.journeys.waiting import PATIENCE_SECONDS, Changing


class Terminal(Changing):
    """A PTY of ours. What its program prints is in ``printed``, from the first byte on."""

    def __init__(self, size: tuple[int, int] = (80, 24)) -> None:
        super().__init__(self._told)
        self.size = size
        self.printed = bytearray()
        self._seen = 0
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        self.resize(*size)
        self._process: asyncio.subprocess.Process
        self._open, self._reads = True, False

    def _told(self) -> str:
        end = bytes(self.printed[-2000:]).decode("utf-8", "replace")
        return f"terminal, its last output:\n{end}\n"

    async def run(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a program on it, in a session of its own, at home."""
        self._process = await processes.start(
            "setsid", "--ctty", *command,
            stdin=self._slave, stdout=self._slave, stderr=self._slave, env=dict(env),
            cwd=env.get("HOME"),
        )  # fmt: skip
        os.close(self._slave)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        self._reads = True

    @property
    def pid(self) -> int:
        """The program's process id; it leads a session and a process group of the same number."""
        return self._process.pid

    def type(self, keys: str | bytes) -> None:
        """Press keys."""
        left = memoryview(keys.encode() if isinstance(keys, str) else keys)
        while left:
            left = left[os.write(self._master, left) :]

    def resize(self, cols: int, rows: int) -> None:
        """Change the window."""
        self.size = cols, rows
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    async def expect(
        self, wanted: str | re.Pattern[bytes], seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Wait until this is printed, after what was expected before."""
        pattern = re.compile(re.escape(wanted.encode())) if isinstance(wanted, str) else wanted

        def found() -> bool:
            match = pattern.search(self.printed, self._seen)
            if match is not None:
                self._seen = match.end()
            return match is not None

        await self.until(found, repr(wanted), seconds)

    def hand_over(self) -> int:
        """Read no more: whoever gets this file descriptor does. Nothing is printed here then."""
        self._read_no_more()
        os.set_blocking(self._master, True)
        return self._master

    async def ended(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for the program to end, and read what it printed last; its exit status."""
        async with asyncio.timeout(seconds):
            status = await self._process.wait()
        while self._reads and self._read():
            pass
        return status

    async def close(self) -> None:
        """Close the window, as by its button: the program is hung up on."""
        self.hang_up()
        try:
            await self.ended()
        except TimeoutError:
            os.killpg(self.pid, signal.SIGKILL)
            await self._process.wait()
            raise AssertionError("a program outlived its terminal") from None

    def hang_up(self) -> None:
        """Close it without waiting for its program to end."""
        if self._open:
            self._open = False
            self._read_no_more()
            os.close(self._master)

    def _read_no_more(self) -> None:
        self._reads = False
        asyncio.get_running_loop().remove_reader(self._master)

    def _read(self) -> bool:
        """Take in what was printed; whether there was something."""
        try:
            piece = os.read(self._master, 65536)
        except BlockingIOError:
            return False
        except OSError:  # EIO: the program has closed it
            self._read_no_more()
            piece = b""
        self.printed += piece
        self.changed()
        return piece != b""


async def run(command: Sequence[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a program without a terminal: its exit status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(env),
        start_new_session=True,
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
