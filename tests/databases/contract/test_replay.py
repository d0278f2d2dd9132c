"""Changes taken back can be made again: recorded as new ones, and no trigger of the application fires."""

from __future__ import annotations

from typing import Any

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE item (id VARCHAR(20) PRIMARY KEY, value TEXT);
CREATE TABLE log (what VARCHAR(90));
CREATE TABLE plain (a VARCHAR(20), b DOUBLE PRECISION, c {bytes});
CREATE TABLE numbered (id {serial}, value TEXT);
"""
CHANGES = (
    "INSERT INTO item VALUES ('a', 'x'), ('b', 'y\N{LATIN SMALL LETTER U WITH DIAERESIS}')",
    "UPDATE item SET id = 'c' WHERE id = 'b'",
    "DELETE FROM item WHERE id = 'a'",
    "INSERT INTO plain (a, b) VALUES ('same', 1.5), ('same', 1.5), (NULL, NULL)",
    "UPDATE plain SET b = 0.30000000000000004 WHERE a IS NULL",
)


@pytest.fixture(autouse=True)
def started(bench: Bench) -> None:
    bench.start(SCHEMA, bench.place.trigger("logged", "AFTER INSERT", "item", "INSERT INTO log VALUES (NEW.id)"))


def change(bench: Bench) -> None:
    for statement in CHANGES:
        bench.run(statement)
    bench.run("INSERT INTO plain (c) VALUES (?)", b"\x00\xff")


def contents(bench: Bench) -> list[list[tuple[Any, ...]]]:
    return [
        bench.run("SELECT id, value FROM item ORDER BY id"),
        bench.run("SELECT what FROM log ORDER BY what"),
        sorted(
            (a, b, None if c is None else bytes(c)) for a, b, c in bench.run("SELECT * FROM plain WHERE a = 'same'")
        ),
    ]


def test_a_replay_gives_what_was_there_and_can_be_undone(bench: Bench) -> None:
    outer, empty = bench.journal.mark(), bench.journal.fingerprint()
    change(bench)
    after, rows, recorded = bench.journal.fingerprint(), contents(bench), bench.journal.changes(outer)
    assert rows[1] == [("a",), ("b",)]
    bench.journal.undo(outer)
    assert bench.journal.fingerprint() == empty
    assert contents(bench) == [[], [], []]
    bench.journal.replay(recorded)
    assert bench.journal.fingerprint() == after
    assert contents(bench) == rows
    assert bench.undone("INSERT INTO item VALUES ('later', 'l')") == "journal"
    assert bench.journal.undo(outer).method == "journal"
    assert bench.journal.fingerprint() == empty


def test_what_is_replayed_is_recorded_as_new_changes(bench: Bench) -> None:
    outer = bench.journal.mark()
    bench.run(CHANGES[0])
    recorded = bench.journal.changes(outer)
    bench.journal.undo(outer)
    inner = bench.journal.mark()
    bench.journal.replay(recorded)
    assert bench.journal.gaps(inner) == ()
    again = bench.journal.changes(inner)
    assert sorted((one.table, one.kind, str(one.after)) for one in again) == sorted(
        (one.table, one.kind, str(one.after)) for one in recorded
    )
    assert bench.journal.undo(inner).method == "journal"


def test_later_rows_are_numbered_above_those_that_are_replayed(bench: Bench) -> None:
    mark, empty = bench.journal.mark(), bench.journal.fingerprint()
    for _ in range(3):
        bench.run("INSERT INTO numbered (value) VALUES ('theirs')")
    recorded = bench.journal.changes(mark)
    bench.journal.undo(mark)
    bench.journal.replay(recorded)
    bench.run("INSERT INTO numbered (value) VALUES ('later')")
    assert bench.run("SELECT id FROM numbered ORDER BY id") == [(1,), (2,), (3,), (4,)]
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == empty


def test_the_inverse_in_reverse_takes_changes_out_that_others_follow(bench: Bench) -> None:
    first = bench.journal.mark()
    change(bench)
    second = bench.journal.mark()
    bench.run("INSERT INTO item VALUES ('z', NULL)")
    later = {change.seq for change in bench.journal.changes(second)}
    earlier = [change for change in bench.journal.changes(first) if change.seq not in later]
    bench.journal.replay([change.inverse() for change in reversed(earlier)])
    assert contents(bench) == [[("z", None)], [("z",)], []]
    assert bench.run("SELECT count(*) FROM plain") == [(0,)]


def test_a_change_that_does_not_fit_is_refused_whole(bench: Bench) -> None:
    bench.run("INSERT INTO plain (a) VALUES ('same')")
    mark = bench.journal.mark()
    bench.run("INSERT INTO item VALUES ('a', 'x')")
    since = bench.journal.mark()
    bench.run("INSERT INTO plain (a) VALUES ('same')")
    bench.run("DELETE FROM item WHERE id = 'a'")
    recorded = bench.journal.changes(since)
    bench.journal.undo(mark)
    before = bench.journal.fingerprint()
    with pytest.raises(bench.refused, match="no row"):
        bench.journal.replay(recorded)
    assert bench.journal.fingerprint() == before
    assert contents(bench)[2] == [("same", None, None)]


def test_a_key_that_is_taken_is_refused(bench: Bench) -> None:
    mark = bench.journal.mark()
    bench.run("INSERT INTO item VALUES ('a', 'mine')")
    recorded = bench.journal.changes(mark)
    bench.journal.undo(mark)
    bench.run("INSERT INTO item VALUES ('a', 'theirs')")
    before = bench.journal.fingerprint()
    with pytest.raises(bench.place.integrity_error, match=f"(?i){bench.kind.duplicate}"):
        bench.journal.replay(recorded)
    assert bench.journal.fingerprint() == before


def test_no_changes_are_made_again_without_a_trace(bench: Bench) -> None:
    mark = bench.journal.mark()
    bench.journal.replay([])
    assert not bench.journal.moved(mark)
    assert bench.journal.changes(mark) == []
