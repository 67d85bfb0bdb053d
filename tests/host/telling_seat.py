"""A recorded terminal whose shell tells its commands, with programs in it: what is told of them."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

from broker.recording.commands import tell
from broker.recording.outcome import INFERRED
from tests.host.line_seat import LineSeat
from tests.host.shell_seat import PROMPT, shell_host
from tests.journeys import processes


class Line(NamedTuple):
    """One command of the list, in brief."""

    line: str
    status: int | None
    within: str
    """The line of the command that it was entered in."""


class TellingSeat(LineSeat):
    """All that was logged is in ``log_entries``; ``commands`` is what is made of it."""

    cols = 100
    tells = True

    def __init__(self, shell: str, folder: Path) -> None:
        self.log_entries: list[dict[str, Any]] = []
        self._seen = 0
        super().__init__(shell, folder)

    def log(self, event: str, **fields: object) -> None:
        super().log(event, **fields)
        self.log_entries.append({"event": event, "t": self._clock(), **fields})
        self.changed()

    @property
    def commands(self) -> list[dict[str, Any]]:
        """The list, as everyone is shown it."""
        found: list[dict[str, Any]] = tell(self.log_entries)["commands"]
        return found

    @property
    def lines(self) -> list[Line]:
        """What the list says; not what was entered where no line could be told."""
        of = {one["id"]: one["line"] for one in self.commands}
        return [
            Line(one["line"], one["status"], of.get(one["within"], ""))
            for one in self.commands
            if one["line"] or one["how"] != INFERRED
        ]

    def command(self, line: str) -> dict[str, Any]:
        """The last one with this line."""
        return next(one for one in reversed(self.commands) if one["line"] == line)

    async def prints(self, *texts: str) -> None:
        """Wait until these are printed in turn, behind what was waited for before."""
        for text in texts:

            def found(wanted: bytes = text.encode()) -> bool:
                at = self.printed.find(wanted, self._seen)
                if at >= 0:
                    self._seen = at + len(wanted)
                return at >= 0

            await self.until(found, f"{text!r} to be printed")

    async def runs(self, line: str) -> None:
        """Have the outer shell run this, and wait until it is at its prompt."""
        before = self._ended
        self.types(f"{line}\r")
        await self.ends(before)

    async def leaves(self, keys: str) -> None:
        """Type what ends the program, and wait until the outer shell is at its prompt."""
        before = self._ended
        self.types(keys)
        await self.ends(before)

    async def ends(self, before: int) -> None:
        """Wait until the outer shell has told that one more command has ended, and can be used."""
        await self.until(lambda: self._ended > before, "the command to end")
        await self.until(
            lambda: self.printed.rfind(PROMPT.encode()) > self.printed.rfind(b";p;"), "the prompt"
        )
        self._seen = len(self.printed)

    @property
    def _ended(self) -> int:
        return sum(one["event"] == "command_ended" for one in self.log_entries)


@contextlib.asynccontextmanager
async def telling_seat(shell: str = "bash") -> AsyncIterator[TellingSeat]:
    """A seat at this shell; whatever its programs leave behind is ended."""
    with tempfile.TemporaryDirectory(prefix="deep-", ignore_cleanup_errors=True) as folder:
        async with shell_host(shell, Path(folder)) as host:
            seat = TellingSeat(shell, Path(folder))
            plan = host.plan()
            plan.env[processes.MARK] = folder
            await seat.open(plan)
            try:
                await seat.prints(PROMPT)
                yield seat
            finally:
                await seat.close()
                left = await processes.all_gone(folder)
        assert left == []
