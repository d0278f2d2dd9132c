"""What an application on PostgreSQL sees of its own writes and of its schema is the same with a journal as without."""

from __future__ import annotations

from typing import Any

import pytest
from postgresql_bench import PostgresqlBench

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


def observed(pg: PostgresqlBench) -> list[Any]:
    seen: list[Any] = []
    with pg.app.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)
            seen += [cursor.statusmessage, cursor.rowcount, cursor.fetchall() if cursor.description else None]
    return seen


def test_results_are_the_same(pg: PostgresqlBench) -> None:
    pg.run(SCHEMA)
    pg.journal.install()
    recorded = observed(pg)
    pg.run("DROP SCHEMA dataflow_testkit CASCADE; DROP TABLE t; " + SCHEMA)
    assert observed(pg) == recorded


def test_an_error_reads_the_same(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    pg.run("INSERT INTO t (v) VALUES ('a')")
    with pytest.raises(
        pg.app.IntegrityError, match=r'^duplicate key value .* "t_v_key"\nDETAIL:  Key \(v\)=\(a\).*\n$'
    ):
        pg.run("INSERT INTO t (v) VALUES ('a')")


def test_everything_of_the_journal_is_in_a_schema_that_discovery_does_not_see(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    discovered = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    assert pg.rows(discovered) == [("t",)]
    assert pg.rows("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == []
    assert "dataflow_testkit" not in str(pg.rows("SHOW search_path"))


def test_tables_can_be_altered_and_dropped_while_they_are_recorded(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA + "; INSERT INTO t (v, w) VALUES ('a', 1)")
    pg.run("ALTER TABLE t DROP COLUMN w; ALTER TABLE t ALTER COLUMN id TYPE bigint; ALTER TABLE t ADD COLUMN x text")
    pg.run("INSERT INTO t (v, x) VALUES ('b', 'y'); ALTER TABLE t RENAME TO u; UPDATE u SET x = 'z'")
    assert pg.rows("SELECT * FROM u ORDER BY id") == [(1, "a", "z"), (2, "b", "z")]
    pg.run("DROP TABLE u")


def test_another_role_than_the_owner_can_write(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    role = f"{pg.database.name}_app"
    with pg.database.admin.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT ALL ON t, t_id_seq TO {role}")
    try:
        pg.journal.refresh()
        application = pg.connect(user=role, password="x")
        mark = pg.journal.mark()
        pg.run("INSERT INTO t (v) VALUES ('a'); UPDATE t SET w = 2", on=application)
        assert [change.kind for change in pg.journal.changes(mark)] == ["insert", "update"]
        pg.journal.undo(mark)
        assert pg.rows("SELECT count(*) FROM t") == [(0,)]
    finally:
        with pg.database.admin.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_prepared_statements_survive_an_undo(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA + "; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
             "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()")  # fmt: skip
    pg.run("PREPARE p AS INSERT INTO t (v) VALUES ($1) RETURNING id")
    mark = pg.journal.mark()
    for _ in range(3):
        assert pg.rows("EXECUTE p('a')") == [(1,)]
        pg.journal.undo(mark)


def test_installing_again_replaces_what_an_earlier_journal_left(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    pg.run("INSERT INTO t (v) VALUES ('a')")
    pg.run('CREATE TABLE dataflow_testkit.marker (v int); ALTER TABLE t DISABLE TRIGGER "!dataflow_testkit_row"')
    pg.journal.install()
    assert pg.journal.head() == 0
    assert pg.undone("DELETE FROM t") == "journal"
    assert pg.rows("SELECT count(*) FROM dataflow_testkit.marker") == [(0,)]
    assert pg.rows("SELECT count(*) FROM pg_trigger WHERE tgname LIKE '!dataflow%'") == [(2,)]
