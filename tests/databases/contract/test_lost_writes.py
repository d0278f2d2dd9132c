"""Writes that succeed and do not stay: nobody is told, and the journal knows that nothing changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from journal_bench import Bench

from kailash_testkit.changes.net import net_changes
from kailash_testkit.databases import Database
from kailash_testkit.databases.failpoints import Event
from kailash_testkit.databases.lost_writes import LostWrites
from kailash_testkit.errors import UnsupportedDatabase

SCHEMA = """
CREATE TABLE {odd} (id INTEGER PRIMARY KEY, {spaced} INTEGER, deleted_at INTEGER);
INSERT INTO {odd} VALUES (1, 1, NULL), (2, 2, NULL), (3, 3, NULL);
"""
ODD = 'odd "na`me%'
WRITES: dict[Event, str] = {
    "insert": "INSERT INTO {odd} VALUES (4, 4, NULL)",
    "update": "UPDATE {odd} SET {spaced} = 9 WHERE id = 1",
    "delete": "DELETE FROM {odd} WHERE id = 1",
}


@pytest.fixture
def database(bench: Bench) -> Iterator[Database]:
    bench.start(SCHEMA)
    database: Database = bench.database
    if not database.can_lose_writes:
        with pytest.raises(UnsupportedDatabase, match="no trigger may write to the table that it is of"):
            database.lose(LostWrites(ODD, "insert"))
        pytest.skip("MariaDB cannot")
    yield database
    database.stop_losing()


def rows(bench: Bench) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in bench.run("SELECT id, {spaced}, deleted_at FROM {odd}"))


@pytest.mark.parametrize("event", WRITES)
def test_a_write_is_lost_and_others_are_not(bench: Bench, database: Database, event: Event) -> None:
    mark, fingerprint, before = bench.journal.mark(), bench.journal.fingerprint(), rows(bench)
    database.lose(LostWrites(ODD, event))
    database.switch_losing(on=True)
    bench.run(WRITES[event])
    assert rows(bench) == before
    for other, statement in WRITES.items():
        if other != event:
            bench.run(statement)
    assert rows(bench) != before
    database.switch_losing(on=False)
    database.stop_losing()
    database.stop_losing()
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == fingerprint


@pytest.mark.parametrize("event", WRITES)
def test_only_while_it_is_switched_on(bench: Bench, database: Database, event: Event) -> None:
    before = rows(bench)
    database.lose(LostWrites(ODD, event))
    bench.run(WRITES[event])
    assert rows(bench) != before


@pytest.mark.parametrize("event", WRITES)
def test_the_journal_has_no_change_of_it(bench: Bench, database: Database, event: Event) -> None:
    mark, fingerprint = bench.journal.mark(), bench.journal.fingerprint()
    database.lose(LostWrites(ODD, event))
    database.switch_losing(on=True)
    bench.run(WRITES[event])
    database.stop_losing()
    assert net_changes(bench.journal.changes(mark), {}) == []
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == fingerprint


def test_soft_deletions_are_told_from_other_updates(bench: Bench, database: Database) -> None:
    softly, otherwise = "UPDATE {odd} SET deleted_at = 1 WHERE id = 1", WRITES["update"]
    for soft in (True, False):
        before = rows(bench)
        database.lose(LostWrites(ODD, "update", soft))
        database.switch_losing(on=True)
        bench.run(softly if soft else otherwise)
        assert rows(bench) == before
        bench.run(otherwise if soft else softly)
        assert rows(bench) != before
        database.stop_losing()
        bench.run("UPDATE {odd} SET {spaced} = 1, deleted_at = NULL")
