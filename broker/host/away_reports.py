"""The away reports of a session, told from its logs on this host; the engineers see the same."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Dict, Iterator, List

from broker.host.away_text import brief
from broker.host.records import Records
from broker.recording import away
from broker.recording.session_log import Entry

WORTH_SECONDS = 60.0
"""An absence that was shorter, and in which nothing happened, is told only to whoever asks."""


class AwayReports:
    """Reads them; ``tell`` puts lines before the customer."""

    def __init__(self, records: Records, tell: Callable[[str, str], None]) -> None:
        self._records = records
        self._tell = tell

    async def all(self) -> Dict[str, Any]:
        """As the broker's API gives them. Safe to cancel. Raises OSError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, lambda: away.tell(self._entries()))

    async def tell_latest(self) -> None:
        """Say in short to a customer who is back what happened, where that is worth it."""
        reports: List[Dict[str, Any]] = (await self.all())["absences"]
        over = [one for one in reports if one["until"] is not None]
        if over and _is_worth_telling(over[-1]):
            self._tell("away", "\n".join(brief(over[-1])))

    def _entries(self) -> Iterator[Entry]:
        return self._records.entries()


def _is_worth_telling(report: Dict[str, Any]) -> bool:
    long = report["until"] - report["since"] >= WORTH_SECONDS
    return bool(long or report["lines"] or report["drift"] or report["gaps"])
