"""The schema, as migrations make it: from nothing, and from what an earlier broker left."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from broker.server.news import Told
from broker.server.stores.deliveries import Deliveries
from broker.server.stores.metadata import FILE_NAME, Metadata, PageSignIn, WrongSchema
from broker.server.stores.tables import schema

T = TypeVar("T")
ROWS = """
INSERT INTO engineers VALUES ('e1', 'alice', 1.0);
INSERT INTO cases VALUES ('c1', 'pool import hangs', 1.0);
INSERT INTO invitations VALUES ('i1', 'h', 'c1', 'e1', 1.0, 2.0, 1.5);
INSERT INTO sessions VALUES ('s1', 'i1', 't', 'control', 'pause', 9.0, 'nas', 'carol', 1.5, NULL,
                             'waiting', 1.5, '');
"""


def in_database(path: Path, work: Callable[[Connection], T]) -> T:
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


def at(revision: str) -> Callable[[Connection], None]:
    """What a broker of that revision left."""

    def make(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", "broker.server.stores:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in ROWS.split(";\n"):
            if statement.strip():
                connection.execute(text(statement))

    return make


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), schema))


async def test_the_schema_is_what_migrations_make(tmp_path: Path) -> None:
    metadata = Metadata(tmp_path)
    await metadata.migrate()
    await metadata.check()
    await metadata.migrate()
    await metadata.close()
    assert in_database(tmp_path / FILE_NAME, differences) == []


async def test_what_an_earlier_broker_left_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    in_database(path, at("0001"))
    metadata = Metadata(tmp_path)
    with pytest.raises(WrongSchema):
        await metadata.check()
    await metadata.migrate()
    await metadata.check()
    (session,) = await metadata.sessions()
    assert (session.id, session.mode, session.page_hash) == ("s1", "control", ""), "without a page"
    await metadata.add_page_sign_in(PageSignIn("h", "s1", 5.0))
    assert await metadata.page_sign_in("h") == PageSignIn("h", "s1", 5.0)
    await metadata.close()
    assert in_database(path, differences) == []


async def test_a_migration_happens_wholly_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    in_database(path, at("0001"))
    in_way = "ALTER TABLE sessions ADD COLUMN page_hash VARCHAR"
    in_database(path, lambda connection: connection.execute(text(in_way)))
    metadata = Metadata(tmp_path)
    with pytest.raises(OperationalError, match="duplicate column"):
        await metadata.migrate()
    await metadata.close()
    tables = in_database(path, lambda connection: inspect(connection).get_table_names())
    assert "page_sign_ins" not in tables


async def test_openings_of_pages_that_are_long_over_are_forgotten(tmp_path: Path) -> None:
    in_database(tmp_path / FILE_NAME, at("0001"))
    metadata = Metadata(tmp_path)
    await metadata.migrate()
    await metadata.add_page_sign_in(PageSignIn("old", "s1", 0.0))
    await metadata.add_page_sign_in(PageSignIn("new", "s1", 8 * 86400.0))
    assert await metadata.page_sign_in("old") is None
    assert await metadata.page_sign_in("new") is not None
    await metadata.close()


async def test_absences_that_an_earlier_broker_knew_of_are_no_news(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    in_database(path, at("0001"))
    lost = text("UPDATE sessions SET state = 'link-lost', state_since = 7.0")
    in_database(path, lambda connection: connection.execute(lost).close())
    metadata = Metadata(tmp_path)
    await metadata.migrate()
    assert await Deliveries(metadata.engine).absences() == {"s1": Told("link-lost", 7.0)}
    await metadata.close()
