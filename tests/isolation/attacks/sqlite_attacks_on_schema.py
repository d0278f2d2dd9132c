"""Attacks on a SQLite database's schema, on its header's numbers, and on what the kit keeps in it."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from attack import Attack, refused, undone
from sqlite_attacks_on_rows import script
from sqlite_target import SqliteTarget

WRITE = "INSERT INTO customers (name) VALUES ('after it')"


def drop_all_tables(target: SqliteTarget) -> None:
    """As a reset that reflects the tables: the kit's are among them."""
    for name in names(target, "table"):
        target.sql("PRAGMA foreign_keys = OFF", f'DROP TABLE IF EXISTS "{name}"')


def drop_all_and_make_tables(target: SqliteTarget) -> None:
    drop_all_tables(target)
    target.db.create_tables_sync()
    target.sql(WRITE)


def drop_triggers_of_journal(target: SqliteTarget) -> None:
    for name in names(target, "trigger"):
        if name.startswith("dataflow_testkit_"):
            target.sql(f'DROP TRIGGER "{name}"')
    target.sql(WRITE)


def drop_all_triggers(target: SqliteTarget) -> None:
    for name in names(target, "trigger"):
        target.sql(f'DROP TRIGGER "{name}"')


def drop_the_kits_tables(target: SqliteTarget) -> None:
    for name in names(target, "table"):
        if name.startswith("dataflow_testkit_"):
            target.sql(f'DROP TABLE "{name}"')


def names(target: SqliteTarget, kind: str) -> list[str]:
    query = f"SELECT name FROM sqlite_master WHERE type = '{kind}' AND name NOT LIKE 'sqlite_%'"
    return [str(row[0]) for row in target.sql(query)]  # type: ignore[index]


def edit_the_schema(target: SqliteTarget) -> None:
    with closing(target.connect()) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'entry TEXT', 'entry BLOB') WHERE name = 'audit'"
        )
        connection.execute("PRAGMA schema_version = 9999")


def keeping_the_number(*statements: str) -> Any:
    """Changes the schema, and puts the number back by which SQLite itself notices that."""

    def run(target: SqliteTarget) -> None:
        with closing(target.connect()) as connection:
            (number,) = connection.execute("PRAGMA schema_version").fetchone()
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA schema_version = {number}")

    return run


def temporary_things(target: SqliteTarget) -> None:
    connection = target.hold(target.connect())
    connection.execute("CREATE TEMP TABLE customers (id, name)")
    connection.execute("CREATE TEMP TRIGGER t AFTER INSERT ON main.customers BEGIN DELETE FROM heap; END")
    connection.execute("INSERT INTO main.customers (name) VALUES ('x')")


def twelve_steps(target: SqliteTarget) -> None:
    """How SQLite's manual alters a table."""
    target.sql(
        "PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON", "BEGIN",
        "CREATE TABLE made_anew (id INTEGER PRIMARY KEY, name TEXT, age)",
        "INSERT INTO made_anew (id, name) SELECT id, name FROM parents", "DROP TABLE parents",
        "ALTER TABLE made_anew RENAME TO parents", "COMMIT",
    )  # fmt: skip


ATTACKS: tuple[Attack, ...] = (
    undone("a table is made", "CREATE TABLE fresh (v)"),
    undone("a table is made and dropped", "CREATE TABLE fresh (v)", "DROP TABLE fresh", WRITE),
    undone("a table is made from another", "CREATE TABLE copied AS SELECT * FROM parents"),
    undone("a table is dropped", "DROP TABLE orders"),
    undone("a table with its trigger is dropped", "DROP TABLE parents"),
    undone("all tables are dropped", drop_all_tables),
    undone("all tables are dropped, and DataFlow's made again", drop_all_and_make_tables),
    undone("a table is dropped and made again", script("DROP TABLE heap", "CREATE TABLE heap (x)")),
    undone("a table is renamed", "ALTER TABLE heap RENAME TO pile"),
    undone(
        "a table is renamed and renamed back", "ALTER TABLE heap RENAME TO p", "ALTER TABLE p RENAME TO heap", WRITE
    ),
    undone(
        "two tables change names",
        script(
            "ALTER TABLE heap RENAME TO t",
            "ALTER TABLE audit RENAME TO heap",
            "ALTER TABLE t RENAME TO audit",
        ),
    ),
    undone("a column is added", "ALTER TABLE heap ADD COLUMN y DEFAULT 5"),
    undone("a column is renamed", "ALTER TABLE heap RENAME COLUMN x TO y"),
    undone("a table is altered in the manual's twelve steps", twelve_steps),
    undone("a column is dropped", "ALTER TABLE customers DROP COLUMN name", "INSERT INTO customers DEFAULT VALUES"),
    undone(
        "a column is dropped within a transaction",
        script("BEGIN", "DELETE FROM heap", "ALTER TABLE settings DROP COLUMN value", "COMMIT"),
    ),
    refused(
        "a column that another is computed of is dropped", "ALTER TABLE priced DROP COLUMN tax", says="no such column"
    ),
    undone("an index is made", "CREATE UNIQUE INDEX fresh ON children (id)"),
    undone("an index is dropped", "DROP INDEX by_parent"),
    undone("an index is made otherwise", "DROP INDEX by_parent", "CREATE INDEX by_parent ON children (parent DESC)"),
    undone("a view is made", "CREATE VIEW fresh AS SELECT 1"),
    undone("a view is dropped", "DROP VIEW names"),
    undone("a view is made otherwise", "DROP VIEW names", "CREATE VIEW names AS SELECT id FROM parents"),
    undone(
        "a trigger is made",
        "CREATE TRIGGER fresh AFTER INSERT ON heap BEGIN DELETE FROM orders; END",
        "INSERT INTO heap VALUES (5)",
    ),
    undone("a trigger is dropped", "DROP TRIGGER audited"),
    undone(
        "a trigger is made otherwise",
        "DROP TRIGGER audited",
        "CREATE TRIGGER audited AFTER DELETE ON parents BEGIN SELECT 1; END",
    ),
    undone("all triggers are dropped, the journal's too", drop_all_triggers),
    undone("the journal's triggers are dropped", drop_triggers_of_journal),
    undone("the journal is emptied", WRITE, "DELETE FROM dataflow_testkit_journal"),
    undone("the journal is written", WRITE, "UPDATE dataflow_testkit_journal SET source = 99"),
    undone(
        "rows are planted in the journal",
        WRITE,
        "INSERT INTO dataflow_testkit_journal (rowid, source) VALUES (999999, 1)",
    ),
    undone("the journal is dropped", WRITE, "DROP TABLE dataflow_testkit_journal"),
    undone("the kit's tables are dropped", WRITE, drop_the_kits_tables),
    undone("the marker of the kit is emptied", WRITE, "DELETE FROM dataflow_testkit_marker"),
    undone("the text of the schema is edited", edit_the_schema),
    undone(
        "the text of the schema is edited under its number",
        script(
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = replace(sql, 'entry TEXT', 'entry BLOB') WHERE name = 'audit'",
            WRITE,
        ),
    ),
    undone(
        "a row of the schema is removed",
        script("PRAGMA writable_schema = ON", "DELETE FROM sqlite_master WHERE name = 'by_parent'", WRITE),
    ),
    undone("an index is made under the schema's number", keeping_the_number("CREATE INDEX fresh ON heap (x)")),
    undone("a view is dropped under the schema's number, and rows", keeping_the_number("DROP VIEW names", WRITE)),
    undone("a generated column is added", "ALTER TABLE heap ADD COLUMN g AS (x || '!')", "DELETE FROM heap"),
    undone(
        "a full-text index of a table",
        "CREATE VIRTUAL TABLE ft USING fts5 (name, content = 'parents', content_rowid = 'id')",
        "INSERT INTO ft (ft) VALUES ('rebuild')",
        "CREATE TRIGGER f AFTER INSERT ON parents BEGIN INSERT INTO ft (rowid, name) VALUES (new.id, new.name); END",
        "INSERT INTO parents (name) VALUES ('indexed')",
    ),
    undone("the journal gets a column", WRITE, "ALTER TABLE dataflow_testkit_journal ADD COLUMN more"),
    undone("the journal's numbers move", WRITE, "UPDATE dataflow_testkit_journal SET rowid = rowid + 1000"),
    undone("temporary tables and triggers", temporary_things),
    undone("a virtual table is made", "CREATE VIRTUAL TABLE fresh USING fts5 (body)", "INSERT INTO fresh VALUES ('x')"),
    undone("a strict table is made", "CREATE TABLE fresh (v INTEGER) STRICT"),
    undone("VACUUM", script("DELETE FROM heap WHERE rowid < 4", "VACUUM")),
    undone("ANALYZE", "ANALYZE"),
    undone("REINDEX", WRITE, "REINDEX"),
    undone("the user version", "PRAGMA user_version = 8"),
    undone("the application id", "PRAGMA application_id = 1"),
    undone("the schema version", WRITE, "PRAGMA schema_version = 12345"),
    refused(
        "the page size",
        script("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 8192", "VACUUM", WRITE),
        says="locked",
    ),
    undone("the encoding", "PRAGMA encoding = 'UTF-16'", WRITE),
    undone("automatic vacuum", script("PRAGMA auto_vacuum = FULL", "VACUUM")),
    refused("the journal mode", script("PRAGMA journal_mode = DELETE", WRITE), says="locked"),
    undone(
        "synchronous, cache and limits",
        script(
            "PRAGMA synchronous = OFF",
            "PRAGMA cache_size = 10",
            "PRAGMA max_page_count = 99999",
            WRITE,
        ),
    ),
)
