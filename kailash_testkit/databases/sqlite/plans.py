"""SQLite's plans. They need no values: SQLite chooses an index by the columns that are compared."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kailash_testkit.databases.plans import Explained, Plan, Scan
from kailash_testkit.databases.sqlite.connection import Connection

_SCAN: Final = re.compile(r"SCAN (?:TABLE )?(\w+)")


def plans(path: Path, statements: Sequence[Explained]) -> list[Plan]:
    """The plan of each statement, which is not run."""
    with contextlib.closing(Connection.open(path)) as connection:
        connection.raw.execute("PRAGMA query_only = ON")
        return [_plan(connection.raw, statement) for statement in statements]


def _plan(raw: sqlite3.Connection, statement: Explained) -> Plan:
    named = {place[1:]: None for place in statement.places if place[0] == ":"}
    values = named or [None] * sum(place[0] == "?" for place in statement.places)
    try:
        rows = raw.execute(f"EXPLAIN QUERY PLAN {statement.text}", values).fetchall()
    except (sqlite3.Error, sqlite3.Warning) as error:
        return Plan(refused=str(error))
    lines = [str(row[3]) for row in rows]
    found = [(match[1], line) for line in lines if (match := _SCAN.match(line))]
    return Plan(tuple(_scan(raw, statement, name, line) for name, line in found))


def _scan(raw: sqlite3.Connection, statement: Explained, name: str, line: str) -> Scan:
    table = _table(statement.text, name)
    indexes = [row[1] for row in raw.execute("SELECT * FROM pragma_index_list(?)", (table,))]
    first = {index: raw.execute("SELECT name FROM pragma_index_info(?)", (index,)).fetchone() for index in indexes}
    unusable = [index for index, column in first.items() if column and column[0] in statement.compared]
    return Scan(table, line, tuple(sorted(unusable)))


def _table(text: str, name: str) -> str:
    """The table that a plan calls by its alias, if the statement gives it one."""
    alias = re.search(rf'["`]?(\w+)["`]?\s+(?:AS\s+)?["`]?{re.escape(name)}\b', text, re.IGNORECASE)
    is_alias = alias is not None and alias[1].upper() not in ("FROM", "JOIN", "UPDATE", "INTO", "AS", ",")
    return alias[1] if alias is not None and is_alias else name
