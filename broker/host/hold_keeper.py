"""The holds of this host, as one recorder keeps them: in its log, and where its shells look.

They outlive the session and the connection, and other recorders of this host share them.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence

from broker.host.failures import Failed
from broker.host.hold_file import HoldFile, new_id, write_patterns
from broker.host.holds import BadHold, Hold, Holds, checked_patterns, checked_text
from broker.host.masks import mask_text
from broker.host.recorded import RecordedTerminal
from broker.host.refusal import NotDone
from broker.wire.patience import Patience

_MOST_LINE = 8192
_BURST, _PER_SECOND = 100, 2.0
"""Of stops and overrides in the log: a loop in a shell must not fill it."""


class HoldKeeper:
    """For one recorder. ``patterns`` is the file that its shells read. Raises Failed."""

    def __init__(
        self,
        state: Path,
        patterns: Path,
        terminals: Mapping[str, RecordedTerminal],
        clock: Callable[[], float],
        log: Callable[..., None],
        tell: Callable[[str, str], None],
    ) -> None:
        self._file = HoldFile(state)
        self._patterns = patterns
        self._terminals = terminals
        self._clock = clock
        self._log = log
        self._tell = tell
        self._patience = Patience(_BURST, _PER_SECOND)
        self._passing: Dict[str, str] = {}
        self._holds = self._file.load()

    def up(self) -> Holds:
        """Those that are up."""
        return self._holds

    def begin(self) -> None:
        """Say in a new log what is up already, and let shells know. Raises Failed."""
        for hold in self._holds:
            self._log("hold_up", **hold.entry)
        write_patterns(self._patterns, self._holds)

    def close(self) -> None:
        """No shell looks any more."""
        self._patterns.unlink(missing_ok=True)

    async def put(self, text: str, patterns: Sequence[str], by: str, side: str) -> None:
        """Put up a hold. Raises NotDone. Not to be cancelled: it may then be up and not logged."""
        try:
            text, checked = checked_text(text), checked_patterns(patterns)
        except BadHold as why:
            raise NotDone("bad-hold", str(why)) from None
        since = time.time()
        await self._change(
            lambda holds: holds.put_up(Hold(new_id(holds), text, checked, by, side, since)), by
        )

    async def lift(self, hold: str, by: str, side: str) -> None:
        """Lift a hold. Raises NotDone. Not to be cancelled, as ``put``."""
        if all(one.id != hold for one in self._holds):
            raise NotDone("unknown-hold", "no hold with that id is up")
        await self._change(lambda holds: holds.lift(hold, side), by)

    async def look(self) -> None:
        """See whether another recorder of this host has put one up or lifted one."""
        if self._file.changed():
            loop = asyncio.get_running_loop()
            self._take(await loop.run_in_executor(None, self._file.load), "another session")

    def stop(self, terminal: str, line: str) -> List[Dict[str, Any]]:
        """The holds that a line touches, for the shell that would run it: it stops there."""
        if self._passing.pop(terminal, None) == line:
            return []
        touched = self._touched("stopped", terminal, line)
        return [hold.notice for hold in touched]

    def let_pass(self, terminal: str, line: str) -> None:
        """If the next line that a shell there asks about is this one, it was decided already."""
        self._passing[terminal] = line

    def override(self, terminal: str, line: str) -> None:
        """The word was typed: the line runs all the same."""
        self._touched("overridden", terminal, line)

    def facts(self) -> List[Dict[str, Any]]:
        """What is up, for ``status``."""
        return [
            {"hold": one.id, "text": one.text, "patterns": list(one.patterns), "by": one.by}
            for one in self._holds
        ]

    def _touched(self, event: str, terminal: str, line: str) -> Sequence[Hold]:
        line = line[:_MOST_LINE]
        touched = self._holds.touched_by(line)
        at = self._terminals.get(terminal)
        line = mask_text(line) if at is None else at.lines.mask(line)
        for hold in touched:
            if self._patience.spend(self._clock()):
                persons = at.lines.typists if at is not None else []
                self._log(event, hold=hold.id, terminal=terminal, line=line, persons=persons)
        return touched

    async def _change(self, change: Callable[[Holds], Holds], by: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            holds = await loop.run_in_executor(None, self._file.change, change)
        except BadHold as why:
            raise NotDone("bad-hold", str(why)) from None
        except Failed as why:
            raise NotDone("no-hold", str(why)) from None
        self._take(holds, by)

    def _take(self, holds: Holds, by: str) -> None:
        before = {hold.id: hold for hold in self._holds}
        after = {hold.id: hold for hold in holds}
        self._holds = holds
        for hold in after.values():
            if hold.id not in before:
                self._log("hold_up", **hold.entry)
                self._tell("info", f"hold by {hold.by}: {hold.text}")
        for hold in before.values():
            if hold.id not in after:
                self._log("hold_lifted", hold=hold.id, by=by)
                self._tell("info", f"hold lifted by {by}: {hold.text}")
        write_patterns(self._patterns, self._holds)
