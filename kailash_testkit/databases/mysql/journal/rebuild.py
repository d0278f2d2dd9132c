"""The slower way back: tables made again as they were at a mark, and filled from their journal.

For schema changes, and for rows that changed while no trigger fired: TRUNCATE, and foreign keys that cascade. What
to fill a table with need not be saved at a mark: it is the rows that were there when recording began, which are the
first images in its journal, and what was recorded since. So only the tables concerned are written, and a mark costs
the same whether or not this way will be taken.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from kailash_testkit.databases.mysql.connection import Connection, quoted
from kailash_testkit.databases.mysql.journal.routines import put_routines_back
from kailash_testkit.databases.mysql.journal.schema import Schema, read_schema
from kailash_testkit.databases.mysql.journal.trigger_free_writes import make_triggers, require_that_they_can_be_made
from kailash_testkit.databases.mysql.journal.triggers import RecordedTable
from kailash_testkit.errors import IsolationFailed


@dataclass(frozen=True)
class SavedState:
    """What there was at a mark. recorded_tables: what recorded each table then."""

    recorded_tables: Mapping[str, RecordedTable]
    schema: Schema

    def differing(self, present: Schema) -> set[str]:
        """The recorded tables that are not there as they were."""
        return {name for name in self.recorded_tables if present.tables.get(name) != self.schema.tables[name]}

    def make_schema_again(self, connection: Connection) -> None:
        """As `put_schema_back`, with all recorded tables empty, and recorded by nobody."""
        self._require_recorded(read_schema(connection))
        for name in sorted(self.recorded_tables):
            connection.run(f"DROP TABLE IF EXISTS {quoted(name)}")
        bare = replace(self.schema, triggers=tuple(each for each in self.schema.triggers if not each.is_own))
        SavedState({}, bare)._put_back(connection, read_schema(connection))

    def put_schema_back(self, connection: Connection) -> set[str]:
        """Make the schema what it was; returns the tables that were made again and are empty.

        Each statement takes effect at once; called again after an interruption, it goes on.
        """
        present = read_schema(connection)
        self._require_recorded(present)
        return self._put_back(connection, present)

    def _put_back(self, connection: Connection, present: Schema) -> set[str]:
        kept = {each.described() for each in self.schema.triggers}
        wanted = [trigger for trigger in self.schema.triggers if not trigger.is_own]
        there = set(present.of_application_triggers())
        require_that_they_can_be_made(connection, [each for each in wanted if each.described() not in there])
        for view in sorted(present.views):
            if present.views[view] != self.schema.views.get(view):
                connection.run(f"DROP VIEW {quoted(view)}")
        for table in sorted(present.tables):
            if present.tables[table] != self.schema.tables.get(table):
                connection.run(f"DROP TABLE {quoted(table)}")
        remaining = read_schema(connection)
        for trigger in remaining.triggers:
            if trigger.described() not in kept:
                connection.run(f"DROP TRIGGER {quoted(trigger.name)}")
        rebuilt = set(self.schema.tables) - set(remaining.tables)
        for table in sorted(rebuilt):
            connection.run(self.schema.tables[table])
        self._make_triggers(connection)
        put_routines_back(connection, present.routines, self.schema.routines)
        self._make_views(connection, set(remaining.views))
        if present.database != self.schema.database:
            connection.run(f"ALTER DATABASE {quoted(connection.database)} {self.schema.database}")
        return rebuilt

    def _require_recorded(self, present: Schema) -> None:
        lost = [
            name
            for name, statement in self.schema.tables.items()
            if name not in self.recorded_tables
            and present.tables.get(name) != statement
            and not statement.startswith("CREATE SEQUENCE")
        ]
        if lost:
            raise IsolationFailed(
                f"table {lost[0]} was altered or dropped, and its rows were not recorded",
                why="only tables of InnoDB are",
                do="make it a table of InnoDB, or leave it alone in tests",
            )

    def _make_triggers(self, connection: Connection) -> None:
        present = read_schema(connection).triggers
        names = {trigger.name for trigger in present}
        for recorded in self.recorded_tables.values():
            if not names.issuperset(recorded.triggers):
                recorded.drop_triggers(connection)
                recorded.create_triggers(connection, [each for each in present if each.name not in recorded.triggers])
        make_triggers(connection, [each for each in self.schema.triggers if not each.is_own and each.name not in names])

    def _make_views(self, connection: Connection, present: Collection[str]) -> None:
        missing = [name for name in sorted(self.schema.views) if name not in present]
        while missing:
            left: list[str] = []
            for name in missing:  # one may be made of another
                try:
                    connection.run(self.schema.views[name])
                except connection.Error:
                    left.append(name)
                    if len(left) == len(missing):
                        raise
            missing = left
