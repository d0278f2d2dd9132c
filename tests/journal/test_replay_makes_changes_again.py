"""Changes taken back can be made again, are recorded as new ones, and fire none of the application's triggers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.journal.journal import Journal

SCHEMA = """
    CREATE TABLE item (id TEXT PRIMARY KEY, value);
    CREATE TABLE log (what);
    CREATE TABLE plain (value);
    CREATE TRIGGER logged AFTER INSERT ON item BEGIN INSERT INTO log VALUES ('new ' || new.id); END;
    CREATE TRIGGER touched AFTER INSERT ON item BEGIN UPDATE item SET value = value || '!' WHERE id = new.id; END;
"""


@pytest.fixture
def app(tmp_path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(SCHEMA)
    return connection


@pytest.fixture
def journal(app: sqlite3.Connection, tmp_path: Path) -> Journal:
    path = str(tmp_path / "app.db")
    journal = Journal(Connection.open_for_journal(path))
    journal.install()
    return journal


@pytest.fixture(autouse=True)
def closed(app: sqlite3.Connection, journal: Journal):
    yield
    journal.close()
    app.close()


def changing(app: sqlite3.Connection) -> None:
    app.execute("INSERT INTO item VALUES ('a', 'x'), ('b', 'y')")
    app.execute("UPDATE item SET id = 'c' WHERE id = 'b'")
    app.execute("DELETE FROM item WHERE id = 'a'")
    app.execute("INSERT INTO plain VALUES (1.5), (NULL), (x'00ff'), ('z\N{LATIN SMALL LETTER U WITH DIAERESIS}')")
    app.execute("INSERT INTO plain VALUES (CAST(x'ff41' AS TEXT))")


def contents(app: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    queries = (
        "SELECT * FROM item ORDER BY id",
        "SELECT * FROM log ORDER BY rowid",
        "SELECT rowid, typeof(value), quote(CAST(value AS BLOB)) FROM plain ORDER BY rowid",
    )
    return [app.execute(query).fetchall() for query in queries]


def test_a_replay_gives_what_was_there_and_fires_no_trigger_of_the_application(
    app: sqlite3.Connection, journal: Journal
) -> None:
    mark = journal.mark()
    changing(app)
    before, recorded = contents(app), journal.changes(mark)

    journal.undo(mark)
    assert contents(app) == [[], [], []]
    journal.replay(recorded)

    assert contents(app) == before


def test_a_replay_can_be_undone_and_later_changes_too(app: sqlite3.Connection, journal: Journal) -> None:
    outer = journal.mark()
    empty = journal.fingerprint()
    changing(app)
    recorded = journal.changes(outer)
    journal.undo(outer)
    journal.replay(recorded)
    inner = journal.mark()
    replayed = journal.fingerprint()

    app.execute("INSERT INTO item VALUES ('later', 'l')")
    assert [change.kind for change in journal.changes(inner)] == [
        "insert",
        "update",
        "insert",
    ]  # newest trigger first
    assert journal.undo(inner).method == "journal"
    assert journal.fingerprint() == replayed

    app.execute("INSERT INTO item VALUES ('later', 'l')")
    assert journal.undo(outer).method == "journal"
    assert journal.fingerprint() == empty


def test_a_change_that_does_not_fit_is_refused_whole(app: sqlite3.Connection, journal: Journal) -> None:
    app.execute("INSERT INTO plain VALUES ('kept')")
    mark = journal.mark()
    app.execute("INSERT INTO item VALUES ('a', 'x')")
    since = journal.mark()
    app.execute("DELETE FROM item WHERE id = 'a'")
    app.execute("INSERT INTO plain VALUES ('new')")
    recorded = journal.changes(since)
    journal.undo(mark)

    with pytest.raises(sqlite3.IntegrityError, match="no row"):
        journal.replay(recorded)

    assert app.execute("SELECT value FROM plain").fetchall() == [("kept",)]


def test_a_trigger_made_again_by_the_application_is_noticed(app: sqlite3.Connection, journal: Journal) -> None:
    mark = journal.mark()
    before = journal.fingerprint()
    (statement,) = app.execute("SELECT sql FROM sqlite_master WHERE name = 'touched'").fetchone()
    app.execute("DROP TRIGGER touched")
    app.execute(statement)
    app.execute("INSERT INTO item VALUES ('a', 'x')")

    assert journal.gaps(mark) == ("the schema was changed",)
    assert journal.undo(mark).method == "saved state"
    assert journal.fingerprint() == before


def test_bookkeeping_that_dataflow_adds_is_no_schema_change(app: sqlite3.Connection, journal: Journal) -> None:
    mark = journal.mark()
    before = journal.fingerprint()
    app.execute("CREATE TABLE dataflow_migrations (version TEXT PRIMARY KEY, status TEXT)")
    app.execute("CREATE INDEX dataflow_idx ON dataflow_migrations (status)")
    app.execute("INSERT INTO item VALUES ('a', 'x')")

    assert journal.undo(mark).method == "journal"
    assert journal.fingerprint() == before
