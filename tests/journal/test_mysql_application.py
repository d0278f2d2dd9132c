"""What an application sees of its own writes on MariaDB and MySQL is the same with triggers as without."""

from __future__ import annotations

import pytest
from mysql_bench import MysqlBench

from kailash_testkit.databases.mysql.naming import JOURNAL_PREFIX

SCHEMA = """
CREATE TABLE {0} (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20) UNIQUE, w INT);
CREATE TABLE {0}_plain (id INT PRIMARY KEY, w INT);
"""


def observed(my: MysqlBench, table: str) -> list[object]:
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
        with my.app.cursor() as cursor:
            cursor.execute(statement.format(t=table))
            seen += [statement, cursor.rowcount, cursor.lastrowid, my.app.insert_id(), cursor.warning_count]
            cursor.execute("SELECT ROW_COUNT(), LAST_INSERT_ID()")
            seen += cursor.fetchall()
    return seen


def test_counts_and_numbers_are_the_same(my: MysqlBench) -> None:
    my.start(SCHEMA.format("t"))
    mark = my.journal.mark()
    recorded = observed(my, "t")
    assert len(my.journal.changes(mark)) > 10
    my.app.close()
    my.leave()
    my.script("CREATE TABLE _dataflow_t LIKE t;\nCREATE TABLE _dataflow_t_plain LIKE t_plain")  # not recorded
    try:
        assert observed(my, "_dataflow_t") == recorded
    finally:
        my.run("DROP TABLE _dataflow_t, _dataflow_t_plain")


def test_only_a_number_set_by_an_update_is_asked_for_and_not_told(my: MysqlBench) -> None:
    """Any trigger at all has that effect on MariaDB; stated in the module's docstring."""
    my.start(SCHEMA.format("t"))
    my.run("INSERT INTO t (v) VALUES ('a')")
    with my.app.cursor() as cursor:
        cursor.execute("UPDATE t SET w = LAST_INSERT_ID(40)")
        assert cursor.lastrowid == 0
        cursor.execute("SELECT LAST_INSERT_ID()")
        assert cursor.fetchall() == ((40,),)


def test_an_error_of_the_application_reads_the_same(my: MysqlBench) -> None:
    my.start(SCHEMA.format("t"))
    my.run("INSERT INTO t (v) VALUES ('a')")
    with pytest.raises(my.database.driver.IntegrityError, match=r"Duplicate entry 'a' for key '(t\.)?v'"):
        my.run("INSERT INTO t (v) VALUES ('a')")


def test_prepared_statements_go_on_across_an_undo(my: MysqlBench) -> None:
    my.start(SCHEMA.format("t"))
    for statement in ("PREPARE adding FROM 'INSERT INTO t (v) VALUES (?)'", "SET @v = 'a'", "EXECUTE adding USING @v"):
        my.run(statement)
    my.run("DELETE FROM t")
    mark = my.journal.mark()
    for _ in range(2):
        my.run("EXECUTE adding USING @v")
        assert [change.kind for change in my.journal.changes(mark)] == ["insert"]
        my.journal.undo(mark)
    assert my.run("SELECT * FROM t") == []


def test_all_objects_of_the_journal_have_one_prefix_that_dataflow_skips(my: MysqlBench) -> None:
    my.start(SCHEMA.format("t"))
    named = "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"
    tables = {name for (name,) in my.run(named)}
    assert {name for name in tables if not name.startswith(JOURNAL_PREFIX)} == {"t", "t_plain"}
    named = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()"
    assert all(name.startswith(JOURNAL_PREFIX) for (name,) in my.run(named))


def test_another_user_of_the_database_is_recorded_and_needs_no_right_to_the_journal(my: MysqlBench) -> None:
    my.start(SCHEMA.format("t"))
    name = f"{my.database.name[:20]}_app"
    for statement in (f"CREATE USER {name}", f"GRANT INSERT, SELECT ON {my.database.name}.t TO {name}"):
        my.database.run(statement)
    try:
        mark = my.journal.mark()
        my.run("INSERT INTO t (v) VALUES ('a')", on=my.connect(user=name, password=""))
        assert [change.key for change in my.journal.changes(mark)] == [(1,)]
    finally:
        my.database.run(f"DROP USER {name}")
