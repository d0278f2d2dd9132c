"""DataFlow's own tables are left out by their exact names; all that only begins alike is the application's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from database_servers import POSTGRESQL, required

from kailash_testkit.databases.postgresql.database import Database
from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.internals.dataflow_tables import own_tables

APPLICATIONS = ["_dataflow_notes", "dataflow_jobs", "dataflow_migrations_of_ours"]
OWN = sorted(own_tables())


@pytest.fixture
def url() -> Iterator[str]:
    with required(POSTGRESQL).database() as url:
        for table in (*APPLICATIONS, *OWN):
            POSTGRESQL.run(f"CREATE TABLE {table} (id serial PRIMARY KEY, name text)", url)
        yield url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


def test_only_the_exact_names_are_dataflows(database: Database) -> None:
    assert database.tables() == sorted(APPLICATIONS)


@pytest.mark.parametrize("table", APPLICATIONS)
def test_a_table_that_only_begins_alike_is_content(database: Database, url: str, table: str) -> None:
    POSTGRESQL.run(f"INSERT INTO {OWN[0]} (name) VALUES ('x')", url)
    POSTGRESQL.run(f"INSERT INTO {table} (name) VALUES ('x')", url)
    with pytest.raises(UnsafeDatabase, match=f"it has rows in {table}"):
        database.claim(allow_existing=True)


def test_large_objects_are_content(database: Database, url: str) -> None:
    POSTGRESQL.run("SELECT lo_from_bytea(0, 'precious')", url)
    with pytest.raises(UnsafeDatabase, match="it has large objects"):
        database.claim(allow_existing=True)


def test_a_table_that_only_begins_alike_is_recorded_undone_and_numbered_as_before(database: Database, url: str) -> None:
    journal = database.journal()
    journal.install()
    mark = journal.mark()
    for table in (*APPLICATIONS, *OWN):
        POSTGRESQL.run(f"INSERT INTO {table} (name) VALUES ('x')", url)
    assert sorted(change.table for change in journal.changes(mark)) == sorted(APPLICATIONS)
    journal.undo(mark)
    for table in APPLICATIONS:
        assert database.count(table) == 0
        assert database.last_generated_id(table) == 0
    for table in OWN:
        assert POSTGRESQL.run(f"SELECT count(*) FROM {table}", url) == [(1,)]
        assert POSTGRESQL.run(f"SELECT last_value, is_called FROM {table}_id_seq", url) == [(1, True)]
    journal.close()


def test_emptying_leaves_dataflows_rows_and_numbers(database: Database, url: str) -> None:
    for table in (*APPLICATIONS, *OWN):
        POSTGRESQL.run(f"INSERT INTO {table} (name) VALUES ('x')", url)
    database.empty()
    assert [database.count(table) for table in APPLICATIONS] == [0] * len(APPLICATIONS)
    assert POSTGRESQL.run(f"SELECT last_value, is_called FROM {OWN[0]}_id_seq", url) == [(1, True)]
    assert POSTGRESQL.run(f"SELECT last_value, is_called FROM {APPLICATIONS[0]}_id_seq", url) == [(1, False)]


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
