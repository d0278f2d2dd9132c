"""SQLite under attack, and its judge: own SQL over sqlite_master, and a look at the files."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from target import Target

_SETTINGS = ("user_version", "application_id", "auto_vacuum", "page_size", "encoding", "journal_mode")
_OF_DATAFLOW = {
    "dataflow_migration_history", "dataflow_migration_lock", "dataflow_migration_locks", "dataflow_migration_queue",
    "dataflow_migrations", "dataflow_model_registry",
}  # fmt: skip


class SqliteTarget(Target):
    kind = "sqlite"
    schema = (
        "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
        "CREATE TABLE children (id INTEGER PRIMARY KEY AUTOINCREMENT, parent INTEGER REFERENCES parents"
        " ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE settings (key TEXT COLLATE NOCASE PRIMARY KEY, value) WITHOUT ROWID",
        "CREATE TABLE strict_ones (id INTEGER PRIMARY KEY, amount REAL NOT NULL CHECK (amount >= 0)) STRICT",
        "CREATE TABLE priced (net INTEGER, tax INTEGER, gross AS (net + tax) STORED, shown AS (net || ' EUR'))",
        "CREATE TABLE heap (x)",
        "CREATE TABLE files (name TEXT, content BLOB)",
        "CREATE TABLE audit (entry TEXT)",
        "CREATE TRIGGER audited AFTER DELETE ON parents BEGIN INSERT INTO audit VALUES ('gone: ' || old.name); END",
        "CREATE VIEW names AS SELECT name FROM parents",
        "CREATE INDEX by_parent ON children (parent)",
        "PRAGMA user_version = 7",
    )
    rows = (
        "INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace')",
        "INSERT INTO orders (customer_id, total) VALUES (1, 9.5), (2, 0.1)",
        "INSERT INTO parents VALUES (1, 'one'), (2, 'two'), (3, NULL), (4, '')",
        "INSERT INTO children (parent) VALUES (1), (1), (2)",
        "INSERT INTO settings VALUES ('colour', 'red'), ('size', 7)",
        "INSERT INTO strict_ones VALUES (1, 1.5)",
        "INSERT INTO priced (net, tax) VALUES (100, 19)",
        "INSERT INTO heap VALUES (1), ('1'), (1.0), (x'31'), (NULL), (''), (9223372036854775807), (1e300), (x'')",
        "INSERT INTO files VALUES ('logo', x'00010203'), ('note', 'plain text')",
    )
    rows_of_next_test = (
        "INSERT INTO customers (name) VALUES ('of the next test')",
        "UPDATE orders SET total = 3",
        "DELETE FROM parents",
        "INSERT INTO heap VALUES (2)",
    )

    @property
    def path(self) -> Path:
        return self.folder / "attacked.db"

    def new_url(self) -> str:
        return f"sqlite:///{self.path}"

    def connect(self, **options: object) -> sqlite3.Connection:
        """With the settings that DataFlow's have."""
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=1, **options)  # type: ignore[call-overload]
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection  # type: ignore[no-any-return]

    def run(self, connection: sqlite3.Connection, statement: str) -> list[object]:
        return connection.execute(statement).fetchall()

    def fingerprint(self) -> list[str]:
        if not self.path.is_file():
            return ["no file"]
        found = [f"mode {stat.filemode(self.path.stat().st_mode)}"]
        found += sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("attacked.db-"))
        with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            try:
                return found + list(_content(connection))
            except sqlite3.Error as error:
                return [*found, f"unreadable: {error}"]

    def drop(self) -> None:
        """With the folder."""


class SqliteTargetWithVirtualTables(SqliteTarget):
    """With tables that fire no triggers."""

    kind = "sqlite with virtual tables"
    schema = (
        *SqliteTarget.schema,
        "CREATE VIRTUAL TABLE texts USING fts5 (body)",
        "CREATE VIRTUAL TABLE boxes USING rtree (id, x0, x1)",
    )
    rows = (
        *SqliteTarget.rows,
        "INSERT INTO texts VALUES ('the quick fox')",
        "INSERT INTO boxes VALUES (1, 0.0, 1.0)",
    )


def _content(connection: sqlite3.Connection):  # type: ignore[no-untyped-def]
    connection.text_factory = bytes
    connection.execute("BEGIN")
    for setting in _SETTINGS:
        yield f"{setting} {connection.execute(f'PRAGMA {setting}').fetchone()[0]!r}"
    yield f"integrity {connection.execute('PRAGMA integrity_check').fetchone()[0]!r}"
    query = "SELECT type, name, tbl_name, sql, rootpage FROM sqlite_master ORDER BY type, name"
    for kind, name, table, text, page in connection.execute(query).fetchall():
        kind, name, table = kind.decode(), name.decode(), table.decode()
        if name.startswith("dataflow_testkit_") or table.startswith("dataflow_testkit_"):
            continue  # the kit's own
        if table.lower() in _OF_DATAFLOW:
            continue
        yield f"{kind} {name} of {table}: {text!r}"
        if kind == "table" and page:
            yield from _rows(connection, name)


def _rows(connection: sqlite3.Connection, table: str):  # type: ignore[no-untyped-def]
    columns = [row[0].decode() for row in connection.execute("SELECT name FROM pragma_table_xinfo(?)", (table,))]
    selected = ", ".join(f'typeof("{name}"), quote("{name}")' for name in columns)
    (without_rowid,) = connection.execute("SELECT wr FROM pragma_table_list WHERE name = ?", (table,)).fetchone()
    rowid = "''" if without_rowid or table == "sqlite_sequence" else "rowid"
    where = ""
    if table == "sqlite_sequence":
        where = f" WHERE lower(name) NOT IN {(*_OF_DATAFLOW, 'dataflow_testkit_journal')}"
    for row in sorted(map(repr, connection.execute(f'SELECT {rowid}, {selected} FROM "{table}"{where}'))):
        yield f"{table}: {row}"
