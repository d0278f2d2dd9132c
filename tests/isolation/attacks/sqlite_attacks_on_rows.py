"""Attacks on a SQLite database's rows and counters."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import Any

import aiosqlite
from attack import Attack, refused, undone
from sqlite_target import SqliteTarget

from kailash_testkit.internals.dataflow_loops import close_in_running_loop


def script(*statements: str) -> Any:
    """Runs statements on one connection."""
    return lambda target: target.sql(*statements)


def without_foreign_keys(*statements: str) -> Any:
    return script("PRAGMA foreign_keys = OFF", *statements)


def blob(table: str, column: str, row: int, content: bytes, *statements: str) -> Any:
    """Writes into a stored value in place, which fires no triggers."""

    def write(target: SqliteTarget) -> None:
        with closing(target.connect()) as connection:
            for statement in statements:
                connection.execute(statement)
            with connection.blobopen(table, column, row) as opened:
                opened.write(content)

    return write


def many(statement: str, rows: list[tuple[object, ...]]) -> Any:
    def write(target: SqliteTarget) -> None:
        with closing(target.connect()) as connection:
            connection.executemany(statement, rows)

    return write


def with_dataflow(target: SqliteTarget) -> None:
    async def write() -> None:
        await target.db.express.create("Customer", {"name": "by express"})
        await target.db.express.update("Customer", 1, {"name": "changed"})
        await target.db.express.delete("Order", 1)
        await close_in_running_loop(target.db)

    asyncio.run(write())


def with_aiosqlite(target: SqliteTarget) -> None:
    async def write() -> None:
        async with aiosqlite.connect(target.path) as connection:
            await connection.execute("DELETE FROM customers")
            await connection.commit()

    asyncio.run(write())


def in_a_thread(target: SqliteTarget) -> None:
    thread = threading.Thread(target=target.sql, args=("UPDATE heap SET x = 'by a thread'",))
    thread.start()
    thread.join()


def in_a_process(target: SqliteTarget) -> None:
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM orders'); c.commit()"
    subprocess.run([sys.executable, "-S", "-c", program, target.path], check=True)


def with_pandas_like_replacement(target: SqliteTarget) -> None:
    """As DataFrame.to_sql(if_exists="replace")."""
    target.sql(
        "DROP TABLE customers",
        'CREATE TABLE customers ("index" BIGINT, name TEXT)',
        "INSERT INTO customers VALUES (0, 'Ada')",
    )


def through_a_function(target: SqliteTarget) -> None:
    with closing(target.connect()) as connection:
        connection.create_function("shout", 1, str.upper)
        connection.execute("UPDATE customers SET name = shout(name)")


def with_recursive_triggers(target: SqliteTarget) -> None:
    target.sql("PRAGMA recursive_triggers = ON", "REPLACE INTO parents VALUES (9, 'one')")


def by_attaching(target: SqliteTarget) -> None:
    """The test database is the attached one."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS shop", (str(target.path),))
        connection.execute("INSERT INTO shop.customers (name) VALUES ('from outside')")


ATTACKS: tuple[Attack, ...] = (
    undone("a row comes", "INSERT INTO customers (name) VALUES ('new')"),
    undone("every row of a table is changed", "UPDATE customers SET name = 'x'"),
    undone("a table is emptied", "DELETE FROM orders"),
    undone("rows go, and a trigger writes of it", "DELETE FROM parents WHERE id = 1"),
    undone("rows go, with what cascades", "DELETE FROM parents WHERE id = 2"),
    undone("a key changes, with what cascades", "UPDATE parents SET id = 50 WHERE id = 1"),
    undone("a row is replaced", "REPLACE INTO parents VALUES (1, 'other')"),
    undone("a row is replaced by another of the same name", "REPLACE INTO parents VALUES (9, 'one')"),
    undone("the same, with recursive triggers", with_recursive_triggers),
    undone("an update replaces a row", "UPDATE OR REPLACE parents SET name = 'two' WHERE id = 1"),
    undone("an upsert", "INSERT INTO parents VALUES (1, 'x') ON CONFLICT DO UPDATE SET name = excluded.name"),
    undone("an insert that ignores what is there", "INSERT OR IGNORE INTO parents VALUES (1, 'x'), (5, 'five')"),
    undone(
        "a row goes and another comes in its place",
        script("DELETE FROM heap WHERE rowid = 1", "INSERT INTO heap (rowid, x) VALUES (1, 2)"),
    ),
    undone("row numbers change", "UPDATE heap SET rowid = rowid + 100"),
    undone("rows of a table without row numbers", "UPDATE settings SET value = 8", "DELETE FROM settings"),
    undone("a key differs only in case", "REPLACE INTO settings VALUES ('COLOUR', 'blue')"),
    undone("rows of a strict table", "UPDATE strict_ones SET amount = 0.1 + 0.2"),
    undone("generated columns", "UPDATE priced SET net = 7", "INSERT INTO priced (net, tax) VALUES (1, 2)"),
    undone("a number turns into a text", "UPDATE heap SET x = '1' WHERE rowid = 1"),
    undone("a whole number turns into a float", "UPDATE heap SET x = 1.0 WHERE rowid = 1"),
    undone("a text turns into a blob", "UPDATE heap SET x = x'31' WHERE rowid = 2"),
    undone("NULL turns into an empty text", "UPDATE heap SET x = '' WHERE x IS NULL"),
    undone("an empty text turns into NULL", "UPDATE heap SET x = NULL WHERE x = ''"),
    undone("an empty blob turns into an empty text", "UPDATE heap SET x = '' WHERE rowid = 9"),
    undone("infinity, and what is no number", "INSERT INTO heap VALUES (9e999), (-9e999), (9e999 - 9e999)"),
    undone(
        "the largest and the smallest number", "INSERT INTO heap VALUES (9223372036854775807), (-9223372036854775808)"
    ),
    undone("a text in a column of numbers", "UPDATE orders SET total = 'much'"),
    undone("a text that is not UTF-8", "INSERT INTO heap VALUES (CAST(x'ff80' AS TEXT))"),
    undone("a text with a NUL", "INSERT INTO heap VALUES ('a' || char(0) || 'b')"),
    undone("a zero with a sign", "UPDATE strict_ones SET amount = -0.0"),
    undone("a float's last bit", "UPDATE strict_ones SET amount = 1.5000000000000002"),
    undone("a blob of eight megabytes", "INSERT INTO heap VALUES (zeroblob(8000000))"),
    undone("three thousand rows", many("INSERT INTO heap VALUES (?)", [(number,) for number in range(3000)])),
    undone("a stored blob is written in place", blob("files", "content", 1, b"\xff")),
    undone("a stored text is written in place", blob("files", "name", 2, b"N")),
    undone(
        "a blob is written in place beside recorded changes", blob("files", "content", 1, b"\xff", "DELETE FROM orders")
    ),
    undone("a text is written in place beside recorded changes", blob("files", "name", 2, b"N", "DELETE FROM orders")),
    undone(
        "a text is written in place that the test stored",
        "INSERT INTO heap VALUES ('text')",
        blob("heap", "x", 10, b"T", "DELETE FROM parents"),
    ),
    undone(
        "a blob is written in place that the test stored",
        "INSERT INTO files VALUES ('x', x'00')",
        blob("files", "content", 3, b"\xff"),
    ),
    undone(
        "rows of a view's table, by a trigger",
        script(
            "CREATE TRIGGER t INSTEAD OF INSERT ON names BEGIN INSERT INTO parents (name) VALUES (new.name); END",
            "INSERT INTO names VALUES ('through the view')",
        ),
    ),
    undone("orphans, with foreign keys off", without_foreign_keys("DELETE FROM parents WHERE id = 1")),
    undone("a row without its parent", without_foreign_keys("INSERT INTO children (parent) VALUES (999)")),
    undone(
        "what a check forbids", script("PRAGMA ignore_check_constraints = ON", "UPDATE strict_ones SET amount = -1")
    ),
    undone(
        "foreign keys checked at the end",
        script(
            "PRAGMA defer_foreign_keys = ON",
            "BEGIN",
            "INSERT INTO children (parent) VALUES (77)",
            "INSERT INTO parents VALUES (77, 'late')",
            "COMMIT",
        ),
    ),
    undone("automatic numbers", "INSERT INTO children (parent) VALUES (1)", "DELETE FROM children WHERE id > 3"),
    undone("the table of automatic numbers is written", "UPDATE sqlite_sequence SET seq = 5000"),
    undone("the table of automatic numbers is emptied", "DELETE FROM sqlite_sequence"),
    undone("a savepoint, released", script("SAVEPOINT a", "DELETE FROM heap", "RELEASE a")),
    undone(
        "a savepoint, half rolled back",
        script(
            "BEGIN",
            "DELETE FROM heap WHERE rowid = 1",
            "SAVEPOINT a",
            "DELETE FROM heap",
            "ROLLBACK TO a",
            "COMMIT",
        ),
    ),
    undone("by DataFlow", with_dataflow),
    undone("by aiosqlite", with_aiosqlite),
    undone("by a thread", in_a_thread),
    undone("by another process", in_a_process),
    undone("by a connection that attached the test database", by_attaching),
    undone("by a function of the application's", through_a_function),
    undone("a table is written anew by a data frame", with_pandas_like_replacement),
    refused("a table of the schema is written", "UPDATE sqlite_master SET sql = ''", says="may not be modified"),
    refused("a row that a constraint refuses", "INSERT INTO strict_ones VALUES (2, 'text')", says="cannot store TEXT"),
)
