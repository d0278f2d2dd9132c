"""Undo statements that the server keeps: to plan them again costs it more than to run them.

What is prepared belongs to one table. Where foreign keys are, all tables must be written in one statement
(`undo`), whose plan would be of use for that very set of tables only. Rules and policies change plans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kailash_testkit.databases.postgresql.connection import Connection, literal
from kailash_testkit.databases.postgresql.journal.catalog import Table
from kailash_testkit.databases.postgresql.journal.triggers import after, inverted, summed
from kailash_testkit.databases.postgresql.journal.undo import CHECKED, Part, statement, summary

_REST: Final = "dataflow_testkit_rest"


class PreparedUndo:
    """Prepares each statement when it is needed first, on a connection that holds nothing of that name."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names: dict[Part, str] = {}
        self._knows_rest = False

    def statements(self, tables: Mapping[int, Table], parts: Sequence[Part], snapshot: str) -> str:
        """Statements that take back the changes since the snapshot, and tell the parts that remain."""
        since = literal(snapshot)
        found = [self._execute(part, tables, since) for part in parts if _is_plain(tables[part.source])]
        others = [part for part in parts if not _is_plain(tables[part.source])]
        if others:
            found.append(statement(tables, summed(*inverted(after(since))), others))
        if not self._knows_rest:
            self._connection.run(f"PREPARE {_REST} (pg_snapshot) AS {summary(summed(*inverted(after('$1'))))}")
            self._knows_rest = True
        return "; ".join([*found, CHECKED, f"EXECUTE {_REST}({since})"])

    def _execute(self, part: Part, tables: Mapping[int, Table], since: str) -> str:
        name = self._names.get(part)
        if name is None:
            name = f"dataflow_testkit_{part.source}{'g' * part.goes}{'c' * part.comes}"
            net = summed(*inverted(f"{after('$1')} AND source = {part.source}"))
            self._connection.run(f"PREPARE {name} (pg_snapshot) AS {statement(tables, net, [part])}")
            self._names[part] = name
        return f"EXECUTE {name}({since})"


def _is_plain(table: Table) -> bool:
    return not (table.linked or table.rules or table.forced)
