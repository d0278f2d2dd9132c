"""DataFlow's own tables are left out by their exact names; all that only begins alike is the application's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from database_servers import MYSQL, required

from kailash_testkit.databases import Database, open_database
from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.internals.dataflow_tables import own_tables

pytestmark = pytest.mark.slow

APPLICATIONS = ["_dataflow_notes", "dataflow_jobs", "dataflow_migrations_of_ours", "dataflow_testkit_journal_notes"]
OWN = sorted(own_tables())


@pytest.fixture
def url() -> Iterator[str]:
    with required(MYSQL).database() as url:
        for table in (*APPLICATIONS, *OWN):
            MYSQL.run(f"CREATE TABLE {table} (id INT AUTO_INCREMENT PRIMARY KEY, name TEXT)", url)
        yield url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = open_database(url)
    yield database
    database.close()


def insert(url: str, *tables: str) -> None:
    for table in tables:
        MYSQL.run(f"INSERT INTO {table} (name) VALUES ('x')", url)


def test_only_the_exact_names_are_dataflows(database: Database) -> None:
    assert database.tables() == sorted(APPLICATIONS)


@pytest.mark.parametrize("table", APPLICATIONS)
def test_a_table_that_only_begins_alike_is_content(database: Database, url: str, table: str) -> None:
    insert(url, OWN[0], table)
    with pytest.raises(UnsafeDatabase, match=f"it has rows in {table}"):
        database.claim(allow_existing=True)


def test_a_table_that_only_begins_alike_is_recorded_undone_and_numbered_as_before(database: Database, url: str) -> None:
    journal = database.journal()
    journal.install()
    mark = journal.mark()
    insert(url, *APPLICATIONS, *OWN)
    assert sorted(change.table for change in journal.changes(mark)) == sorted(APPLICATIONS)
    journal.undo(mark)
    insert(url, *APPLICATIONS, *OWN)
    for table in APPLICATIONS:
        assert MYSQL.run(f"SELECT id FROM {table}", url) == [(1,)]
    for table in OWN:
        assert MYSQL.run(f"SELECT id FROM {table}", url) == [(1,), (2,)]
    journal.close()


def test_emptying_leaves_dataflows_rows(database: Database, url: str) -> None:
    insert(url, *APPLICATIONS, *OWN)
    database.empty()
    assert [database.count(table) for table in (*APPLICATIONS, *OWN)] == [0] * len(APPLICATIONS) + [1] * len(OWN)


def test_a_database_restored_from_a_dump_under_its_name_is_refused(database: Database, url: str) -> None:
    """The marker comes with the dump; its table is younger."""
    database.mark_as_owned()
    database.claim(allow_existing=False)
    MYSQL.run("CREATE TABLE kept AS SELECT * FROM dataflow_testkit_marker", url)
    MYSQL.run("DROP TABLE dataflow_testkit_marker", url)
    MYSQL.run("DO sleep(1.1)", url)
    MYSQL.run("CREATE TABLE dataflow_testkit_marker AS SELECT * FROM kept", url)
    with pytest.raises(UnsafeDatabase, match="a copy of a test database"):
        database.claim(allow_existing=True)
