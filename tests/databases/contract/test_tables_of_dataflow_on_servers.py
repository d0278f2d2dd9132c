"""On servers DataFlow's own tables are left out by their exact names; what only begins alike is the application's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from database_servers import MYSQL, POSTGRESQL, Server, required, rows_of

from kailash_testkit.databases import Database, open_database
from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.internals.dataflow_tables import own_tables

APPLICATIONS = ["_dataflow_notes", "dataflow_jobs", "dataflow_migrations_of_ours", "dataflow_testkit_journal_notes"]
OWN = sorted(own_tables())
ID = {"postgresql": "serial PRIMARY KEY", "mysql": "INT AUTO_INCREMENT PRIMARY KEY"}


@dataclass
class Case:
    """A database with tables of both, and the kit's view of it."""

    server: Server
    url: str
    database: Database

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Runs statements on one connection; the rows of the last."""
        connection = self.server.connect(self.server.parts(self.url))
        try:
            return [rows_of(connection, statement) for statement in statements][-1]
        finally:
            connection.close()

    def insert(self, *tables: str) -> None:
        self.run(*[f"INSERT INTO {table} (name) VALUES ('x')" for table in tables])

    def ids(self, table: str) -> list[object]:
        return [number for (number,) in self.run(f"SELECT id FROM {table} ORDER BY id")]


@pytest.fixture(params=[POSTGRESQL, pytest.param(MYSQL, marks=pytest.mark.slow)], ids=["postgresql", "mysql"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    server: Server = required(request.param)
    with server.database() as url:
        case = Case(server, url, open_database(url))
        case.run(*[f"CREATE TABLE {table} (id {ID[server.kind]}, name text)" for table in (*APPLICATIONS, *OWN)])
        yield case
        case.database.close()


def test_only_the_exact_names_are_dataflows(case: Case) -> None:
    assert case.database.tables() == sorted(APPLICATIONS)


def test_a_table_that_only_begins_alike_is_content(case: Case) -> None:
    case.insert(OWN[0])
    for table in APPLICATIONS:
        case.insert(table)
        with pytest.raises(UnsafeDatabase, match=f"it has rows in {table}"):
            case.database.claim(allow_existing=True)
        case.run(f"DELETE FROM {table}")


def test_a_table_that_only_begins_alike_is_recorded_undone_and_numbered_as_before(case: Case) -> None:
    journal = case.database.journal()
    journal.install()
    mark = journal.mark()
    case.insert(*APPLICATIONS, *OWN)
    assert sorted(change.table for change in journal.changes(mark)) == sorted(APPLICATIONS)
    journal.undo(mark)
    assert [case.ids(table) for table in APPLICATIONS] == [[]] * len(APPLICATIONS)
    case.insert(*APPLICATIONS, *OWN)
    assert [case.ids(table) for table in APPLICATIONS] == [[1]] * len(APPLICATIONS)
    assert [case.ids(table) for table in OWN] == [[1, 2]] * len(OWN)
    journal.close()


def test_emptying_leaves_dataflows_rows_and_numbers(case: Case) -> None:
    case.insert(*APPLICATIONS, *OWN)
    case.database.empty()
    assert [case.ids(table) for table in APPLICATIONS] == [[]] * len(APPLICATIONS)
    case.insert(OWN[0], APPLICATIONS[0])
    assert case.ids(OWN[0]) == [1, 2]
    assert case.ids(APPLICATIONS[0]) == [1]
