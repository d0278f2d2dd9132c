"""Changes taken back can be made again, are recorded as new ones, and fire none of the application's triggers."""

from __future__ import annotations

import sqlite3

import pytest
from journal_bench import Bench

SCHEMA = """
    CREATE TABLE item (id TEXT PRIMARY KEY, value);
    CREATE TABLE log (what);
    CREATE TABLE plain (value);
    CREATE TRIGGER logged AFTER INSERT ON item BEGIN INSERT INTO log VALUES ('new ' || new.id); END;
    CREATE TRIGGER touched AFTER INSERT ON item BEGIN UPDATE item SET value = value || '!' WHERE id = new.id; END;
"""


@pytest.fixture(autouse=True)
def started(bench: Bench) -> None:
    bench.start(SCHEMA)


def changing(bench: Bench) -> None:
    bench.app.execute("INSERT INTO item VALUES ('a', 'x'), ('b', 'y')")
    bench.app.execute("UPDATE item SET id = 'c' WHERE id = 'b'")
    bench.app.execute("DELETE FROM item WHERE id = 'a'")
    bench.app.execute("INSERT INTO plain VALUES (1.5), (NULL), (x'00ff'), ('z\N{LATIN SMALL LETTER U WITH DIAERESIS}')")
    bench.app.execute("INSERT INTO plain VALUES (CAST(x'ff41' AS TEXT))")


def contents(bench: Bench) -> list[list[tuple[object, ...]]]:
    queries = (
        "SELECT * FROM item ORDER BY id",
        "SELECT * FROM log ORDER BY rowid",
        "SELECT rowid, typeof(value), quote(CAST(value AS BLOB)) FROM plain ORDER BY rowid",
    )
    return [bench.app.execute(query).fetchall() for query in queries]


def test_a_replay_gives_what_was_there_and_fires_no_trigger_of_the_application(bench: Bench) -> None:
    mark = bench.journal.mark()
    changing(bench)
    before, recorded = contents(bench), bench.journal.changes(mark)

    bench.journal.undo(mark)
    assert contents(bench) == [[], [], []]
    bench.journal.replay(recorded)

    assert contents(bench) == before


def test_a_replay_can_be_undone_and_later_changes_too(bench: Bench) -> None:
    outer = bench.journal.mark()
    empty = bench.journal.fingerprint()
    changing(bench)
    recorded = bench.journal.changes(outer)
    bench.journal.undo(outer)
    bench.journal.replay(recorded)
    inner = bench.journal.mark()
    replayed = bench.journal.fingerprint()

    bench.app.execute("INSERT INTO item VALUES ('later', 'l')")
    assert [change.kind for change in bench.journal.changes(inner)] == [
        "insert",
        "update",
        "insert",
    ]  # newest trigger first
    assert bench.journal.undo(inner).method == "journal"
    assert bench.journal.fingerprint() == replayed

    bench.app.execute("INSERT INTO item VALUES ('later', 'l')")
    assert bench.journal.undo(outer).method == "journal"
    assert bench.journal.fingerprint() == empty


def test_a_change_that_does_not_fit_is_refused_whole(bench: Bench) -> None:
    bench.app.execute("INSERT INTO plain VALUES ('kept')")
    mark = bench.journal.mark()
    bench.app.execute("INSERT INTO item VALUES ('a', 'x')")
    since = bench.journal.mark()
    bench.app.execute("DELETE FROM item WHERE id = 'a'")
    bench.app.execute("INSERT INTO plain VALUES ('new')")
    recorded = bench.journal.changes(since)
    bench.journal.undo(mark)

    with pytest.raises(sqlite3.IntegrityError, match="no row"):
        bench.journal.replay(recorded)

    assert bench.app.execute("SELECT value FROM plain").fetchall() == [("kept",)]


def test_a_trigger_made_again_by_the_application_is_noticed(bench: Bench) -> None:
    mark = bench.journal.mark()
    before = bench.journal.fingerprint()
    (statement,) = bench.app.execute("SELECT sql FROM sqlite_master WHERE name = 'touched'").fetchone()
    bench.app.execute("DROP TRIGGER touched")
    bench.app.execute(statement)
    bench.app.execute("INSERT INTO item VALUES ('a', 'x')")

    assert bench.journal.gaps(mark) == ("the schema was changed",)
    assert bench.journal.undo(mark).method == "saved state"
    assert bench.journal.fingerprint() == before


def test_bookkeeping_that_dataflow_adds_is_no_schema_change(bench: Bench) -> None:
    mark = bench.journal.mark()
    before = bench.journal.fingerprint()
    bench.app.execute("CREATE TABLE dataflow_migrations (version TEXT PRIMARY KEY, status TEXT)")
    bench.app.execute("CREATE INDEX dataflow_idx ON dataflow_migrations (status)")
    bench.app.execute("INSERT INTO item VALUES ('a', 'x')")

    assert bench.journal.undo(mark).method == "journal"
    assert bench.journal.fingerprint() == before
