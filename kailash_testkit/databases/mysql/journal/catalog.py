"""What the journal must know about a MariaDB or MySQL database's tables, read from the database itself.

Which tables are the application's, says `naming`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.naming import is_bookkeeping

_TABLES: Final = """
    SELECT table_name, table_type, engine FROM information_schema.tables
    WHERE table_schema = database() ORDER BY table_name
"""
_COLUMNS: Final = """
    SELECT table_name, column_name, data_type, column_type, coalesce(generation_expression, '') <> '', extra,
      character_set_name
    FROM information_schema.columns WHERE table_schema = database() ORDER BY table_name, ordinal_position
"""
_KEYS: Final = """
    SELECT table_name, index_name, non_unique, column_name, sub_part, nullable FROM information_schema.statistics
    WHERE table_schema = database() ORDER BY table_name, index_name, seq_in_index
"""
_CASCADES: Final = """
    SELECT r.constraint_name, r.table_name, r.referenced_table_name, r.delete_rule, r.update_rule,
      k.referenced_column_name
    FROM information_schema.referential_constraints r
    JOIN information_schema.key_column_usage k ON k.constraint_schema = r.constraint_schema
      AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name
    WHERE r.constraint_schema = database() AND r.unique_constraint_schema = database()
"""
_NO_CASCADE: Final = ("RESTRICT", "NO ACTION")


@dataclass(frozen=True)
class Column:
    """A column as it is recorded.

    kind: its type's name without length or sign, in lower case. charset: that of a text.
    """

    name: str
    kind: str
    writable: bool
    charset: str | None


@dataclass(frozen=True)
class Table:
    """A table whose changes triggers can record.

    key: which columns tell a row from all others (indexes into `columns`); none where nothing does.
    indexed: which columns are part of any key, foreign ones included.
    counted: whether it has an AUTO_INCREMENT counter.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[int, ...]
    indexed: tuple[int, ...]
    counted: bool


@dataclass(frozen=True)
class Cascade:
    """A foreign key through which a change of ``parent`` changes rows of ``child``, and no trigger fires.

    referenced: the parent's columns (indexes into `Table.columns`).
    """

    parent: str
    child: str
    on_delete: bool
    on_update: bool
    referenced: tuple[int, ...]


@dataclass(frozen=True)
class Catalog:
    """All tables of the application: those that can be recorded, and why each other one cannot; and its sequences."""

    tables: dict[str, Table]
    opaque: dict[str, str]
    sequences: tuple[str, ...] = ()
    cascades: tuple[Cascade, ...] = ()

    def reached_from(self, tables: set[str]) -> set[str]:
        """The tables, and all whose rows a change of theirs may change in turn."""
        reached: set[str] = set()
        while tables:
            reached |= tables
            tables = {cascade.child for cascade in self.cascades if cascade.parent in reached} - reached
        return reached


def read_catalog(connection: Connection) -> Catalog:
    """The application's tables, as the database describes them now."""
    columns: dict[str, list[tuple[Any, ...]]] = {}
    for name, *described in connection.run(_COLUMNS):
        columns.setdefault(name, []).append(tuple(described))
    keys: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
    for name, index, *part in connection.run(_KEYS):
        keys.setdefault(name, {}).setdefault(index, []).append(tuple(part))
    tables: dict[str, Table] = {}
    opaque: dict[str, str] = {}
    sequences: list[str] = []
    for name, kind, engine in connection.run(_TABLES):
        if is_bookkeeping(name) or kind == "VIEW":
            continue
        if kind == "SEQUENCE":
            sequences.append(name)
        elif kind != "BASE TABLE":
            opaque[name] = f"{name} is a {kind.lower()}, whose changes fire no triggers"
        elif str(engine).lower() != "innodb":
            opaque[name] = f"table {name} is kept by {engine}, which knows no transactions"
        else:
            tables[name] = _table(name, columns[name], keys.get(name, {}))
    return Catalog(tables, opaque, tuple(sequences), _cascades(connection, tables))


def _cascades(connection: Connection, tables: dict[str, Table]) -> tuple[Cascade, ...]:
    found: dict[tuple[str, str], Cascade] = {}
    for constraint, child, parent, on_delete, on_update, column in connection.run(_CASCADES):
        if parent in tables and child in tables:
            places = [place for place, each in enumerate(tables[parent].columns) if each.name == column]
            before = found.get((child, constraint))
            found[child, constraint] = Cascade(
                parent,
                child,
                on_delete not in _NO_CASCADE,
                on_update not in _NO_CASCADE,
                (*(before.referenced if before else ()), *places),
            )
    return tuple(each for each in found.values() if each.on_delete or each.on_update)


def _table(name: str, described: list[tuple[Any, ...]], keys: dict[str, list[tuple[Any, ...]]]) -> Table:
    columns = tuple(Column(row[0], row[1].lower(), not row[3], row[5]) for row in described)
    places = {column.name: place for place, column in enumerate(columns)}
    return Table(
        name,
        columns,
        tuple(places[column] for column in _key(keys)),
        _indexed(keys, places),
        any("auto_increment" in row[4].lower() for row in described),
    )


def _indexed(keys: dict[str, list[tuple[Any, ...]]], places: dict[str, int]) -> tuple[int, ...]:
    named = {column for parts in keys.values() for _, column, _, _ in parts}
    if None in named:  # an expression; it may be of any columns
        return tuple(places.values())
    return tuple(sorted(places[column] for column in named))


def _key(keys: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    """The columns of the primary key, or else of a unique one that admits neither NULL nor parts of values."""
    for index in sorted(keys, key=lambda index: (index != "PRIMARY", index)):
        parts = keys[index]
        if index == "PRIMARY" or all(
            not repeated and column and not length and nullable != "YES" for repeated, column, length, nullable in parts
        ):
            return [column for _, column, _, _ in parts]
    return []
