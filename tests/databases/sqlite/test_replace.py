"""REPLACE and its like fire no delete trigger for the rows that they remove."""

from __future__ import annotations

import sqlite3

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT UNIQUE COLLATE NOCASE, nick NOT NULL DEFAULT 'none' UNIQUE);
INSERT INTO t VALUES (1, 'ada', 'a'), (2, 'bob', 'b'), (3, 'cy', 'none');
"""


@pytest.fixture(params=[False, True], ids=["recursive_triggers off", "recursive_triggers on"])
def app(bench: Bench, request: pytest.FixtureRequest) -> sqlite3.Connection:
    bench.start(SCHEMA)
    return bench.connect(recursive_triggers=request.param)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("REPLACE INTO t VALUES (1, 'new', 'n')", ["delete 1", "insert 1"]),
        ("REPLACE INTO t VALUES (9, 'ADA', 'n')", ["delete 1", "insert 9"]),
        ("INSERT OR REPLACE INTO t VALUES (9, 'bob', 'a')", ["delete 1", "delete 2", "insert 9"]),
        ("REPLACE INTO t VALUES (1, 'bob', 'n')", ["delete 1", "delete 2", "insert 1"]),
        ("REPLACE INTO t (id, email, nick) VALUES (9, 'x', NULL)", ["delete 3", "insert 9"]),
        ("UPDATE OR REPLACE t SET email = 'BOB' WHERE id = 1", ["delete 2", "update 1"]),
        ("UPDATE OR REPLACE t SET id = 2 WHERE id = 1", ["delete 2", "update 1"]),
        ("UPDATE OR REPLACE t SET rowid = 2 WHERE rowid = 1", ["delete 2", "update 1"]),
        ("UPDATE OR REPLACE t SET nick = NULL WHERE id = 1", ["delete 3", "update 1"]),
        ("INSERT OR IGNORE INTO t VALUES (9, 'ada', 'n')", []),
        ("UPDATE OR IGNORE t SET email = 'bob' WHERE id = 1", []),
        ("INSERT INTO t VALUES (9, 'ada', 'n') ON CONFLICT DO NOTHING", []),
        ("INSERT INTO t VALUES (9, 'ada', 'n') ON CONFLICT (email) DO UPDATE SET nick = 'u'", ["update 1"]),
    ],
)
def test_the_victims_are_recorded_and_come_back(
    bench: Bench, app: sqlite3.Connection, statement: str, expected: list[str]
) -> None:
    mark = bench.journal.mark()
    app.execute(statement)
    found = [f"{change.kind} {change.key[0]}" for change in bench.journal.changes(mark)]
    assert sorted(found[:-1]) + found[-1:] == expected
    bench.journal.undo(mark)
    assert bench.run("SELECT id, email, nick FROM t") == [
        (1, "ada", "a"),
        (2, "bob", "b"),
        (3, "cy", "none"),
    ]
    bench.undone(statement, on=app)


def test_a_unique_index_with_a_condition_collides_only_where_it_holds(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE u (id INTEGER PRIMARY KEY, email, gone);"
        "CREATE UNIQUE INDEX live ON u (email) WHERE /* WHERE */ gone IS NULL AND email <> ') WHERE' -- live\n;"
        "INSERT INTO u VALUES (1, 'a', 'yes'), (2, 'a', NULL)"
    )
    mark = bench.journal.mark()
    bench.app.execute("REPLACE INTO u VALUES (3, 'a', NULL)")
    assert [(change.kind, change.key) for change in bench.journal.changes(mark)] == [
        ("delete", (2,)),
        ("insert", (3,)),
    ]
    assert bench.undone("REPLACE INTO u VALUES (4, 'a', NULL)") == "journal"
    mark = bench.journal.mark()
    bench.app.execute("REPLACE INTO u VALUES (5, 'a', NULL)")
    bench.app.execute("UPDATE u SET gone = 'long' WHERE id = 1")
    assert [(change.kind, change.key) for change in bench.journal.changes(mark)] == [
        ("delete", (3,)),
        ("insert", (5,)),
        ("update", (1,)),
    ]


def test_keys_that_differ_in_case_only(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE folded (k TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID; INSERT INTO folded VALUES ('a');"
        "CREATE TABLE exact (id INTEGER PRIMARY KEY, k TEXT COLLATE NOCASE);"
        "CREATE UNIQUE INDEX by_bytes ON exact (k COLLATE BINARY); INSERT INTO exact VALUES (1, 'a'), (2, 'A')"
    )
    mark = bench.journal.mark()
    bench.app.execute("REPLACE INTO folded VALUES ('A')")
    bench.app.execute("UPDATE OR REPLACE exact SET k = 'A' WHERE id = 1")
    assert [(change.kind, change.key) for change in bench.journal.changes(mark)] == [
        ("delete", ("a",)),
        ("insert", ("A",)),
        ("delete", (2,)),
        ("update", (1,)),
    ]
    bench.journal.undo(mark)
    assert (
        bench.undone("REPLACE INTO folded VALUES ('A')", "UPDATE OR REPLACE exact SET k = 'A' WHERE id = 1")
        == "journal"
    )


def test_keys_that_differ_in_trailing_spaces_only(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE trimmed (k TEXT COLLATE RTRIM PRIMARY KEY, v) WITHOUT ROWID;"
        "INSERT INTO trimmed VALUES ('a', 1), (' a', 2), (3, 3)"
    )
    mark = bench.journal.mark()
    bench.app.execute("REPLACE INTO trimmed VALUES ('a  ', 4)")
    assert [(change.kind, change.key) for change in bench.journal.changes(mark)] == [
        ("delete", ("a",)),
        ("insert", ("a  ",)),
    ]
    bench.journal.undo(mark)
    assert bench.undone("REPLACE INTO trimmed VALUES ('a  ', 4)", "DELETE FROM trimmed WHERE v = 2") == "journal"


def test_positions_used_again_after_an_undo_mean_what_they_mean_now(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()

    def kinds_after(statement: str) -> list[str]:
        bench.app.execute(statement)
        kinds = [change.kind for change in bench.journal.changes(mark)]
        bench.journal.undo(mark)
        return kinds

    assert kinds_after("REPLACE INTO t VALUES (9, 'ada', 'n')") == ["delete", "insert"]
    assert kinds_after("INSERT OR IGNORE INTO t VALUES (9, 'ada', 'n')") == []
    assert kinds_after("REPLACE INTO t VALUES (9, 'ada', 'n')") == ["delete", "insert"]
