"""The application's triggers, rules and policies work as ever on PostgreSQL, stay silent during undo, and stay."""

from __future__ import annotations

import pytest
from journal_bench import Bench

AUDITED = """
CREATE TABLE t (id int PRIMARY KEY, v text, touched int DEFAULT 0);
CREATE TABLE audit (id serial PRIMARY KEY, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  INSERT INTO audit (what) VALUES (TG_NAME || TG_OP); RETURN coalesce(NEW, OLD); END$$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.touched := NEW.touched + 1; RETURN NEW; END$$;
CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  UPDATE t SET v = v || '+' WHERE id <> NEW.id AND v NOT LIKE '%+'; RETURN NULL; END$$;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'append only'; END$$;
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER "Statement" AFTER INSERT OR UPDATE ON t EXECUTE FUNCTION note();
CREATE CONSTRAINT TRIGGER deferred AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER " first" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION later();
CREATE TRIGGER never AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE t DISABLE TRIGGER never;
CREATE TRIGGER always AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE t ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b');
"""


def test_undo_fires_none_of_them(bench: Bench) -> None:
    bench.start(AUDITED)
    assert bench.undone("UPDATE t SET v = 'z'") == "journal"
    assert bench.undone("INSERT INTO t (id, v) VALUES (3, 'c'), (4, 'd')") == "journal"
    assert bench.undone("DELETE FROM t", "INSERT INTO t (id, v) VALUES (1, 'x')") == "journal"


def test_they_fire_as_before_after_an_undo(bench: Bench) -> None:
    bench.start(AUDITED)
    mark = bench.journal.mark()
    seen = []
    for _ in range(2):
        bench.run("INSERT INTO t (id, v) VALUES (3, 'c'); DELETE FROM t WHERE id = 1")
        seen.append(bench.run("SELECT what FROM audit ORDER BY id") + bench.run("SELECT * FROM t ORDER BY id"))
        bench.journal.undo(mark)
    assert seen[0] == seen[1]


def test_an_undo_that_switched_triggers_is_no_change_of_the_schema(bench: Bench) -> None:
    bench.start(AUDITED)
    mark = bench.journal.mark()
    bench.run("UPDATE t SET v = 'z'")
    bench.journal.undo(mark)
    signature = bench.journal._trigger_set.signature
    bench.run("UPDATE t SET v = 'z'")
    bench.journal.undo(mark)
    look = bench.journal._trigger_set.observe()
    assert look is not None
    assert look.signature == signature


def test_a_change_is_recorded_before_the_changes_that_triggers_make_of_it(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE t (id int PRIMARY KEY, v int);"
        "CREATE FUNCTION add() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN UPDATE t SET v = v + 1 WHERE id = NEW.id; RETURN NULL; END$$;"
        'CREATE TRIGGER "A" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION add()'
    )
    mark = bench.journal.mark()
    bench.run("INSERT INTO t VALUES (1, 0)")
    assert [(change.kind, change.after) for change in bench.journal.changes(mark)] == [
        ("insert", {"id": 1, "v": 0}),
        ("update", {"id": 1, "v": 1}),
    ]


def test_rows_that_a_trigger_changes_before_their_own_change_is_recorded(bench: Bench) -> None:
    """PostgreSQL fires triggers of rows when the statement is done, so this update is recorded before the insert."""
    bench.start(AUDITED)
    assert bench.undone("INSERT INTO t (id, v) VALUES (5, 'e'), (6, 'f'), (7, 'g')") == "journal"


@pytest.mark.parametrize("rule", ["INSTEAD NOTHING", "ALSO INSERT INTO log VALUES (OLD.id)"])
def test_rules(bench: Bench, rule: str) -> None:
    bench.start(
        "CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE log (v int); INSERT INTO t VALUES (1, 1), (2, 2);"
        f"CREATE RULE quiet AS ON DELETE TO t DO {rule}; CREATE RULE never AS ON UPDATE TO t DO INSTEAD NOTHING;"
        "ALTER TABLE t DISABLE RULE never"
    )
    assert bench.undone("INSERT INTO t VALUES (3, 3)", "UPDATE t SET v = 0") == "journal"
    assert bench.undone("DELETE FROM t WHERE id = 1") == ("nothing" if "NOTHING" in rule else "journal")


def test_row_level_security_that_hides_rows_even_from_the_owner(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE t (id int PRIMARY KEY, tenant text); INSERT INTO t VALUES (1, 'a'), (2, 'b');"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON t USING (tenant = current_setting('app.tenant', true))"
    )
    assert (
        bench.undone("SET app.tenant = 'a'", "UPDATE t SET id = id + 10", "INSERT INTO t VALUES (5, 'a')") == "journal"
    )
    assert bench.undone("SET app.tenant = 'b'", "DELETE FROM t") == "journal"
    assert bench.undone("TRUNCATE t", "INSERT INTO t VALUES (3, 'b')") == "saved state"
    bench.run("SET app.tenant = 'a'")
    assert bench.run("SELECT * FROM t") == [(1, "a")]


def test_a_session_whose_triggers_do_not_fire_is_recorded(bench: Bench) -> None:
    """Tools that load data switch triggers off like this; only a superuser may."""
    bench.start("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    loading = bench.place.connect_as_superuser(application_name="loading")
    assert bench.undone(
        "SET session_replication_role = replica", "DELETE FROM t", "INSERT INTO t VALUES (7)", on=loading
    ) == ("journal")
    loading.close()
