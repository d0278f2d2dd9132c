"""Which tables are recorded, by which triggers, under which schema."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from kailash_testkit.databases.mysql.connection import Connection, quoted
from kailash_testkit.databases.mysql.driver import ACCESS_DENIED, TRUSTS_NO_CREATOR, error_number
from kailash_testkit.databases.mysql.journal.catalog import Catalog, Table, read_catalog
from kailash_testkit.databases.mysql.journal.schema import Schema, read_schema, read_statement_count
from kailash_testkit.databases.mysql.journal.triggers import RecordedTable
from kailash_testkit.databases.mysql.journal.watch import Watch, probe_query
from kailash_testkit.databases.mysql.naming import JOURNAL_PREFIX, is_journal_table
from kailash_testkit.errors import IsolationFailed, UnsupportedDatabase


def journal_lost(how: str) -> IsolationFailed:
    """The error for a journal that somebody emptied or dropped: nothing tells any more what to take back."""
    return IsolationFailed(
        f"the kit's journal was lost: {how}",
        why="a test emptied or dropped all tables of the database, also those in which the kit records changes",
        do=f"leave the tables {JOURNAL_PREFIX}... out when you empty or drop tables",
    )


@dataclass
class TriggerSet:
    """What is recorded now, and what every number has ever meant.

    recorded_tables: all there have been, by number. current: those whose triggers are in place, by table.
    statements: how many that change a schema the server had begun when ``schema`` was read.
    """

    connection: Connection
    watch: Watch
    recorded_tables: dict[int, RecordedTable] = field(default_factory=dict[int, RecordedTable])
    current: dict[str, RecordedTable] = field(default_factory=dict[str, RecordedTable])
    catalog: Catalog = field(default_factory=lambda: Catalog({}, {}))
    schema: Schema | None = None
    statements: int = 0
    last_number: int = 0

    @contextmanager
    def refusals_reported(self) -> Generator[None, None, None]:
        """Raises `UnsupportedDatabase`, and says how to get it, where the kit's user lacks a privilege."""
        try:
            yield
        except self.connection.Error as error:
            if error_number(error) not in (*ACCESS_DENIED, TRUSTS_NO_CREATOR):
                raise
            database = quoted(self.connection.database)
            raise UnsupportedDatabase(
                f"the kit may not record what changes in the database {self.connection.database}",
                why=str(error.args[-1]),
                do="let the server's administrator run: SET GLOBAL log_bin_trust_function_creators = 1"
                if error_number(error) == TRUSTS_NO_CREATOR
                else f"give the kit's user all privileges on it: GRANT ALL ON {database}.* TO ...",
            ) from error

    def install(self) -> None:
        """Remove what an earlier journal left, and begin again."""
        run = self.connection.run
        self._drop_triggers({trigger.name for trigger in read_schema(self.connection).triggers if trigger.is_own})
        for (name,) in run("SELECT table_name FROM information_schema.tables WHERE table_schema = database()"):
            if is_journal_table(name):
                run(f"DROP TABLE {quoted(name)}")
        self.recorded_tables, self.current, self.schema = {}, {}, None
        self.watch.begin()

    def schema_is_unchanged(self, statements: int | None = None) -> bool:
        """Whether the schema is as the journal last saw it. Cheap while nobody changes any.

        statements: what `read_statement_count` has just said, if it was asked.
        """
        if statements is None:
            statements = read_statement_count(self.connection)
        if self.schema is None:
            return False
        if statements == self.statements:
            return True
        self.require_journals()
        if not read_schema(self.connection).same_as(self.schema):
            return False
        self.statements = statements
        return True

    def require_journals(self) -> None:
        """Raises `IsolationFailed` where a table of the journal was dropped or truncated."""
        lost = self.watch.truncated_or_recreated(recorded.journal for recorded in self.recorded_tables.values())
        if lost:
            raise journal_lost(f"dropped or truncated were {', '.join(sorted(lost))}")

    def count_own_statements(self, number: int) -> None:
        """The journal itself changed the schema, in a way that `schema` does not show."""
        self.statements += number

    def close_journals(self, recorded_tables: Collection[RecordedTable]) -> None:
        """Lets the server forget which statements used these journals: see `history.marks_query`.

        Under LOCK TABLES it would refuse what their triggers write.
        """
        for recorded in recorded_tables:
            self.connection.run(f"ALTER TABLE {recorded.journal} COMMENT = ''")
        self.count_own_statements(len(recorded_tables))

    def restart_watch(self, known: Iterable[str]) -> bool:
        """Inside a transaction. False, and the watch goes on, if one of the tables was truncated or made again."""
        if self.current:
            self.connection.run(probe_query(self.current))  # nobody can truncate them now
        return self.watch.restart(known)

    def cascaded(self, recorded_tables: Mapping[str, RecordedTable], mark: int) -> set[str]:
        """Which of these tables have rows that a foreign key may have changed after ``mark``."""
        reached: set[str] = set()
        for cascade in self.catalog.cascades:
            parent, child = recorded_tables.get(cascade.parent), recorded_tables.get(cascade.child)
            if parent is not None and child is not None and cascade.child not in reached:
                deleted, updated = parent.cascaded(self.connection, mark, child.base, cascade.referenced)
                if (deleted and cascade.on_delete) or (updated and cascade.on_update):
                    reached.add(cascade.child)
        return self.catalog.reached_from(reached)

    def fit_triggers(self, mark: int, stale: Collection[str] = ()) -> None:
        """Make the triggers fit the tables. What is there already, counts as there since that mark.

        stale: tables whose present rows do not follow from what was recorded of them.
        """
        again: set[str] | None = self.watch.truncated_or_recreated(self.current) | set(stale)
        while again is not None:
            again = self._fit_triggers(mark, again)

    def _fit_triggers(self, mark: int, stale: set[str]) -> set[str] | None:
        catalog, schema = read_catalog(self.connection), read_schema(self.connection)
        kept = {
            name: recorded for name, recorded in self.current.items() if self._fits(recorded, catalog, schema, stale)
        }
        fresh = [self._record(table) for name, table in catalog.tables.items() if name not in kept]
        own = {name for recorded in kept.values() for name in recorded.triggers}
        useless = {trigger.name for trigger in schema.triggers if trigger.is_own} - own
        locked = [f"{recorded.name} WRITE, {recorded.journal} WRITE" for recorded in fresh]
        locked += [f"{recorded.name} READ" for recorded in kept.values()]
        is_done = False
        try:
            if locked:
                self.connection.run(f"LOCK TABLES {', '.join(locked)}")
            self._drop_triggers(useless)
            others = [trigger for trigger in schema.triggers if trigger.name not in useless]
            for recorded in fresh:
                recorded.create_triggers(self.connection, others)
                recorded.record_base(self.connection, mark)
            changed_meanwhile = self.watch.truncated_or_recreated(kept)
            if changed_meanwhile:
                return stale | changed_meanwhile
            self.watch.begin()
            is_done = True
        finally:
            self.connection.run("UNLOCK TABLES")
            if not is_done:  # the watch does not know their journals, and would take them for lost
                for recorded in fresh:
                    recorded.drop_triggers(self.connection)
                    self._forget(recorded)
        self.switch_to(kept | {recorded.table.name: recorded for recorded in fresh}, catalog, mark)
        return None

    def switch_to(self, recorded_tables: Mapping[str, RecordedTable], catalog: Catalog, mark: int) -> None:
        """These record from now on."""
        for name, recorded in self.current.items():
            if recorded_tables.get(name) is not recorded:
                recorded.ended_after = mark
        for recorded in recorded_tables.values():
            recorded.ended_after = None
        self.current, self.catalog = dict(recorded_tables), catalog
        self.statements = read_statement_count(self.connection)
        self.schema = read_schema(self.connection)

    def forget_unused(self, used: Collection[RecordedTable], marks: Collection[int]) -> None:
        """Drop the journals of tables as they were, where no mark needs them any more."""
        for recorded in list(self.recorded_tables.values()):
            if (
                recorded.ended_after is not None
                and recorded not in used
                and all(mark > recorded.ended_after for mark in marks)
            ):
                self._forget(recorded)

    def forget_after(self, mark: int) -> None:
        """Drop the journals of tables as they were after ``mark``, which is the present again."""
        for recorded in list(self.recorded_tables.values()):
            if recorded.ended_after is not None and recorded.begun_after >= mark:
                self._forget(recorded)

    def _forget(self, recorded: RecordedTable) -> None:
        self.connection.run(f"DROP TABLE IF EXISTS {recorded.journal}")
        self.count_own_statements(1)
        del self.recorded_tables[recorded.number]

    def _fits(self, recorded: RecordedTable, catalog: Catalog, schema: Schema, stale: set[str]) -> bool:
        name = recorded.table.name
        return (
            name not in stale
            and self.schema is not None
            and catalog.tables.get(name) == recorded.table
            and schema.tables.get(name) == self.schema.tables.get(name)
            and schema.own_triggers_of(name) == self.schema.own_triggers_of(name)
            and {trigger for trigger, _ in schema.own_triggers_of(name)} == recorded.triggers
        )

    def _record(self, table: Table) -> RecordedTable:
        self.last_number += 1
        recorded = RecordedTable(self.last_number, table)
        self.recorded_tables[recorded.number] = recorded
        recorded.create_journal(self.connection)
        return recorded

    def _drop_triggers(self, names: set[str]) -> None:
        for name in sorted(names):
            self.connection.run(f"DROP TRIGGER IF EXISTS {quoted(name)}")
