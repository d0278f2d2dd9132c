"""An open transaction of someone else on PostgreSQL: a short wait, then an error that names it; never a hang."""

from __future__ import annotations

import re
import time

import pytest
from postgresql_bench import PostgresqlBench

from kailash_testkit.errors import DatabaseBusy

SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, 2); CREATE TABLE other (v int)"


def test_undo_waits_shortly_and_names_the_session(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    holder, idle = pg.connect(), pg.connect()
    pg.run("SELECT 1", on=idle)
    mark = pg.journal.mark()
    pg.run("BEGIN; UPDATE t SET v = 5 WHERE id = 1", on=holder)
    started = time.monotonic()
    with pytest.raises(DatabaseBusy) as caught:
        pg.journal.undo(mark)
    assert 0.09 < time.monotonic() - started < 5
    pid = holder.info.backend_pid
    assert re.sub(r"\d+\.\d s", "0.0 s", str(caught.value)) == (
        f"the PostgreSQL database {pg.database.url.rpartition('@')[2]} is locked by an open transaction\n"
        f"  session {pid} of the application: idle in transaction for 0.0 s, holding locks, last statement "
        "'BEGIN; UPDATE t SET v = 5 WHERE id = 1'\n"
        "  why: a transaction was begun and neither committed nor rolled back\n"
        "  do:  end every transaction before the test ends: commit, roll back, or close the connection"
    )
    pg.run("ROLLBACK", on=holder)
    assert pg.journal.undo(mark).method == "nothing"


@pytest.mark.parametrize(
    "held",
    [
        "INSERT INTO other VALUES (1)",
        "SELECT * FROM t FOR UPDATE",
        "LOCK TABLE t IN ACCESS EXCLUSIVE MODE",
        "CREATE TABLE fresh (v int)",
        "DROP TABLE other",
        "ALTER TABLE t ADD COLUMN w int",
        "TRUNCATE t",
        "CREATE INDEX i ON t (v)",
        "ALTER SEQUENCE s RESTART WITH 5",
        "CREATE SEQUENCE fresh",
    ],
)
def test_whatever_could_still_be_committed_is_waited_for(pg: PostgresqlBench, held: str) -> None:
    pg.start(SCHEMA + "; CREATE SEQUENCE s")
    holder = pg.connect()
    mark, before = pg.journal.mark(), pg.journal.fingerprint()
    pg.run("UPDATE t SET v = v + 1")
    pg.run(f"BEGIN; {held}", on=holder)
    with pytest.raises(DatabaseBusy, match=f"session {holder.info.backend_pid} of the application"):
        pg.journal.undo(mark)
    pg.run("COMMIT", on=holder)
    pg.journal.undo(mark)
    assert pg.journal.fingerprint() == before


def test_a_mark_waits_only_where_the_schema_has_to_be_recorded(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    holder = pg.connect()
    pg.run("BEGIN; UPDATE t SET v = 5", on=holder)
    pg.journal.mark()
    pg.run("CREATE TABLE fresh (v int)")
    with pytest.raises(DatabaseBusy):
        pg.journal.mark()
    pg.run("ROLLBACK", on=holder)
    mark = pg.journal.mark()
    pg.run("INSERT INTO fresh VALUES (1)")
    assert [change.table for change in pg.journal.changes(mark)] == ["fresh"]


@pytest.mark.parametrize("act", ["install", "refresh"])
def test_everything_that_writes_reports_the_lock(pg: PostgresqlBench, act: str) -> None:
    pg.start(SCHEMA)
    pg.run("CREATE TABLE fresh (v int)")
    holder = pg.connect()
    pg.run("BEGIN; INSERT INTO fresh VALUES (1); UPDATE t SET v = 2", on=holder)
    with pytest.raises(DatabaseBusy):
        getattr(pg.journal, act)()
    pg.run("ROLLBACK", on=holder)
    getattr(pg.journal, act)()
    mark = pg.journal.mark()
    pg.run("INSERT INTO fresh VALUES (1)")
    assert len(pg.journal.changes(mark)) == 1


def test_the_bookkeeping_of_an_open_transaction_elsewhere_is_waited_for_too(pg: PostgresqlBench) -> None:
    """What a transaction will have written when it commits cannot be known: the schema may be among it."""
    pg.start(SCHEMA + "; CREATE TABLE dataflow_migrations (v int)")
    holder = pg.connect()
    mark = pg.journal.mark()
    pg.run("BEGIN; INSERT INTO dataflow_migrations VALUES (1)", on=holder)
    with pytest.raises(DatabaseBusy):
        pg.journal.undo(mark)
    pg.run("COMMIT", on=holder)
    assert pg.journal.undo(mark).method == "nothing"


def test_a_session_of_another_role_that_tells_nothing_of_itself_is_waited_for(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    other = pg.database.connect_as_superuser(application_name="other")
    mark = pg.journal.mark()
    pg.run("SELECT 1", on=other)
    assert pg.journal.undo(mark).method == "nothing"
    pg.run("BEGIN; CREATE TABLE fresh (v int)", on=other)
    with pytest.raises(DatabaseBusy, match=rf"session {other.info.backend_pid} of \w+: what it does is hidden"):
        pg.journal.undo(mark)
    pg.run("ROLLBACK", on=other)
    assert pg.journal.undo(mark).method == "nothing"
    other.close()
