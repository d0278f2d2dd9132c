"""What an application on PostgreSQL sees of its own writes and of its schema is the same with a journal as without."""

from __future__ import annotations

from typing import Any

import pytest
from journal_bench import Bench

SCHEMA = "CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE, w int)"
STATEMENTS = (
    "INSERT INTO t (v) VALUES ('a')",
    "INSERT INTO t (v) VALUES ('b'), ('c') RETURNING id",
    "UPDATE t SET w = 1 WHERE v <> 'a'",
    "INSERT INTO t (v) VALUES ('b') ON CONFLICT (v) DO UPDATE SET w = 7 RETURNING *",
    "INSERT INTO t (v) VALUES ('b') ON CONFLICT DO NOTHING",
    "DELETE FROM t WHERE v = 'a' RETURNING v",
    "SELECT lastval(), pg_current_xact_id_if_assigned() IS NULL",
    "TRUNCATE t",
)


def observed(bench: Bench) -> list[Any]:
    seen: list[Any] = []
    with bench.app.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)
            seen += [cursor.statusmessage, cursor.rowcount, cursor.fetchall() if cursor.description else None]
    return seen


def test_results_are_the_same(bench: Bench) -> None:
    bench.start(SCHEMA)
    recorded = observed(bench)
    bench.run("DROP SCHEMA dataflow_testkit CASCADE; DROP TABLE t; " + SCHEMA)
    assert observed(bench) == recorded


def test_an_error_reads_the_same(bench: Bench) -> None:
    bench.start(SCHEMA)
    bench.run("INSERT INTO t (v) VALUES ('a')")
    with pytest.raises(
        bench.place.integrity_error, match=r'^duplicate key value .* "t_v_key"\nDETAIL:  Key \(v\)=\(a\).*\n$'
    ):
        bench.run("INSERT INTO t (v) VALUES ('a')")


def test_everything_of_the_journal_is_in_a_schema_that_discovery_does_not_see(bench: Bench) -> None:
    bench.start(SCHEMA)
    discovered = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    assert bench.run(discovered) == [("t",)]
    assert bench.run("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == []
    assert "dataflow_testkit" not in str(bench.run("SHOW search_path"))


def test_tables_can_be_altered_and_dropped_while_they_are_recorded(bench: Bench) -> None:
    bench.start(SCHEMA + "; INSERT INTO t (v, w) VALUES ('a', 1)")
    bench.run("ALTER TABLE t DROP COLUMN w; ALTER TABLE t ALTER COLUMN id TYPE bigint; ALTER TABLE t ADD COLUMN x text")
    bench.run("INSERT INTO t (v, x) VALUES ('b', 'y'); ALTER TABLE t RENAME TO u; UPDATE u SET x = 'z'")
    assert bench.run("SELECT * FROM u ORDER BY id") == [(1, "a", "z"), (2, "b", "z")]
    bench.run("DROP TABLE u")


def test_another_role_than_the_owner_can_write(bench: Bench) -> None:
    bench.start(SCHEMA)
    role = f"{bench.place.name}_app"
    with bench.place.admin.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT ALL ON t, t_id_seq TO {role}")
    try:
        bench.journal.refresh()
        application = bench.connect(user=role, password="x")
        mark = bench.journal.mark()
        bench.run("INSERT INTO t (v) VALUES ('a'); UPDATE t SET w = 2", on=application)
        assert [change.kind for change in bench.journal.changes(mark)] == ["insert", "update"]
        bench.journal.undo(mark)
        assert bench.run("SELECT count(*) FROM t") == [(0,)]
    finally:
        with bench.place.admin.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_prepared_statements_survive_an_undo(bench: Bench) -> None:
    bench.start(SCHEMA + "; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
             "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()")  # fmt: skip
    bench.run("PREPARE p AS INSERT INTO t (v) VALUES ($1) RETURNING id")
    mark = bench.journal.mark()
    for _ in range(3):
        assert bench.run("EXECUTE p('a')") == [(1,)]
        bench.journal.undo(mark)


def test_installing_again_replaces_what_an_earlier_journal_left(bench: Bench) -> None:
    bench.start(SCHEMA)
    bench.run("INSERT INTO t (v) VALUES ('a')")
    bench.run('CREATE TABLE dataflow_testkit.marker (v int); ALTER TABLE t DISABLE TRIGGER "!dataflow_testkit_row"')
    bench.journal.install()
    assert bench.journal.head() == 0
    assert bench.undone("DELETE FROM t") == "journal"
    assert bench.run("SELECT count(*) FROM dataflow_testkit.marker") == [(0,)]
    ours = "SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass AND tgname LIKE '!dataflow%'"
    assert bench.run(ours) == [(2,)]
