"""Which tables are recorded, under which schema, and one cheap query for all that may have changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from kailash_testkit.databases.postgresql.connection import OWN_SCHEMA, Connection, literal
from kailash_testkit.databases.postgresql.journal import quick_undo, saved, schema, triggers
from kailash_testkit.databases.postgresql.journal.catalog import Catalog, Table, read_catalog
from kailash_testkit.databases.postgresql.journal.counters import counters_query, restore_counters
from kailash_testkit.databases.postgresql.journal.mark_state import Glance, Observation, SchemaVersion
from kailash_testkit.databases.postgresql.journal.trigger_functions import FUNCTIONS, JOURNAL
from kailash_testkit.databases.postgresql.journal.undo import Part, summary
from kailash_testkit.databases.postgresql.sessions import WRITERS, advisory_locks
from kailash_testkit.errors import IsolationFailed

_NO_TABLE_OR_SCHEMA: Final = ("42P01", "3F000")  # PostgreSQL's codes
_OBSERVATION: Final = "dataflow_testkit_observe"
_GLANCE: Final = "dataflow_testkit_glance"
_CLEAR: Final = "dataflow_testkit_clear"
# Nobody has uncommitted changes where every number that was given to a transaction is that of one that has ended: a
# snapshot ends with the last of those, and age() counts from the next to be given, unless we ourselves have one.
_NONE_OPEN: Final = """
    pg_current_xact_id_if_assigned() IS NULL AND age(pg_snapshot_xmax(pg_current_snapshot())::xid) = 0
    AND pg_snapshot_xmin(pg_current_snapshot()) = pg_snapshot_xmax(pg_current_snapshot())
"""
_GUARDS: Final = triggers.guard(JOURNAL) + triggers.guard(saved.SAVED)
_NO_VERSION: Final = SchemaVersion(0, Catalog((), ()), {}, frozenset(), frozenset())


@dataclass
class TriggerSet:
    """What is recorded now, and what every number in the journal has ever meant.

    sources: all tables there have been, by the number that their triggers write. copied: when the copy of
    their rows was made. signature: of the schema as it was last found to be that of the present version.
    own_tables: which the journal's own are, by number.
    """

    connection: Connection
    sources: dict[int, Table] = field(default_factory=dict[int, Table])
    copied: dict[int, str] = field(default_factory=dict[int, str])
    version: SchemaVersion = _NO_VERSION
    versions: dict[int, SchemaVersion] = field(default_factory=dict[int, SchemaVersion])
    signature: str = ""
    own_tables: str = ""
    _last_version: int = 0

    def install(self) -> None:
        """Creates the journal, empty, in the open transaction, and begins to record."""
        self.connection.run(triggers.INSTALL + saved.INSTALL + _GUARDS + schema.INSTALL)
        self.own_tables = self._own_tables()
        self.refit()

    def refit(self) -> None:
        """Makes the triggers fit the tables, in the open transaction; a new version begins."""
        while True:  # until nobody changed the schema in the meantime
            objects = schema.described(self.connection)
            catalog = read_catalog(self.connection)
            intact = self._intact(self.version)
            numbers = {table: number for table, number in self.version.numbers.items() if table.sql in intact}
            numbers = {table: numbers.get(table, 0) for table in catalog.tables}
            missing: dict[int, Table] = {}
            for table, number in numbers.items():
                if not number:
                    numbers[table] = len(self.sources) + 1
                    missing[numbers[table]] = self.sources[numbers[table]] = table
            triggers.record(self.connection, missing)
            self.connection.run(quick_undo.function(numbers))
            with triggers.all_rows(self.connection, missing.values()):
                self.copied.update(dict.fromkeys(missing, saved.save(self.connection, missing)))
            ((self.signature,),) = self.connection.run(f"SELECT {schema.signature(self.connection.database_number)}")
            if schema.described(self.connection) == objects:
                break
        self._last_version += 1
        own_triggers = schema.own_triggers(self.connection)
        self._begin(SchemaVersion(self._last_version, catalog, numbers, objects, own_triggers))

    def return_to(self, version: SchemaVersion) -> None:
        """Records again as in an earlier schema version, in the open transaction; its tables are there as they were."""
        self.connection.run(FUNCTIONS + _GUARDS + quick_undo.function(version.numbers))
        triggers.record(self.connection, self.broken(version))
        ((self.signature,),) = self.connection.run(f"SELECT {schema.signature(self.connection.database_number)}")
        self._begin(replace(version, triggers=schema.own_triggers(self.connection)))

    def install_again(self) -> None:
        """Creates the journal anew, in the open transaction; what was left of it goes, the tables' triggers too."""
        self.connection.run(f"DROP SCHEMA IF EXISTS {OWN_SCHEMA} CASCADE")
        self.connection.run(triggers.INSTALL + saved.INSTALL + _GUARDS + schema.INSTALL)
        self.own_tables = self._own_tables()
        self.version = _NO_VERSION

    def broken(self, version: SchemaVersion) -> dict[int, Table]:
        """The tables, by number, whose recording was broken off since the version, if only for a moment."""
        intact = self._intact(version)
        return {number: table for table, number in version.numbers.items() if table.sql not in intact}

    def forget(self, used: Iterable[int]) -> None:
        """Drops what is kept for versions that have passed. used: the numbers of those that have not."""
        kept = {self.version.number, *used}
        passed = self.versions.keys() - kept
        if passed:
            for number in passed:
                del self.versions[number]
            kept_tables = {source for version in self.versions.values() for source in version.numbers.values()}
            saved.forget(self.connection, kept_tables)

    def _begin(self, version: SchemaVersion) -> None:
        self.version = self.versions[version.number] = version
        self._prepare(version.catalog.sequences)

    def _intact(self, version: SchemaVersion) -> set[str]:
        """The tables whose triggers and columns are the very ones that were there in the version."""
        untouched = version.triggers & schema.own_triggers(self.connection)
        found = {(each.name, each.part) for each in untouched}
        return {table.sql for table in version.numbers if {(table.sql, name) for name in triggers.NAMES} <= found}

    def _prepare(self, sequences: Iterable[str]) -> None:
        net = triggers.summed(*triggers.inverted(triggers.after("$1")))
        parts = f"SELECT jsonb_agg(jsonb_build_array(source, goes, comes)) FROM ({summary(net)}) AS parts"
        number = self.connection.database_number
        counters, locks = counters_query(sequences), f"ARRAY({advisory_locks(number)})"
        self.connection.run(
            f"DEALLOCATE ALL; PREPARE {_OBSERVATION} (pg_snapshot, bool) AS SELECT pg_current_snapshot()::text, "
            f"{schema.signature(number)}, {counters}, counted.*, coalesce(({parts}), '[]'), "
            f"CASE WHEN NOT $2 OR {_NONE_OPEN} THEN false ELSE EXISTS ({WRITERS}) END, {locks} "
            f"FROM (SELECT count(*), count(*) FILTER (WHERE NOT {triggers.HAS_ROW}) FROM {JOURNAL} "
            f"WHERE {triggers.after('$1')}) AS counted; "
            f"PREPARE {_GLANCE} (pg_snapshot) AS SELECT pg_current_snapshot()::text, "
            f"EXISTS (SELECT FROM {JOURNAL} WHERE {triggers.after('$1')}), {counters}, {locks}; "
            f"PREPARE {_CLEAR} (pg_snapshot) AS DELETE FROM {JOURNAL} WHERE {triggers.after('$1')}"
        )

    def glance(self, snapshot: str) -> Glance | None:
        """What `observe` tells at little cost, in one round trip; None where it must be asked for everything."""
        try:
            ((now, has_entries, counters, locks),) = self.connection.run(f"EXECUTE {_GLANCE}({literal(snapshot)})")
        except self.connection.Error as error:
            if getattr(error, "pgcode", None) not in _NO_TABLE_OR_SCHEMA:
                raise
            self.connection.start_over()
            return None
        return Glance(now, has_entries, tuple(counters), frozenset(locks))

    def observe(self, snapshot: str | None = None, *, writers: bool = False) -> Observation:
        """Observes, in one round trip.

        snapshot: count the changes since then; None for none. writers: also whether others have uncommitted changes.
        """
        since = "pg_current_snapshot()" if snapshot is None else literal(snapshot)
        try:
            ((now, signature, counters, entries, lost, parts, writing, locks),) = self.connection.run(
                f"EXECUTE {_OBSERVATION}({since}, {writers})"
            )
        except self.connection.Error as error:
            if getattr(error, "pgcode", None) not in _NO_TABLE_OR_SCHEMA:
                raise
            self.connection.start_over()
            self._require_own_tables()
            self._prepare(())  # a sequence is gone, which the signature tells as well
            return self.observe(snapshot, writers=writers)
        return Observation(
            *(now, signature, tuple(counters), entries, lost, tuple(Part(*part) for part in parts), writing),
            frozenset(locks),
        )

    def clear(self, snapshot: str) -> None:
        """Forgets what was recorded since the snapshot, with the next statement in the open transaction."""
        self.connection.later(f"EXECUTE {_CLEAR}({literal(snapshot)})")

    def is_fit(self, observation: Observation) -> bool:
        """Whether the schema is the one that is recorded, as far as it is the application's."""
        if observation.signature != self.signature:
            self._require_own_tables()
            if schema.described_with_triggers(self.connection) != self.version.objects | self.version.triggers:
                return False
            self.signature = observation.signature
        return True

    def _own_tables(self) -> str:
        ((found,),) = self.connection.run(
            f"SELECT concat_ws(' ', to_regclass('{JOURNAL}')::oid, to_regclass('{saved.SAVED}')::oid)"
        )
        return str(found)

    def _require_own_tables(self) -> None:
        """Raises `IsolationFailed` where the journal itself is lost; makes its functions again where those are."""
        if self._own_tables() != self.own_tables:
            raise IsolationFailed(
                f"the kit's journal was dropped from {self.connection.name}",
                why=f"a test dropped the schema {OWN_SCHEMA} or its tables, in which the kit records what to take back",
                do=f"leave the schema {OWN_SCHEMA} out when you drop tables or schemas",
            )
        if not schema.is_installed(self.connection):
            self.connection.run(FUNCTIONS + _GUARDS + schema.INSTALL + quick_undo.function(self.version.numbers))

    def restore_counters(self, present: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        """Puts sequences back; to be done last in a transaction, for it cannot be rolled back."""
        statement = restore_counters(self.version.catalog.sequences, present, wanted)
        if statement:
            self.connection.later(statement)
