"""What the journal must know about a SQLite database's tables, read from the database itself."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from kailash_testkit.databases.sqlite.naming import is_bookkeeping, is_own_trigger

#: SQLite allows 2000 columns; a journal row holds a row and its old key.
_MOST_COLUMNS = 900
_ROWID_NAMES = ("rowid", "_rowid_", "oid")
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] | --[^\n]* | /\*.*?\*/ | \w+ | .""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Column:
    """A column as it is recorded."""

    name: str
    writable: bool = True


@dataclass(frozen=True)
class UniqueKey:
    """No two rows share these columns (indexes into `Table.columns`), compared by these collations."""

    columns: tuple[int, ...]
    collations: tuple[str, ...]
    condition: str | None = None


@dataclass(frozen=True)
class Table:
    """A table whose changes triggers can record.

    columns: what is recorded of a row. The first is the rowid where no declared column stands for it.
    key: which columns tell a row from all others for SQLite itself, compared by ``key_collations``.
    declared_key: which columns the schema calls the primary key.
    unique: the unique keys besides ``key``.
    may_vanish: whether a row may be gone again before the journal's trigger fires for it: the schema has
        triggers of the application's.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[int, ...]
    key_collations: tuple[str, ...]
    declared_key: tuple[int, ...]
    has_hidden_rowid: bool
    unique: tuple[UniqueKey, ...]
    has_user_triggers: bool
    may_vanish: bool


@dataclass(frozen=True)
class Catalog:
    """All tables of the application: those that can be recorded, and why each other one cannot."""

    tables: dict[str, Table]
    opaque: dict[str, str]
    has_sequences: bool


def read_catalog(cursor: sqlite3.Cursor) -> Catalog:
    """The application's tables, as the database describes them now."""
    tables: dict[str, Table] = {}
    opaque: dict[str, str] = {}
    with_triggers = {
        table.lower()
        for table, name in cursor.execute("SELECT tbl_name, name FROM main.sqlite_master WHERE type = 'trigger'")
        if not is_own_trigger(name)
    }
    listed = cursor.execute("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'").fetchall()
    for name, kind, without_rowid in listed:
        if is_bookkeeping(name) or kind == "view":
            continue
        if kind != "table":
            opaque[name] = f"table {name} is a {kind} table, whose changes fire no triggers"
            continue
        described = _read_table(cursor, name, bool(without_rowid), with_triggers)
        if isinstance(described, Table):
            tables[name] = described
        else:
            opaque[name] = f"table {name} {described}"
    return Catalog(tables, opaque, any(name == "sqlite_sequence" for name, _, _ in listed))


def _read_table(cursor: sqlite3.Cursor, name: str, without_rowid: bool, with_triggers: set[str]) -> Table | str:
    info = cursor.execute("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)", (name,)).fetchall()
    indexes = cursor.execute('SELECT name, origin FROM pragma_index_list(?) WHERE "unique"', (name,)).fetchall()
    columns = [Column(row[0], row[3] == 0) for row in info]
    declared = [i for _, i in sorted((row[2], i) for i, row in enumerate(info) if row[2])]
    key = declared
    hidden = False
    if not (without_rowid or _stands_for_rowid(info, declared, indexes)):
        used = {column.name.lower() for column in columns}
        rowid = next((alias for alias in _ROWID_NAMES if alias not in used), None)
        if rowid is None:
            return "has columns named like every name of the rowid"
        hidden = True
        columns.insert(0, Column(rowid))
        declared = [i + 1 for i in declared]
        key = [0]
    if len(columns) > _MOST_COLUMNS:
        return f"has more than {_MOST_COLUMNS} columns"
    unique: list[UniqueKey] = []
    collations: tuple[str, ...] = ("BINARY",)
    for index, origin in indexes:
        found = _read_unique(cursor, index, shift=int(hidden))
        if found is None:
            return f"has a unique index on an expression ({index})"
        if without_rowid and origin == "pk":
            key, collations = list(found.columns), found.collations
        else:
            unique.append(found)
    return Table(
        name,
        tuple(columns),
        tuple(key),
        collations,
        tuple(declared or key),
        hidden,
        tuple(unique),
        has_user_triggers=name.lower() in with_triggers,
        may_vanish=bool(with_triggers),
    )


def _stands_for_rowid(info: list[tuple[object, ...]], declared: list[int], indexes: list[tuple[str, str]]) -> bool:
    """Whether the primary key is the rowid itself: INTEGER, single, and without an index of its own."""
    return (
        len(declared) == 1
        and str(info[declared[0]][1]).upper() == "INTEGER"
        and all(origin != "pk" for _, origin in indexes)
    )


def _read_unique(cursor: sqlite3.Cursor, index: str, *, shift: int) -> UniqueKey | None:
    """The unique key behind an index; None when it is on an expression."""
    parts = cursor.execute("SELECT cid, coll FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno", (index,)).fetchall()
    if any(cid < 0 for cid, _ in parts):
        return None
    found = cursor.execute("SELECT sql FROM main.sqlite_master WHERE type = 'index' AND name = ?", (index,)).fetchone()
    return UniqueKey(
        tuple(cid + shift for cid, _ in parts),
        tuple(coll for _, coll in parts),
        _condition(found[0]) if found and found[0] else None,  # constraints' own indexes have no text
    )


def _condition(create_index: str) -> str | None:
    """The WHERE of a partial index, as written."""
    for token in _TOKEN.finditer(create_index):  # the word can occur only once outside quotes and comments
        if token.group().upper() == "WHERE":
            return create_index[token.end() :].strip()
    return None
