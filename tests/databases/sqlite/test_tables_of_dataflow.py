"""Tables of the application that are named like DataFlow's own, and DataFlow's own: what the journal makes of them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.database import Database
from kailash_testkit.databases.sqlite.journal.journal import Journal
from kailash_testkit.internals.dataflow_tables import own_tables

APPLICATIONS = ("_dataflow_notes", "dataflow_jobs", "dataflow_migrations_of_ours", "dataflow_testkit_notes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


@pytest.fixture
def app(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as app:
        for table in (*APPLICATIONS, *own_tables()):
            app.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)")
        yield app


@pytest.fixture
def journal(app: sqlite3.Connection, path: Path) -> Iterator[Journal]:
    journal = Journal(Connection.open_for_journal(path))
    journal.install()
    yield journal
    journal.close()


def fill(app: sqlite3.Connection) -> None:
    for table in (*APPLICATIONS, *own_tables()):
        app.execute(f"INSERT INTO {table} (name) VALUES ('x')")


def counts(app: sqlite3.Connection) -> dict[str, int]:
    tables = (*APPLICATIONS, *own_tables())
    return {table: app.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def test_the_applications_are_recorded_and_put_back_and_dataflows_are_not(
    app: sqlite3.Connection, journal: Journal
) -> None:
    mark, before = journal.mark(), journal.fingerprint()
    fill(app)
    assert sorted(change.table for change in journal.changes(mark)) == sorted(APPLICATIONS)
    assert journal.fingerprint() != before
    assert journal.undo(mark).method == "journal"
    assert journal.fingerprint() == before
    assert counts(app) == {**dict.fromkeys(APPLICATIONS, 0), **dict.fromkeys(own_tables(), 1)}
    fill(app)
    assert app.execute("SELECT id FROM dataflow_jobs").fetchall() == [(1,)]
    assert app.execute("SELECT id FROM dataflow_migrations ORDER BY id").fetchall() == [(1,), (2,)]


def test_a_new_table_named_alike_is_a_change_of_the_schema(app: sqlite3.Connection, journal: Journal) -> None:
    mark = journal.mark()
    app.execute("CREATE TABLE dataflow_reports (id INTEGER)")
    assert journal.gaps(mark) == ("the schema was changed",)
    journal.undo(mark)
    assert app.execute("SELECT name FROM sqlite_master WHERE name = 'dataflow_reports'").fetchall() == []


def test_a_trigger_of_the_application_that_is_named_like_the_journals_stays(
    app: sqlite3.Connection, path: Path
) -> None:
    statement = "CREATE TRIGGER dataflow_testkit_audit AFTER INSERT ON dataflow_jobs BEGIN SELECT 1; END"
    app.execute(statement)
    journal = Journal(Connection.open_for_journal(path))
    journal.install()
    journal.install()
    journal.close()
    assert app.execute("SELECT sql FROM sqlite_master WHERE name = 'dataflow_testkit_audit'").fetchall() == [
        (statement,)
    ]


def test_emptying_leaves_dataflows_tables(app: sqlite3.Connection, path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    database.mark_as_owned()
    assert database.tables() == sorted(APPLICATIONS)
    fill(app)
    database.empty()
    assert counts(app) == {**dict.fromkeys(APPLICATIONS, 0), **dict.fromkeys(own_tables(), 1)}
    fill(app)
    assert app.execute("SELECT id FROM dataflow_jobs").fetchall() == [(1,)]
    database.close()


def test_emptying_needs_no_numbered_table(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    database.mark_as_owned()
    database.empty()
    database.close()
