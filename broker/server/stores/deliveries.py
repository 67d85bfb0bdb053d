"""What people are told through webhooks: the outbox and, of what is done, the log. In the metadata.

One row is one news for one webhook. A row is there before the first attempt and changes with each,
so that a broker that stops, however, goes on where it was. Methods are single transactions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from broker.server.news import Told
from broker.server.stores.tables import absences, deliveries

MOST_WAITING = 500
"""So many wait for one webhook; beyond, the oldest of them is given up."""
MOST_KEPT = 10_000
"""Of those that are done, so many are kept for the log, and none for longer than 30 days."""
TOO_MANY = "given up: too many wait for this webhook"
GONE_FROM_FILE = "given up: no webhook of this name is configured any more"

_KEPT_SECONDS = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One news on its way to one webhook. Times are Unix seconds.

    ``status`` is of the latest answer; ``next`` is when it is tried next, and None once it is
    ``done``: delivered, or given up where ``error`` says something.
    """

    id: str
    webhook: str
    kind: str
    session: str
    body: str
    created: float
    attempts: int = 0
    status: int | None = None
    error: str = ""
    next: float | None = None
    done: float | None = None

    def told(self) -> dict[str, Any]:
        """As the API and commands tell it: all but the body."""
        told = asdict(self)
        del told["body"]
        return told


class Deliveries:
    """The rows of one broker's metadata. Raises sqlalchemy's errors where the disk fails."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def absences(self) -> dict[str, Told]:
        """The absences that last and that people were told of, by session."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(select(absences))).all()
        return {row.session_id: Told(row.state, row.since) for row in rows}

    async def add(
        self, session: str, absence: Told | None, new: Sequence[Delivery], now: float
    ) -> None:
        """Something of this session was told: note its absence, or none, and what is to be sent."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(absences).where(absences.c.session_id == session))
            if absence is not None:
                await connection.execute(
                    insert(absences).values(session_id=session, **asdict(absence))
                )
            for delivery in new:
                await connection.execute(insert(deliveries).values(**_values(delivery)))
                await _bound(connection, delivery.webhook, now)
            await _forget(connection, now)

    async def next(self, webhook: str) -> Delivery | None:
        """What is to be sent first of all that wait for this webhook."""
        waiting = select(deliveries).where(
            deliveries.c.webhook == webhook, deliveries.c.next.is_not(None)
        )
        async with self._engine.connect() as connection:
            found = await connection.execute(
                waiting.order_by(deliveries.c.next, deliveries.c.created).limit(1)
            )
            row = found.first()
        return None if row is None else _delivery(row)

    async def note(self, delivery: Delivery) -> None:
        """How an attempt went. One that was given up meanwhile stays so."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery.id, deliveries.c.next.is_not(None))
                .values(**_values(delivery))
            )

    async def give_up(self, webhook: str, error: str, now: float) -> None:
        """Nothing that waits for this webhook is sent."""
        await self._give_up(deliveries.c.webhook == webhook, error, now)

    async def give_up_but(self, webhooks: Iterable[str], now: float) -> None:
        """Nothing is sent that waits for any webhook but these."""
        await self._give_up(deliveries.c.webhook.not_in(list(webhooks)), GONE_FROM_FILE, now)

    async def forget(self, sessions: Iterable[str]) -> None:
        """Nothing that was, or is to be, sent of these sessions is kept."""
        async with self._engine.begin() as connection:
            for session in sessions:
                mine = deliveries.c.session_id == session
                await connection.execute(delete(deliveries).where(mine))

    async def newest(self, most: int) -> list[Delivery]:
        """The log, newest first."""
        query = select(deliveries).order_by(deliveries.c.created.desc(), deliveries.c.id)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.limit(most))).all()
        return [_delivery(row) for row in rows]

    async def _give_up(self, which: Any, error: str, now: float) -> None:  # noqa: ANN401 - a clause
        async with self._engine.begin() as connection:
            await connection.execute(
                update(deliveries)
                .where(which, deliveries.c.next.is_not(None))
                .values(next=None, done=now, error=error)
            )


async def _bound(connection: AsyncConnection, webhook: str, now: float) -> None:
    waiting = select(deliveries.c.id).where(
        deliveries.c.webhook == webhook, deliveries.c.next.is_not(None)
    )
    beyond = waiting.order_by(deliveries.c.created.desc()).offset(MOST_WAITING)
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(beyond))
        .values(next=None, done=now, error=TOO_MANY)
    )


async def _forget(connection: AsyncConnection, now: float) -> None:
    done = deliveries.c.done.is_not(None)
    beyond = select(deliveries.c.id).where(done).order_by(deliveries.c.created.desc())
    await connection.execute(
        delete(deliveries).where(
            done,
            (deliveries.c.created < now - _KEPT_SECONDS)
            | deliveries.c.id.in_(beyond.offset(MOST_KEPT)),
        )
    )


def _values(delivery: Delivery) -> dict[str, Any]:
    values = asdict(delivery)
    values["session_id"] = values.pop("session")
    return values


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        webhook=row.webhook,
        kind=row.kind,
        session=row.session_id,
        body=row.body,
        created=row.created,
        attempts=row.attempts,
        status=row.status,
        error=row.error,
        next=row.next,
        done=row.done,
    )
