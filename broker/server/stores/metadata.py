"""The broker's metadata: sign-ins, cases, invitations, sessions.

SQLAlchemy Core over SQLite (WAL), so that commands can read and write beside a running broker.
Methods are short transactions; each either happens wholly or not at all, also when cancelled.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Insert, Row, Select, event, insert, inspect, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from broker.recording.presence import Shown
from broker.server.stores.tables import (
    cases,
    engineers,
    invitations,
    page_sign_ins,
    sessions,
    settings,
    sign_in_links,
    sign_ins,
)

HEAD = "0005"
"""The migration that this version wants."""

FILE_NAME = "metadata.sqlite3"
_BUSY_SECONDS = 10


class WrongSchema(Exception):
    """The metadata is missing, or of another version of the broker."""


@dataclass(frozen=True, slots=True)
class Case:
    """A support case."""

    id: str
    title: str
    created: float


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation, without its code, which nobody keeps."""

    id: str
    case: Case
    engineer: str
    created: float
    expires: float
    used: float | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it was granted; what has happened in it since is in its log."""

    id: str
    case: Case
    engineer: str
    token_hash: str
    mode: str
    away: str
    until: float
    host_name: str
    host_user: str
    created: float
    page_hash: str
    """The hash of what opens the customer's page; empty: there is none."""
    completed: float | None
    shown: Shown
    """Presence as the broker last saw it."""
    imported: float | None = None
    """When it was taken in from a bundle, where no invitation of this broker led to it."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """An engineer's sign-in, as one browser has it."""

    token_hash: str
    engineer_id: str
    name: str
    created: float
    seen: float


@dataclass(frozen=True, slots=True)
class PageSignIn:
    """One browser's way into one session's customer's page."""

    token_hash: str
    session_id: str
    created: float


_INVITATIONS: Select[Any] = (
    select(
        invitations,
        cases.c.title,
        cases.c.created.label("case_created"),
        engineers.c.name.label("engineer"),
    )
    .join(cases, invitations.c.case_id == cases.c.id)
    .join(engineers, invitations.c.engineer_id == engineers.c.id)
)
_SESSIONS: Select[Any] = (
    select(
        sessions,
        cases.c.id.label("case_id"),
        cases.c.title,
        cases.c.created.label("case_created"),
        engineers.c.name.label("engineer"),
    )
    .join(invitations, sessions.c.invitation_id == invitations.c.id)
    .join(cases, invitations.c.case_id == cases.c.id)
    .join(engineers, invitations.c.engineer_id == engineers.c.id)
)


class Metadata:
    """The metadata below one data directory. Raises sqlalchemy's errors where the disk fails."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE_NAME
        self._engine = _engine(self._path)

    @property
    def engine(self) -> AsyncEngine:
        """The same database, for stores that have a file of their own."""
        return self._engine

    async def migrate(self) -> None:
        """Create the schema, or bring it up to date. Only the broker that owns the directory."""
        # Nobody else reads it; SQLite gives its other files the same mode.
        await asyncio.to_thread(self._path.touch, 0o600)
        async with self._engine.connect() as connection:
            await connection.run_sync(_migrate)
            await connection.commit()

    async def check(self) -> None:
        """Raise WrongSchema unless the metadata is there and of this version."""
        async with self._engine.connect() as connection:
            version = await connection.run_sync(_version)
        if version != HEAD:
            raise WrongSchema

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()

    # --- settings -----------------------------------------------------------------------------

    async def setting(self, name: str) -> str | None:
        """What was noted under this name."""
        row = await self._one(select(settings.c.value).where(settings.c.name == name))
        return None if row is None else str(row.value)

    async def set_setting(self, name: str, value: str) -> None:
        """Note ``value`` under this name, in place of what was there."""
        changed = await self._change(
            update(settings).where(settings.c.name == name).values(value=value)
        )
        if not changed:
            await self._change(insert(settings).values(name=name, value=value))

    # --- engineers and sign-ins -----------------------------------------------------------------

    async def engineer_id(self, name: str) -> str | None:
        """The id of the engineer of this name."""
        row = await self._one(select(engineers.c.id).where(engineers.c.name == name))
        return None if row is None else str(row.id)

    async def engineer_names(self) -> list[str]:
        """All engineers, the first one first."""
        rows = await self._all(select(engineers.c.name).order_by(engineers.c.created))
        return [row.name for row in rows]

    async def add_engineer(self, engineer_id: str, name: str, now: float) -> None:
        """Raises IntegrityError where the name is taken."""
        await self._change(insert(engineers).values(id=engineer_id, name=name, created=now))

    async def add_sign_in_link(self, token_hash: str, engineer_id: str, expires: float) -> None:
        """Let whoever has the token sign in once as this engineer."""
        await self._change(
            insert(sign_in_links).values(
                token_hash=token_hash, engineer_id=engineer_id, expires=expires
            )
        )

    async def use_sign_in_link(self, token_hash: str, now: float) -> str | None:
        """Use the link up: its engineer's id, or None where it is used, expired or unknown."""
        mine = sign_in_links.c.token_hash == token_hash
        used = await self._change(
            update(sign_in_links)
            .where(mine, sign_in_links.c.used.is_(None), sign_in_links.c.expires > now)
            .values(used=now)
        )
        if not used:
            return None
        row = await self._one(select(sign_in_links.c.engineer_id).where(mine))
        return None if row is None else str(row.engineer_id)

    async def add_sign_in(self, token_hash: str, engineer_id: str, now: float) -> None:
        """An engineer has signed in; those that are long over are forgotten by the way."""
        async with self._engine.begin() as connection:
            old = sign_ins.c.created < now - 7 * 86400
            await connection.execute(sign_ins.delete().where(old))
            await connection.execute(
                insert(sign_ins).values(
                    token_hash=token_hash, engineer_id=engineer_id, created=now, seen=now
                )
            )

    async def sign_in(self, token_hash: str) -> SignIn | None:
        """The sign-in that this token stands for, however old."""
        row = await self._one(
            select(
                sign_ins.c.token_hash,
                sign_ins.c.engineer_id,
                engineers.c.name,
                sign_ins.c.created,
                sign_ins.c.seen,
            )
            .join(engineers, sign_ins.c.engineer_id == engineers.c.id)
            .where(sign_ins.c.token_hash == token_hash)
        )
        return (
            None
            if row is None
            else SignIn(row.token_hash, row.engineer_id, row.name, row.created, row.seen)
        )

    async def any_sign_in(self) -> bool:
        """Whether anybody has ever used a sign-in link."""
        used = sign_in_links.c.used.is_not(None)
        return await self._one(select(sign_in_links.c.used).where(used).limit(1)) is not None

    async def saw_sign_in(self, token_hash: str, now: float) -> None:
        """The sign-in was used just now."""
        await self._change(
            update(sign_ins).where(sign_ins.c.token_hash == token_hash).values(seen=now)
        )

    async def end_sign_in(self, token_hash: str) -> None:
        """Signed out: the cookie is worth nothing from now on."""
        await self._change(sign_ins.delete().where(sign_ins.c.token_hash == token_hash))

    # --- cases and invitations ----------------------------------------------------------------

    async def cases(self) -> list[Case]:
        """All cases, newest first."""
        rows = await self._all(select(cases).order_by(cases.c.created.desc()))
        return [_case(row) for row in rows]

    async def case(self, case_id: str) -> Case | None:
        """One case."""
        row = await self._one(select(cases).where(cases.c.id == case_id))
        return None if row is None else _case(row)

    async def case_titled(self, title: str) -> Case | None:
        """The newest case of this title."""
        rows = select(cases).where(cases.c.title == title).order_by(cases.c.created.desc())
        row = await self._one(rows.limit(1))
        return None if row is None else _case(row)

    async def add_case(self, case: Case) -> None:
        """Keep a new case."""
        await self._change(insert(cases).values(id=case.id, title=case.title, created=case.created))

    async def invitations(self, now: float) -> list[Invitation]:
        """Those that can still be redeemed, newest first."""
        still_open = (invitations.c.used.is_(None), invitations.c.expires > now)
        rows = await self._all(
            _INVITATIONS.where(*still_open).order_by(invitations.c.created.desc())
        )
        return [_invitation(row) for row in rows]

    async def invitation(self, code_hash: str) -> Invitation | None:
        """The invitation with this code, in whatever state."""
        row = await self._one(_INVITATIONS.where(invitations.c.code_hash == code_hash))
        return None if row is None else _invitation(row)

    async def add_invitation(
        self, invitation: Invitation, code_hash: str, engineer_id: str
    ) -> None:
        """Keep a new invitation."""
        await self._change(
            insert(invitations).values(
                id=invitation.id,
                code_hash=code_hash,
                case_id=invitation.case.id,
                engineer_id=engineer_id,
                created=invitation.created,
                expires=invitation.expires,
            )
        )

    async def redeem(self, invitation: Invitation, session: Session) -> bool:
        """Use the invitation up for this session; False where somebody was faster."""
        async with self._engine.begin() as connection:
            used = await connection.execute(
                update(invitations)
                .where(invitations.c.id == invitation.id, invitations.c.used.is_(None))
                .values(used=session.created)
            )
            if used.rowcount != 1:
                return False
            await connection.execute(_insertion(session, invitation.id))
        return True

    async def add_imported(self, session: Session, code_hash: str, engineer_id: str) -> None:
        """Keep a session that was carried here, with an invitation that nobody can redeem.

        ``code_hash``: of no code. Raises IntegrityError where there is one of this id.
        """
        async with self._engine.begin() as connection:
            await connection.execute(
                insert(invitations).values(
                    id=session.id,
                    code_hash=code_hash,
                    case_id=session.case.id,
                    engineer_id=engineer_id,
                    created=session.created,
                    expires=session.created,
                    used=session.created,
                )
            )
            await connection.execute(_insertion(session, session.id))

    # --- sessions -----------------------------------------------------------------------------

    async def sessions(self) -> list[Session]:
        """All sessions, oldest first."""
        rows = await self._all(_SESSIONS.order_by(sessions.c.created, sessions.c.id))
        return [_session(row) for row in rows]

    async def session(self, session_id: str) -> Session | None:
        """One session."""
        row = await self._one(_SESSIONS.where(sessions.c.id == session_id))
        return None if row is None else _session(row)

    async def note_presence(self, session_id: str, shown: Shown) -> None:
        """What is known of the customer now."""
        await self._change(
            update(sessions).where(sessions.c.id == session_id).values(**_shown(shown))
        )

    async def complete(self, session_id: str, now: float) -> None:
        """The session has ended and all of it is held: its host is not let in again."""
        await self._change(
            update(sessions)
            .where(sessions.c.id == session_id, sessions.c.completed.is_(None))
            .values(completed=now)
        )

    async def add_page_sign_in(self, sign_in: PageSignIn) -> None:
        """A browser has opened a customer's page; those that are long over are forgotten."""
        async with self._engine.begin() as connection:
            old = page_sign_ins.c.created < sign_in.created - 7 * 86400
            await connection.execute(page_sign_ins.delete().where(old))
            await connection.execute(
                insert(page_sign_ins).values(
                    token_hash=sign_in.token_hash,
                    session_id=sign_in.session_id,
                    created=sign_in.created,
                )
            )

    async def page_sign_in(self, token_hash: str) -> PageSignIn | None:
        """The way into a page that this token stands for, however old."""
        row = await self._one(select(page_sign_ins).where(page_sign_ins.c.token_hash == token_hash))
        return None if row is None else PageSignIn(row.token_hash, row.session_id, row.created)

    # --- plumbing -----------------------------------------------------------------------------

    async def _one(self, query: Select[Any]) -> Row[Any] | None:
        async with self._engine.connect() as connection:
            result = await connection.execute(query)
            first: Row[Any] | None = result.first()
            return first

    async def _all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        async with self._engine.connect() as connection:
            result = await connection.execute(query)
            rows: Sequence[Row[Any]] = result.all()
            return rows

    async def _change(self, change: Any) -> int:  # noqa: ANN401 - Insert, Update or Delete
        async with self._engine.begin() as connection:
            return int((await connection.execute(change)).rowcount)


def _engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}", connect_args={"timeout": _BUSY_SECONDS}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # A token that was handed out is never forgotten, not even by a power loss.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def _migrate(connection: Connection) -> None:
    if _version(connection) == HEAD:
        return
    # Takes 0.4 s to import, and most starts need no migration.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "broker.server.stores:migrations")
    config.attributes["connection"] = connection
    # SQLite's driver begins no transaction for DDL: half a migration could never be gone on with.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _case(row: Row[Any]) -> Case:
    return Case(row.id, row.title, row.created)


def _invitation(row: Row[Any]) -> Invitation:
    case = Case(row.case_id, row.title, row.case_created)
    return Invitation(row.id, case, row.engineer, row.created, row.expires, row.used)


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        case=Case(row.case_id, row.title, row.case_created),
        engineer=row.engineer,
        token_hash=row.token_hash,
        mode=row.mode,
        away=row.away,
        until=row.until,
        host_name=row.host_name,
        host_user=row.host_user,
        created=row.created,
        page_hash=row.page_hash,
        completed=row.completed,
        shown=Shown(row.state, row.state_since, row.state_detail),
        imported=row.imported,
    )


def _insertion(session: Session, invitation_id: str) -> Insert:
    return insert(sessions).values(
        id=session.id,
        invitation_id=invitation_id,
        token_hash=session.token_hash,
        mode=session.mode,
        away=session.away,
        until=session.until,
        host_name=session.host_name,
        host_user=session.host_user,
        created=session.created,
        page_hash=session.page_hash,
        imported=session.imported,
        **_shown(session.shown),
    )


def _shown(shown: Shown) -> dict[str, Any]:
    return {"state": shown.state, "state_since": shown.since, "state_detail": shown.detail}
