"""A terminal as the recorder has it, on a clock that tests move, and what it tells its recorder."""

from __future__ import annotations

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import count
from pathlib import Path

from broker.host.local import LocalLink
from broker.host.recorded import RecordedTerminal, Size
from broker.host.spool import Spool
from tests.host.shell_seat import TERMINAL
from tests.journeys.waiting import Changing


class TerminalSeat(Changing, ABC):
    """What the terminal printed is in ``printed``; ``status`` is its shell's, once it has ended."""

    def __init__(self, folder: Path, size: Size, logged: Callable[[], object]) -> None:
        super().__init__(lambda: f"{logged()} {self.printed[-800:]!r}")
        self.printed = b""
        self.status: int | None = None
        self._passed = 0.0
        self._names = count(1)
        (folder / "spool").mkdir()
        self._stream = Spool(folder / "spool").create(TERMINAL)
        self.terminal = RecordedTerminal(self._stream, self._clock, size, self)
        self._record = self.terminal._pty._on_output
        self.terminal._pty._on_output = self._on_output

    def _clock(self) -> float:
        return time.monotonic() + self._passed

    def _on_output(self, data: bytes) -> None:
        self.printed += data
        self._record(data)
        self.changed()

    # What a terminal tells its recorder.
    @abstractmethod
    def log(self, event: str, **fields: object) -> None: ...

    def new_command(self) -> str:
        return f"1-{next(self._names)}"

    def grown(self) -> None: ...
    def at_prompt(self) -> None: ...
    def not_recorded(self, cause: str) -> None: ...
    def failed(self, error: BaseException) -> None:
        raise error

    def closed(self, terminal: RecordedTerminal, status: int, seat: LocalLink | None) -> None:
        self.status = status
        self.changed()

    # What a test does with it.
    def types(self, keys: str, person: str = "alice") -> None:
        """Press keys, a good while after whatever came before."""
        self._passed += 0.5
        self.terminal.type(keys.encode(), person)

    async def close(self) -> None:
        """End the shell, if it has not ended."""
        if self.status is None:
            self.terminal.hang_up(signal.SIGKILL)
            self.terminal.hang_up(signal.SIGHUP)
            await self.until(lambda: self.status is not None, "the shell to end")
        self._stream.close()
