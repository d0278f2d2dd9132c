"""The AUTO_INCREMENT counters of a MariaDB or MySQL database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kailash_testkit.databases.mysql.connection import Connection, literal, quoted


def read_counters(connection: Connection, tables: Iterable[str]) -> dict[str, int]:
    """The next number of each of the tables."""
    return parse_counters(connection.run(counters_query(tables)))


def counters_query(tables: Iterable[str]) -> str:
    """A statement whose rows `parse_counters` reads."""
    names = ", ".join(map(literal, tables))
    return (
        "SELECT table_name, auto_increment FROM information_schema.tables "
        f"WHERE table_schema = database() AND table_name IN ({names or 'NULL'})"
    )


def parse_counters(rows: Iterable[tuple[Any, ...]]) -> dict[str, int]:
    """The next number of each table."""
    return {name: int(number) for name, number in rows if number is not None}


def write_counters(connection: Connection, wanted: Mapping[str, int], present: Mapping[str, int]) -> int:
    """Put the counters back that differ; returns how many did. Each ends the transaction, if one is open."""
    moved = [name for name, number in present.items() if number != wanted[name]]
    if moved:
        connection.batch(f"ALTER TABLE {quoted(name)} AUTO_INCREMENT = {wanted[name]}" for name in moved)
    return len(moved)
