"""The application's triggers work as ever, stay silent during undo, and are there afterwards."""

from __future__ import annotations

from journal_bench import Bench

AUDITED = """
CREATE TABLE t (id INTEGER PRIMARY KEY, v, touched INTEGER DEFAULT 0);
CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, what);
CREATE TRIGGER first AFTER UPDATE ON t BEGIN INSERT INTO audit (what) VALUES ('first ' || new.v); END;
CREATE TRIGGER second AFTER UPDATE ON t BEGIN INSERT INTO audit (what) VALUES ('second ' || new.v); END;
CREATE TRIGGER third AFTER INSERT ON t BEGIN UPDATE t SET touched = touched + 1 WHERE id = new.id; END;
CREATE TRIGGER fourth BEFORE DELETE ON t BEGIN UPDATE t SET touched = 9 WHERE id = old.id; END;
INSERT INTO t (id, v) VALUES (1, 'a');
"""


def test_undo_fires_none_of_them(bench: Bench) -> None:
    bench.start(AUDITED)
    assert bench.undone("UPDATE t SET v = 'b'", "INSERT INTO t (v) VALUES ('c')", "DELETE FROM t") == "journal"


def test_a_change_is_recorded_before_the_changes_that_triggers_make_of_it(bench: Bench) -> None:
    bench.start(AUDITED)
    for _ in range(2):  # the order holds after an undo as well
        mark = bench.journal.mark()
        bench.app.execute("INSERT INTO t (id, v) VALUES (5, 'c')")
        kinds = [(change.kind, change.after and change.after["touched"]) for change in bench.journal.changes(mark)
                 if change.table == "t"]  # fmt: skip
        assert kinds == [("insert", 0), ("update", 1)]
        bench.journal.undo(mark)


def test_a_trigger_made_later_comes_after_the_journals_from_the_next_mark_on(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a')")
    bench.app.execute(
        "CREATE TRIGGER late AFTER UPDATE OF v ON t BEGIN UPDATE t SET id = id + 100 WHERE id = new.id; END"
    )
    assert bench.undone("UPDATE t SET v = 'b'", "INSERT INTO t VALUES (1, 'new')") == "journal"
    bench.app.execute("CREATE TRIGGER later AFTER INSERT ON t BEGIN UPDATE t SET id = -id WHERE id = new.id; END")
    assert bench.undone("INSERT INTO t VALUES (2, 'c')", "INSERT INTO t VALUES (3, 'd')") == "journal"


def test_a_row_changed_by_a_trigger_just_before_replace_removes_it(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, u UNIQUE, n); INSERT INTO t VALUES (1, 'a', 0);"
        "CREATE TRIGGER b BEFORE INSERT ON t BEGIN UPDATE t SET n = n + 1 WHERE u = new.u; END"
    )
    outer, first = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute("REPLACE INTO t VALUES (2, 'a', 0)")
    inner, second = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute("CREATE TABLE fresh (v)")
    bench.journal.undo(inner)
    assert bench.journal.fingerprint() == second
    bench.journal.undo(outer)
    assert bench.journal.fingerprint() == first


def test_a_row_that_a_trigger_deletes_while_it_is_being_updated(bench: Bench) -> None:
    """The cascade fires the trigger after the row has its new key, and before the journal's trigger is due."""
    bench.start(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, v); INSERT INTO p VALUES (1, 'a');"
        "CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p ON UPDATE CASCADE ON DELETE SET NULL);"
        "INSERT INTO c VALUES (1, 1);"
        "CREATE TRIGGER gone AFTER UPDATE ON c BEGIN DELETE FROM p WHERE id = new.p; END"
    )
    mark = bench.journal.mark()
    bench.app.execute("UPDATE p SET id = 2")
    assert bench.run("SELECT * FROM p") == []
    assert bench.run("SELECT * FROM c") == [(1, None)]
    told = [(change.kind, change.key) for change in bench.journal.changes(mark) if change.table == "p"]
    assert told == [("update", (1,)), ("delete", (2,))]
    bench.journal.undo(mark)
    assert bench.undone("UPDATE p SET id = 2") == "journal"
