"""The AUTO_INCREMENT counters of a MariaDB or MySQL database, and where MariaDB's sequences stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kailash_testkit.databases.mysql.connection import Connection, literal, quoted


def read_counters(connection: Connection, tables: Iterable[str], sequences: Iterable[str]) -> dict[str, int]:
    """The next number of each of the tables and sequences."""
    return parse_counters(connection.run(counters_query(tables, sequences)))


def counters_query(tables: Iterable[str], sequences: Iterable[str]) -> str:
    """A statement whose rows `parse_counters` reads. A sequence tells the next number that is not in its cache."""
    names = ", ".join(map(literal, tables))
    counters = (
        "SELECT table_name, auto_increment FROM information_schema.tables "
        f"WHERE table_schema = database() AND table_name IN ({names or 'NULL'})"
    )
    positions = (f"SELECT {literal(name)}, next_not_cached_value FROM {quoted(name)}" for name in sequences)
    return " UNION ALL ".join([counters, *positions])


def parse_counters(rows: Iterable[tuple[Any, ...]]) -> dict[str, int]:
    """The next number of each table and sequence."""
    return {name: int(number) for name, number in rows if number is not None}


def write_counters(
    connection: Connection, wanted: Mapping[str, int], present: Mapping[str, int], sequences: Iterable[str]
) -> int:
    """Put the counters back that differ; each statement ends a transaction. Returns how many statements it took."""
    restarted = [name for name in sequences if present.get(name) != wanted[name]]
    moved = [name for name, number in present.items() if number != wanted[name] and name not in restarted]
    statements = [f"ALTER TABLE {quoted(name)} AUTO_INCREMENT = {wanted[name]}" for name in moved]
    statements += [f"ALTER SEQUENCE {quoted(name)} RESTART WITH {wanted[name]}" for name in restarted]
    if statements:
        connection.batch(statements)
    return len(statements)
