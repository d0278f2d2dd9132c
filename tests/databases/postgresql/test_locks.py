"""An open transaction of someone else on PostgreSQL: a short wait, then an error that names it; never a hang."""

from __future__ import annotations

import re
import time

import pytest
from journal_bench import Bench

from kailash_testkit.errors import DatabaseBusy

SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, 2); CREATE TABLE other (v int)"


def test_undo_waits_shortly_and_names_the_session(bench: Bench) -> None:
    bench.start(SCHEMA)
    holder, idle = bench.connect(), bench.connect()
    bench.run("SELECT 1", on=idle)
    mark = bench.journal.mark()
    bench.run("BEGIN; UPDATE t SET v = 5 WHERE id = 1", on=holder)
    started = time.monotonic()
    with pytest.raises(DatabaseBusy) as caught:
        bench.journal.undo(mark)
    assert 0.04 < time.monotonic() - started < 5
    pid = holder.info.backend_pid
    assert re.sub(r"\d+\.\d s", "0.0 s", str(caught.value)) == (
        f"the PostgreSQL database {bench.place.url.rpartition('@')[2]} is locked by an open transaction\n"
        f"  session {pid} of the application: idle in transaction for 0.0 s, holding locks, last statement "
        "'BEGIN; UPDATE t SET v = 5 WHERE id = 1'\n"
        "  why: a transaction was begun and neither committed nor rolled back\n"
        "  do:  end every transaction before the test ends: commit, roll back, or close the connection"
    )
    bench.run("ROLLBACK", on=holder)
    assert bench.journal.undo(mark).method == "nothing"


@pytest.mark.slow
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
def test_whatever_could_still_be_committed_is_waited_for(bench: Bench, held: str) -> None:
    bench.start(SCHEMA + "; CREATE SEQUENCE s")
    holder = bench.connect()
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("UPDATE t SET v = v + 1")
    bench.run(f"BEGIN; {held}", on=holder)
    with pytest.raises(DatabaseBusy, match=f"session {holder.info.backend_pid} of the application"):
        bench.journal.undo(mark)
    bench.run("COMMIT", on=holder)
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before


def test_a_mark_waits_only_where_the_schema_has_to_be_recorded(bench: Bench) -> None:
    bench.start(SCHEMA)
    holder = bench.connect()
    bench.run("BEGIN; UPDATE t SET v = 5", on=holder)
    bench.journal.mark()
    bench.run("CREATE TABLE fresh (v int)")
    with pytest.raises(DatabaseBusy):
        bench.journal.mark()
    bench.run("ROLLBACK", on=holder)
    mark = bench.journal.mark()
    bench.run("INSERT INTO fresh VALUES (1)")
    assert [change.table for change in bench.journal.changes(mark)] == ["fresh"]


def test_the_bookkeeping_of_an_open_transaction_elsewhere_is_waited_for_too(bench: Bench) -> None:
    """What a transaction will have written when it commits cannot be known: the schema may be among it."""
    bench.start(SCHEMA + "; CREATE TABLE dataflow_migrations (v int)")
    holder = bench.connect()
    mark = bench.journal.mark()
    bench.run("BEGIN; INSERT INTO dataflow_migrations VALUES (1)", on=holder)
    with pytest.raises(DatabaseBusy):
        bench.journal.undo(mark)
    bench.run("COMMIT", on=holder)
    assert bench.journal.undo(mark).method == "nothing"


def test_a_session_of_another_role_that_tells_nothing_of_itself_is_waited_for(bench: Bench) -> None:
    bench.start(SCHEMA)
    other = bench.place.connect_as_superuser(application_name="other")
    mark = bench.journal.mark()
    bench.run("SELECT 1", on=other)
    assert bench.journal.undo(mark).method == "nothing"
    bench.run("BEGIN; CREATE TABLE fresh (v int)", on=other)
    with pytest.raises(DatabaseBusy, match=rf"session {other.info.backend_pid} of \w+: what it does is hidden"):
        bench.journal.undo(mark)
    bench.run("ROLLBACK", on=other)
    assert bench.journal.undo(mark).method == "nothing"
    other.close()
