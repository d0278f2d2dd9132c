"""What lies after a mark on PostgreSQL is what was committed after it, whenever its transaction began."""

from __future__ import annotations

import threading

import pytest
from postgresql_bench import PostgresqlBench

from kailash_testkit.errors import DatabaseBusy

SCHEMA = "CREATE TABLE t (id serial PRIMARY KEY, v int); INSERT INTO t (v) SELECT 0 FROM generate_series(1, 5)"


def test_a_transaction_begun_before_the_mark_and_committed_after_it(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    other = pg.connect()
    pg.run("BEGIN; UPDATE t SET v = 1 WHERE id = 1", on=other)
    pg.run("UPDATE t SET v = 2 WHERE id = 2")
    mark = pg.journal.mark()
    pg.run("UPDATE t SET v = 3 WHERE id = 3")
    assert [change.key for change in pg.journal.changes(mark)] == [(3,)]
    pg.run("COMMIT", on=other)
    assert [change.key for change in pg.journal.changes(mark)] == [(1,), (3,)]
    assert pg.journal.undo(mark).changes == 2
    assert pg.rows("SELECT v FROM t ORDER BY id") == [(0,), (2,), (0,), (0,), (0,)]


def test_a_transaction_open_across_two_marks(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    outer = pg.journal.mark()
    other = pg.connect()
    pg.run("BEGIN; INSERT INTO t (v) VALUES (7)", on=other)
    pg.run("DELETE FROM t WHERE id = 1")
    inner = pg.journal.mark()
    pg.run("COMMIT", on=other)
    assert [change.kind for change in pg.journal.changes(inner)] == ["insert"]
    pg.journal.undo(inner)
    assert pg.rows("SELECT count(*), sum(v) FROM t") == [(4, 0)]
    pg.journal.undo(outer)
    assert pg.rows("SELECT count(*), sum(v) FROM t") == [(5, 0)]


def test_what_was_rolled_back_is_not_recorded(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    mark = pg.journal.mark()
    pg.run("BEGIN; DELETE FROM t; ROLLBACK")
    pg.run("BEGIN; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; UPDATE t SET v = 1 WHERE id = 1; COMMIT")
    assert [change.kind for change in pg.journal.changes(mark)] == ["update"]
    pg.journal.undo(mark)
    assert not pg.journal.moved(mark)


def test_moved_is_false_until_something_is_committed(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    mark, head = pg.journal.mark(), pg.journal.head()
    assert not pg.journal.moved(mark)
    pg.run("BEGIN; UPDATE t SET v = 1")
    assert not pg.journal.moved(mark)
    pg.run("COMMIT")
    assert pg.journal.moved(mark)
    assert pg.journal.head() > head
    assert pg.journal.head() == pg.journal.changes(mark)[-1].seq


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_isolation_levels_of_the_application(pg: PostgresqlBench, level: str) -> None:
    pg.start(SCHEMA)
    assert pg.undone(
        f"BEGIN ISOLATION LEVEL {level}", "UPDATE t SET v = v + 1", "DELETE FROM t WHERE id = 2", "COMMIT"
    ) == ("journal")


def test_many_writers_of_the_same_rows(pg: PostgresqlBench) -> None:
    """Each row's history, in the order that the journal tells, leads from one value to the next."""
    pg.start(SCHEMA)
    mark, before = pg.journal.mark(), pg.journal.fingerprint()
    writers = [pg.connect() for _ in range(6)]

    def write(number: int) -> None:
        for turn in range(15):
            pg.run(f"BEGIN; UPDATE t SET v = v + 1 WHERE id = {1 + (number + turn) % 3}; COMMIT", on=writers[number])
            pg.run(f"INSERT INTO t (id, v) VALUES ({100 + number}, {turn}) ON CONFLICT (id) DO UPDATE SET v = -{turn}",
                   on=writers[number])  # fmt: skip

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = pg.journal.changes(mark)
    assert [change.seq for change in changes] == sorted({change.seq for change in changes})
    latest: dict[tuple[object, ...], object] = {}
    for change in changes:
        if change.key in latest:
            assert change.before == latest[change.key]
        latest[change.key] = change.after
    assert pg.rows("SELECT sum(v) FROM t WHERE id < 100") == [(90,)]
    pg.journal.undo(mark)
    assert pg.journal.fingerprint() == before


def test_undo_waits_for_nobody_who_only_reads(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    reader = pg.connect()
    mark = pg.journal.mark()
    pg.run("DELETE FROM t")
    pg.run("BEGIN ISOLATION LEVEL REPEATABLE READ", on=reader)
    assert pg.rows("SELECT count(*) FROM t", on=reader) == [(0,)]
    assert pg.journal.undo(mark).method == "journal"
    assert pg.rows("SELECT count(*) FROM t", on=reader) == [(0,)]
    pg.run("COMMIT", on=reader)
    assert pg.rows("SELECT count(*) FROM t", on=reader) == [(5,)]


def test_an_undo_that_was_refused_can_be_repeated(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    other = pg.connect()
    mark, before = pg.journal.mark(), pg.journal.fingerprint()
    pg.run("BEGIN; DELETE FROM t WHERE id = 1; SELECT nextval('t_id_seq')", on=other)
    pg.run("UPDATE t SET v = 9 WHERE id = 2")
    with pytest.raises(DatabaseBusy):
        pg.journal.undo(mark)
    pg.run("COMMIT", on=other)
    assert pg.journal.undo(mark).changes == 2
    assert pg.journal.fingerprint() == before
