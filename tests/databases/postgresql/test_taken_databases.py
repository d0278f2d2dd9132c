"""What PostgreSQL alone has of the proof that a database may be taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from database_servers import POSTGRESQL, required

from kailash_testkit.databases.postgresql.database import Database
from kailash_testkit.errors import UnsafeDatabase


@pytest.fixture
def url() -> Iterator[str]:
    with required(POSTGRESQL).database() as url:
        yield url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


def test_large_objects_are_content(database: Database, url: str) -> None:
    POSTGRESQL.run("SELECT lo_from_bytea(0, 'precious')", url)
    with pytest.raises(UnsafeDatabase, match="it has large objects"):
        database.claim(allow_existing=True)


def test_a_database_restored_from_a_dump_under_its_name_is_refused(database: Database, url: str) -> None:
    """The marker comes with the dump; the database is another."""
    database.mark_as_owned()
    rows = POSTGRESQL.run("SELECT identity, made_by, made_at FROM dataflow_testkit.marker", url)
    database.close()
    POSTGRESQL.drop(url)
    POSTGRESQL.run(f"CREATE DATABASE {POSTGRESQL.parts(url).database}")
    restored = Database(url)
    try:
        restored.mark_as_owned()
        POSTGRESQL.run(f"UPDATE dataflow_testkit.marker SET identity = '{rows[0][0]}'", url)
        with pytest.raises(UnsafeDatabase, match="a copy of a test database"):
            restored.claim(allow_existing=True)
    finally:
        restored.close()
