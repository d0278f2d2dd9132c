"""The statement that makes rows go and come back, in all tables at once.

Foreign keys that are not deferrable are checked at the end of a statement; so one statement, with a part for
each table, may write in any order, also where tables refer to each other in a circle. A row that changed is
updated in place: to delete and insert it again would set off ON DELETE CASCADE.

Where a constraint does not allow that (two rows swapped unique values, a cascade comes in between), the rows are
replaced in that one statement; or all that has to go is deleted first. What cascades then do is among the net changes
of the next round, for our triggers record what these statements do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kailash_testkit.databases.postgresql.connection import Connection, quoted
from kailash_testkit.databases.postgresql.journal.catalog import Table

Mode = Literal["in place", "replace", "delete first"]
_MODES: Final[tuple[Mode, ...]] = ("in place", "replace", "delete first")
#: What was deferred to the end of the transaction is checked here, where there is still another way.
CHECKED: Final = "SET CONSTRAINTS ALL IMMEDIATE"
_MOST_ROUNDS: Final = 5
# The tables are looked up by their keys, whatever the planner guesses of the number of rows.
_SETTINGS: Final = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"


class UndoConflict(Exception):
    """The net changes do not fit the present state."""


@dataclass(frozen=True)
class Part:
    """What is to be done to one table: rows go, rows come."""

    source: int
    goes: bool
    comes: bool


def summary(net: str) -> str:
    """A query for the parts that the net changes ask for."""
    return f"SELECT source, bool_or(n < 0) AS goes, bool_or(n > 0) AS comes FROM ({net}) AS net GROUP BY source"


def find_parts(connection: Connection, net: str) -> list[Part]:
    """What the net changes ask for."""
    return [Part(*row) for row in connection.run(summary(net))]


def apply(connection: Connection, tables: Mapping[int, Table], net: str, parts: Sequence[Part]) -> None:
    """Applies the net changes, in the open transaction, until none remain.

    net: a query for ``(source, image, n)`` that takes into account what was done meanwhile. parts: its first answer.
    Raises `UndoConflict` where some remain however often it is tried.
    """
    for number in range(_MOST_ROUNDS):
        if not parts:
            return
        # an identity that is GENERATED ALWAYS cannot be updated: what two rounds did not achieve needs new rows
        parts = _round(connection, tables, net, parts, _MODES[number > 1 :])
    ((number, image),) = connection.run(f"SELECT source, image FROM ({net}) AS net ORDER BY n LIMIT 1")
    raise UndoConflict(f"{tables[number].name} has no row {image} to change, or does not keep it")


def _round(
    connection: Connection, tables: Mapping[int, Table], net: str, parts: Sequence[Part], modes: Sequence[Mode]
) -> list[Part]:
    """Applies the net changes once, in the first way that the constraints allow; returns what remains."""
    refusal = ""
    for mode in modes:
        if mode == "delete first" and not any(part.goes for part in parts):
            continue
        found = _attempt(connection, f"{statement(tables, net, parts, mode)}; {CHECKED}; {summary(net)}")
        if not isinstance(found, Exception):
            return found
        refusal = str(found).strip()
    raise UndoConflict(refusal)


def _attempt(connection: Connection, statements: str) -> list[Part] | Exception:
    """Runs the statements, of which the last tells what remains; returns what a constraint says against it."""
    connection.later("SAVEPOINT dataflow_testkit")
    try:
        return [Part(*row) for row in connection.run(f"{_SETTINGS}; {statements}")]
    except connection.IntegrityError as error:
        connection.run("ROLLBACK TO SAVEPOINT dataflow_testkit")
        return error


def statement(tables: Mapping[int, Table], net: str, parts: Sequence[Part], mode: Mode = "in place") -> str:
    """The statement that applies the net changes to all the tables."""
    steps = [f"net AS MATERIALIZED ({net})"]
    for part in parts:
        steps += _steps(tables[part.source], part, mode)
    return f"WITH {', '.join(steps)} SELECT"


def _steps(table: Table, part: Part, mode: Mode) -> list[str]:
    """The parts of the statement for one table, each waiting for the one before it."""
    number = part.source
    goes = f"goes{number} AS MATERIALIZED ({_rows(table, number, 'n < 0')})"
    comes = f"comes{number} AS MATERIALIZED ({_rows(table, number, 'n > 0')})"
    if not part.goes and mode == "delete first":
        return []
    if not part.comes or mode == "delete first":
        return [goes, _delete(table, number, f"goes{number}")]
    if not part.goes:
        return [comes, _insert(table, number, f"comes{number}")]
    if not table.key or mode == "replace" or not _updatable(table):
        return [
            *(goes, _delete(table, number, f"goes{number}")),
            *(comes, _insert(table, number, f"comes{number}", after=f"deleted{number}")),
        ]
    same = " AND ".join(f"(g.r).{name} = (c.r).{name}" for name in _names(table, table.key))
    pairs = (
        f"pairs{number} AS MATERIALIZED (SELECT g.r AS gone, g.n AS goes, c.r, c.n AS comes "
        f"FROM goes{number} g FULL JOIN comes{number} c ON {same})"
    )
    gone = f"gone{number} AS MATERIALIZED (SELECT gone AS r, goes AS n FROM pairs{number} WHERE comes IS NULL)"
    return [
        *(goes, comes, pairs, gone),
        _delete(table, number, f"gone{number}"),
        _update(table, number),
        _insert(table, number, f"pairs{number}", where="goes IS NULL AND ", after=f"updated{number}"),
    ]


def _rows(table: Table, number: int, sign: str) -> str:
    return f"SELECT image::{table.sql} AS r, image, n FROM net WHERE source = {number} AND {sign}"


def _delete(table: Table, number: int, goes: str) -> str:
    if table.key:
        same = " AND ".join(f"t.{name} = (g.r).{name}" for name in _names(table, table.key))
        return f"deleted{number} AS (DELETE FROM ONLY {table.sql} t USING {goes} g WHERE {same} RETURNING 1)"
    # Without a key equal rows cannot be told apart, and need not be: as many of them go as have to.
    return (
        f"deleted{number} AS (DELETE FROM ONLY {table.sql} WHERE ctid = ANY (ARRAY(SELECT place FROM ("
        f"SELECT t.ctid AS place, (t.*)::text AS image, row_number() OVER (PARTITION BY (t.*)::text) AS copy "
        f"FROM ONLY {table.sql} t) t JOIN {goes} g ON g.image = t.image AND t.copy <= -g.n)) RETURNING 1)"
    )


def _update(table: Table, number: int) -> str:
    same = " AND ".join(f"t.{name} = (c.r).{name}" for name in _names(table, table.key))
    written = ", ".join(f"{name} = (c.r).{name}" for name in _updatable(table))
    return (
        f"updated{number} AS (UPDATE ONLY {table.sql} t SET {written} FROM pairs{number} c "
        f"WHERE {same} AND c.goes IS NOT NULL AND c.comes IS NOT NULL "
        f"AND (SELECT count(*) FROM deleted{number}) >= 0 RETURNING 1)"
    )


def _insert(table: Table, number: int, comes: str, *, where: str = "", after: str | None = None) -> str:
    written = [quoted(column.name) for column in table.columns if column.writable]
    waiting = f"AND (SELECT count(*) FROM {after}) >= 0 " if after else ""
    copies = "" if table.key else " CROSS JOIN generate_series(1, c.n)"
    into = f"({', '.join(written)}) OVERRIDING SYSTEM VALUE" if written else ""
    return (
        f"inserted{number} AS (INSERT INTO {table.sql} {into} "
        f"SELECT {', '.join(f'(c.r).{name}' for name in written)} FROM {comes} c{copies} "
        f"WHERE {where}true {waiting}RETURNING 1)"
    )


def _updatable(table: Table) -> list[str]:
    return [quoted(column.name) for column in table.columns if column.writable and not column.always]


def _names(table: Table, places: Sequence[int]) -> list[str]:
    return [quoted(table.columns[place].name) for place in places]
