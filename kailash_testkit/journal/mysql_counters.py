"""The AUTO_INCREMENT counters of a MariaDB or MySQL database."""

from __future__ import annotations

from collections.abc import Mapping

from kailash_testkit.journal.mysql_connection import Connection, literal, quoted


def read_counters(connection: Connection, tables: list[str]) -> dict[str, int]:
    """The next number of each of the tables."""
    if not tables:
        return {}
    names = ", ".join(map(literal, tables))
    found = connection.run(
        "SELECT table_name, auto_increment FROM information_schema.tables "
        f"WHERE table_schema = database() AND table_name IN ({names})"
    )
    return {name: int(number) for name, number in found if number is not None}


def write_counters(connection: Connection, wanted: Mapping[str, int]) -> int:
    """Put the counters back that differ; returns how many did. Each ends the transaction, if one is open."""
    present = read_counters(connection, list(wanted))
    moved = [name for name, number in present.items() if number != wanted[name]]
    for name in moved:
        connection.run(f"ALTER TABLE {quoted(name)} AUTO_INCREMENT = {wanted[name]}")
    return len(moved)
