"""What lies after a mark on PostgreSQL is what was committed after it, whenever its transaction began."""

from __future__ import annotations

import pytest
from journal_bench import Bench

from kailash_testkit.errors import DatabaseBusy

SCHEMA = "CREATE TABLE t (id serial PRIMARY KEY, v int); INSERT INTO t (v) SELECT 0 FROM generate_series(1, 5)"


def test_what_was_rolled_back_is_not_recorded(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.run("BEGIN; DELETE FROM t; ROLLBACK")
    bench.run("BEGIN; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; UPDATE t SET v = 1 WHERE id = 1; COMMIT")
    assert [change.kind for change in bench.journal.changes(mark)] == ["update"]
    bench.journal.undo(mark)
    assert not bench.journal.moved(mark)


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_isolation_levels_of_the_application(bench: Bench, level: str) -> None:
    bench.start(SCHEMA)
    assert bench.undone(
        f"BEGIN ISOLATION LEVEL {level}", "UPDATE t SET v = v + 1", "DELETE FROM t WHERE id = 2", "COMMIT"
    ) == ("journal")


def test_an_undo_that_was_refused_can_be_repeated(bench: Bench) -> None:
    bench.start(SCHEMA)
    other = bench.connect()
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("BEGIN; DELETE FROM t WHERE id = 1; SELECT nextval('t_id_seq')", on=other)
    bench.run("UPDATE t SET v = 9 WHERE id = 2")
    with pytest.raises(DatabaseBusy):
        bench.journal.undo(mark)
    bench.run("COMMIT", on=other)
    assert bench.journal.undo(mark).changes == 2
    assert bench.journal.fingerprint() == before
