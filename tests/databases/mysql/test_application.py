"""What an application sees of its own writes on MariaDB and MySQL is the same with triggers as without."""

from __future__ import annotations

import pytest
from journal_bench import Bench

from kailash_testkit.databases.mysql.naming import JOURNAL_PREFIX

SCHEMA = """
CREATE TABLE {0} (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20) UNIQUE, w INT);
CREATE TABLE {0}_plain (id INT PRIMARY KEY, w INT);
"""


def observed(bench: Bench, table: str) -> list[object]:
    """Everything that the server tells about a series of writes."""
    seen: list[object] = []
    for statement in (
        "INSERT INTO {t} (v) VALUES ('a')",
        "INSERT INTO {t} (v) VALUES ('b'), ('c')",
        "INSERT INTO {t}_plain VALUES (5, 1), (6, 1)",
        "UPDATE {t} SET w = 1 WHERE v <> 'a'",
        "UPDATE {t} SET w = 1",
        "REPLACE INTO {t} (v) VALUES ('a')",
        "INSERT IGNORE INTO {t} (v) VALUES ('a')",
        "INSERT INTO {t} (v) VALUES ('b') ON DUPLICATE KEY UPDATE w = 7",
        "INSERT INTO {t} (v) VALUES ('b') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), w = 8",
        "INSERT INTO {t} (id, v) VALUES (70, 'x')",
        "DELETE FROM {t} WHERE v = 'b'",
        "DELETE FROM {t}",
    ):
        with bench.app.cursor() as cursor:
            cursor.execute(statement.format(t=table))
            seen += [statement, cursor.rowcount, cursor.lastrowid, bench.app.insert_id(), cursor.warning_count]
            cursor.execute("SELECT ROW_COUNT(), LAST_INSERT_ID()")
            seen += cursor.fetchall()
    return seen


def test_counts_and_numbers_are_the_same(bench: Bench) -> None:
    bench.start(SCHEMA.format("t"))
    mark = bench.journal.mark()
    recorded = observed(bench, "t")
    assert len(bench.journal.changes(mark)) > 10
    bench.app.close()
    bench.leave()
    bench.script("CREATE TABLE _dataflow_t LIKE t;\nCREATE TABLE _dataflow_t_plain LIKE t_plain")  # not recorded
    try:
        assert observed(bench, "_dataflow_t") == recorded
    finally:
        bench.run("DROP TABLE _dataflow_t, _dataflow_t_plain")


def test_only_a_number_set_by_an_update_is_asked_for_and_not_told(bench: Bench) -> None:
    """Any trigger at all has that effect on MariaDB; stated in the module's docstring."""
    bench.start(SCHEMA.format("t"))
    bench.run("INSERT INTO t (v) VALUES ('a')")
    with bench.app.cursor() as cursor:
        cursor.execute("UPDATE t SET w = LAST_INSERT_ID(40)")
        assert cursor.lastrowid == 0
        cursor.execute("SELECT LAST_INSERT_ID()")
        assert cursor.fetchall() == ((40,),)


def test_an_error_of_the_application_reads_the_same(bench: Bench) -> None:
    bench.start(SCHEMA.format("t"))
    bench.run("INSERT INTO t (v) VALUES ('a')")
    with pytest.raises(bench.place.integrity_error, match=r"Duplicate entry 'a' for key '(t\.)?v'"):
        bench.run("INSERT INTO t (v) VALUES ('a')")


def test_prepared_statements_go_on_across_an_undo(bench: Bench) -> None:
    bench.start(SCHEMA.format("t"))
    for statement in ("PREPARE adding FROM 'INSERT INTO t (v) VALUES (?)'", "SET @v = 'a'", "EXECUTE adding USING @v"):
        bench.run(statement)
    bench.run("DELETE FROM t")
    mark = bench.journal.mark()
    for _ in range(2):
        bench.run("EXECUTE adding USING @v")
        assert [change.kind for change in bench.journal.changes(mark)] == ["insert"]
        bench.journal.undo(mark)
    assert bench.run("SELECT * FROM t") == []


def test_all_objects_of_the_journal_have_one_prefix_that_dataflow_skips(bench: Bench) -> None:
    bench.start(SCHEMA.format("t"))
    named = "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"
    tables = {name for (name,) in bench.run(named)}
    assert {name for name in tables if not name.startswith(JOURNAL_PREFIX)} == {"t", "t_plain"}
    named = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()"
    assert all(name.startswith(JOURNAL_PREFIX) for (name,) in bench.run(named))


def test_another_user_of_the_database_is_recorded_and_needs_no_right_to_the_journal(bench: Bench) -> None:
    bench.start(SCHEMA.format("t"))
    name = f"{bench.place.name[:20]}_app"
    for statement in (f"CREATE USER {name}", f"GRANT INSERT, SELECT ON {bench.place.name}.t TO {name}"):
        bench.place.run(statement)
    try:
        mark = bench.journal.mark()
        bench.run("INSERT INTO t (v) VALUES ('a')", on=bench.connect(user=name, password=""))
        assert [change.key for change in bench.journal.changes(mark)] == [(1,)]
    finally:
        bench.place.run(f"DROP USER {name}")


def test_a_table_that_was_renamed_takes_writes_which_are_undone(bench: Bench) -> None:
    """The journal's triggers name tables and columns, and MariaDB renames nothing in a trigger."""
    bench.start(SCHEMA.format("t"))
    bench.run("INSERT INTO t (v, w) VALUES ('a', 1), ('b', 2)")
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("ALTER TABLE t RENAME TO u")
    for write in ("UPDATE u SET w = 5", "UPDATE u SET id = id + 10", "UPDATE IGNORE u SET v = 'a'", "DELETE FROM u"):
        bench.run(write)
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before


def test_a_column_that_was_renamed_refuses_writes_until_the_next_mark(bench: Bench) -> None:
    bench.start(SCHEMA.format("t"))
    bench.run("ALTER TABLE t CHANGE COLUMN w y INT")
    with pytest.raises(bench.refused, match="Unknown column 'w' in 'NEW'"):
        bench.run("INSERT INTO t (v) VALUES ('b')")
    bench.journal.mark()
    bench.run("INSERT INTO t (v) VALUES ('b')")
