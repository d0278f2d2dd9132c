"""What a mark stands for, and how the present differs from it."""

from __future__ import annotations

from dataclasses import dataclass

from kailash_testkit.databases.mysql.connection import Connection, quoted
from kailash_testkit.databases.mysql.driver import NO_SUCH_TABLE, error_number
from kailash_testkit.databases.mysql.journal.catalog import Catalog
from kailash_testkit.databases.mysql.journal.counters import counters_query, parse_counters
from kailash_testkit.databases.mysql.journal.history import is_whole, marks_query, touched
from kailash_testkit.databases.mysql.journal.prepared import PreparedStatements
from kailash_testkit.databases.mysql.journal.rebuild import SavedState
from kailash_testkit.databases.mysql.journal.schema import parse_statement_count, read_schema, statement_count_query
from kailash_testkit.databases.mysql.journal.trigger_set import TriggerSet, journal_lost
from kailash_testkit.databases.mysql.journal.triggers import RecordedTable


# LOCK TABLES begins no transaction, and its READ is in nobody's way before somebody writes.
def tables_in_use_query(database: str) -> str:
    """A statement whose rows name the tables that a statement uses just now, or that LOCK TABLES keeps."""
    return f"SHOW OPEN TABLES FROM {quoted(database)} WHERE In_use > 0"


@dataclass
class MarkState:
    """What a mark stands for.

    number: its number, which journals name. head: the last position it saw.
    unrecorded: a sum over the rows of each table not recorded.
    """

    number: int
    head: int
    saved: SavedState
    catalog: Catalog
    counters: dict[str, int]
    unrecorded: dict[str, object]


@dataclass
class Observation:
    """What one round trip tells.

    statements: how many that change a schema the server has begun. counters: present ones.
    in_use: the tables that a statement uses just now, or that LOCK TABLES keeps.
    """

    statements: int
    touched: list[RecordedTable]
    counters: dict[str, int]
    in_use: frozenset[str]


class Comparison:
    """Compares the present with a mark.

    unfinished: the tables that an undo, interrupted by a lock, has yet to write again.
    """

    def __init__(self, connection: Connection, trigger_set: TriggerSet) -> None:
        self._connection = connection
        self._trigger_set = trigger_set
        self._prepared = PreparedStatements(connection)
        self.unfinished: set[str] = set()

    def observe(self, state: MarkState, isolation: str) -> Observation:
        """What there is under that isolation level, all but what `gaps` asks for."""
        recorded_tables = list(self._trigger_set.recorded_tables.values())
        prepared = self._prepared.execute
        marks_asked = marks_query(recorded_tables)
        queries = [
            prepared(statement_count_query(self._connection)),
            tables_in_use_query(self._connection.database),
            f"SET TRANSACTION ISOLATION LEVEL {isolation}",
        ]
        counted = sorted(state.counters.keys() - set(state.catalog.sequences))
        try:
            asked = [prepared(marks_asked), prepared(counters_query(counted, state.catalog.sequences))]
            found = self._connection.batch([*queries, *asked])
        except self._connection.Error as error:
            if error_number(error) != NO_SUCH_TABLE:
                raise
            self._trigger_set.require_journals()
            asked = [marks_asked, counters_query(counted, ())]  # a sequence was dropped
            found = self._connection.batch([*queries, *asked])
        statements, in_use, marks, counters = found
        if not is_whole(recorded_tables, marks) and not is_whole(recorded_tables, self._connection.run(marks_asked)):
            raise journal_lost("its rows were deleted")  # and that was committed
        return Observation(
            parse_statement_count(statements),
            touched(recorded_tables, marks, state.number),
            parse_counters(counters),
            frozenset(name for _, name, *_ in in_use),
        )

    def sums(self, catalog: Catalog) -> dict[str, object]:
        """A sum over the rows of each table that is not recorded."""
        if not catalog.opaque:
            return {}
        return dict(self._connection.run(f"CHECKSUM TABLE {', '.join(map(quoted, catalog.opaque))}"))

    def gaps(self, state: MarkState, observed: Observation) -> tuple[str, ...]:
        """Why the journal alone does not lead back to the mark."""
        gaps: list[str] = []
        if self.schema_differs(state, observed.statements):
            gaps.append("the schema was changed")
        gaps += [f"table {name} changed while no trigger fired" for name in sorted(self.stale(state))]
        return tuple(gaps + self.unrecorded(state))

    def schema_differs(self, state: MarkState, statements: int | None = None) -> bool:
        """Whether anything was made, altered or dropped since."""
        fit, schema = self._trigger_set.schema_is_unchanged(statements), self._trigger_set.schema
        return not fit or schema is None or not schema.same_as(state.saved.schema)

    def stale(self, state: MarkState) -> set[str]:
        """The tables whose rows do not follow from what was recorded since."""
        recorded_tables, current = state.saved.recorded_tables, self._trigger_set.current
        lost = self._trigger_set.watch.truncated_or_recreated(current) & set(recorded_tables)
        lost |= {name for name, recorded in recorded_tables.items() if current.get(name) is not recorded}
        return lost | self.unfinished | self._trigger_set.cascaded(recorded_tables, state.number)

    def broken(self, state: MarkState) -> set[str]:
        """The tables whose triggers are not the ones that recorded them."""
        lost = state.saved.schema.own_triggers() - read_schema(self._connection).own_triggers()
        return {table for _, table, _ in lost} & set(state.saved.recorded_tables)

    def unrecorded(self, state: MarkState) -> list[str]:
        """Why what changed cannot be put back at all."""
        if not state.catalog.opaque:
            return []
        sums = self.sums(state.catalog)
        return [
            reason
            for reason, (summed, total) in zip(state.catalog.opaque.values(), state.unrecorded.items(), strict=True)
            if sums.get(summed) != total
        ]
