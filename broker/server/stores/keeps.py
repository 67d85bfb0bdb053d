"""What nobody deletes: sessions, and all sessions of cases; and who said so, and why.

What was released stays, with who released it and when.
"""

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from broker.server.stores.tables import keeps


@dataclass(frozen=True, slots=True)
class Keep:
    """Of a session, or of all cases of this text; the other is empty. Times are Unix seconds."""

    id: str
    session: str
    case: str
    by: str
    why: str
    since: float
    released: float | None = None
    released_by: str = ""

    def holds(self, session: str, case: str) -> bool:
        """Whether this session of a case of this text is kept by it."""
        return self.released is None and (self.session == session or self.case == case)


class Keeps:
    """Methods are one short transaction each. Raises sqlalchemy's errors where the disk fails."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def all(self) -> list[Keep]:
        """Every one, released ones too, oldest first."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(select(keeps).order_by(keeps.c.since))).all()
        return [
            Keep(
                row.id, row.session_id or "", row.case_title or "", row.by,
                row.why, row.since, row.released, row.released_by,
            )
            for row in rows
        ]  # fmt: skip

    async def add(self, keep: Keep) -> None:
        """From now on."""
        values = {
            "id": keep.id,
            "session_id": keep.session or None,
            "case_title": keep.case or None,
            "by": keep.by,
            "why": keep.why,
            "since": keep.since,
        }
        async with self._engine.begin() as connection:
            await connection.execute(insert(keeps).values(**values))

    async def release(self, keep_id: str, by: str, now: float) -> None:
        """No longer."""
        change = update(keeps).where(keeps.c.id == keep_id, keeps.c.released.is_(None))
        async with self._engine.begin() as connection:
            await connection.execute(change.values(released=now, released_by=by))
