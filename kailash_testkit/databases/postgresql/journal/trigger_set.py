"""Which tables are recorded, under which schema, and one cheap look at all that may have changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from kailash_testkit.databases.postgresql.connection import WRITERS, Connection, literal
from kailash_testkit.databases.postgresql.journal import saved, schema, triggers
from kailash_testkit.databases.postgresql.journal.catalog import Catalog, Table, read_catalog
from kailash_testkit.databases.postgresql.journal.prepared import QuickUndo
from kailash_testkit.databases.postgresql.journal.undo import Part, summary

_UNDEFINED_TABLE: Final = "42P01"
_PREPARED: Final = "dataflow_testkit_look"


@dataclass(frozen=True)
class Look:
    """What the database looks like at one moment, as seen from a snapshot.

    snapshot: of this moment. signature: changes whenever the schema does. counters: of the sequences in the
    catalogue's order. entries: how many changes were recorded after the earlier snapshot; lost: and how many could
    not be told. parts: what taking them back asks for. writers: whether others have uncommitted changes, if asked for.
    """

    snapshot: str
    signature: str
    counters: tuple[str, ...]
    entries: int
    lost: int
    parts: tuple[Part, ...]
    writers: bool


@dataclass(frozen=True)
class Epoch:
    """A time in which the schema stood still; recorded changes lead back to a mark of the same epoch only.

    numbers: what the triggers of each table write. objects: the application's schema; triggers: the journal's.
    """

    number: int
    catalog: Catalog
    numbers: dict[Table, int]
    objects: frozenset[schema.Object]
    triggers: frozenset[schema.Object]


@dataclass
class Recording:
    """What is recorded now, and what every number in the journal has ever meant.

    sources: all tables there have been, by the number that their triggers write. copied: when the copy of
    their rows was made. signature: of the schema as it was last found to be that of the present epoch.
    quick: what is prepared for its tables.
    """

    sources: dict[int, Table] = field(default_factory=dict[int, Table])
    copied: dict[int, str] = field(default_factory=dict[int, str])
    epoch: Epoch = field(default_factory=lambda: Epoch(0, Catalog((), ()), {}, frozenset(), frozenset()))
    epochs: dict[int, Epoch] = field(default_factory=dict[int, Epoch])
    signature: str = ""
    quick: QuickUndo | None = None
    _last_epoch: int = 0

    def install(self, connection: Connection) -> None:
        """Creates the journal, empty, in the open transaction, and begins to record."""
        connection.run(triggers.INSTALL + saved.INSTALL + schema.INSTALL)
        self.refit(connection)

    def refit(self, connection: Connection) -> None:
        """Makes the triggers fit the tables, in the open transaction; a new epoch begins."""
        while True:  # until nobody changed the schema in the meantime
            objects = schema.described(connection)
            catalog = read_catalog(connection)
            intact = self._intact(connection, self.epoch)
            numbers = {table: number for table, number in self.epoch.numbers.items() if table.sql in intact}
            numbers = {table: numbers.get(table, 0) for table in catalog.tables}
            missing: dict[int, Table] = {}
            for table, number in numbers.items():
                if not number:
                    numbers[table] = len(self.sources) + 1
                    missing[numbers[table]] = self.sources[numbers[table]] = table
            triggers.record(connection, missing)
            with triggers.all_rows(connection, missing.values()):
                self.copied.update(dict.fromkeys(missing, saved.save(connection, missing)))
            ((self.signature,),) = connection.run(f"SELECT {schema.SIGNATURE}")
            if schema.described(connection) == objects:
                break
        self._last_epoch += 1
        self._begin(connection, Epoch(self._last_epoch, catalog, numbers, objects, schema.own_triggers(connection)))

    def return_to(self, connection: Connection, epoch: Epoch) -> None:
        """Records again as in an earlier epoch, in the open transaction; its tables are there as they were."""
        triggers.record(connection, self.broken(connection, epoch))
        ((self.signature,),) = connection.run(f"SELECT {schema.SIGNATURE}")
        self._begin(connection, replace(epoch, triggers=schema.own_triggers(connection)))

    def broken(self, connection: Connection, epoch: Epoch) -> dict[int, Table]:
        """The tables, by number, whose recording was broken off since the epoch, if only for a moment."""
        intact = self._intact(connection, epoch)
        return {number: table for table, number in epoch.numbers.items() if table.sql not in intact}

    def forget(self, connection: Connection, used: Iterable[int]) -> None:
        """Drops what is kept for epochs that have passed. used: the numbers of those that have not."""
        kept = {self.epoch.number, *used}
        passed = self.epochs.keys() - kept
        if passed:
            for number in passed:
                del self.epochs[number]
            saved.forget(connection, {source for epoch in self.epochs.values() for source in epoch.numbers.values()})

    def _begin(self, connection: Connection, epoch: Epoch) -> None:
        self.epoch = self.epochs[epoch.number] = epoch
        self._prepare(connection, epoch.catalog.sequences)

    def _intact(self, connection: Connection, epoch: Epoch) -> set[str]:
        """The tables whose triggers and columns are the very ones that were there in the epoch."""
        untouched = epoch.triggers & schema.own_triggers(connection)
        found = {(each.name, each.part) for each in untouched}
        return {table.sql for table in epoch.numbers if {(table.sql, name) for name in triggers.NAMES} <= found}

    def _prepare(self, connection: Connection, sequences: Iterable[str]) -> None:
        counters = " UNION ALL ".join(
            f"SELECT {place} AS place, last_value || ':' || is_called AS counter FROM {sequence}"
            for place, sequence in enumerate(sequences)
        )
        found = f"ARRAY(SELECT counter FROM ({counters}) AS counters ORDER BY place)" if counters else "'{}'::text[]"
        net = triggers.summed(*triggers.taking_back(triggers.after("$1")))
        parts = f"SELECT jsonb_agg(jsonb_build_array(source, goes, comes)) FROM ({summary(net)}) AS parts"
        self.quick = QuickUndo(connection)
        connection.run(
            f"DEALLOCATE ALL; PREPARE {_PREPARED} (pg_snapshot, bool) AS SELECT pg_current_snapshot()::text, "
            f"{schema.SIGNATURE}, {found}, counted.*, coalesce(({parts}), '[]'), "
            f"CASE WHEN $2 THEN EXISTS ({WRITERS}) ELSE false END "
            f"FROM (SELECT count(*), count(*) FILTER (WHERE NOT {triggers.TOLD}) FROM {triggers.JOURNAL} "
            f"WHERE {triggers.after('$1')}) AS counted"
        )

    def look(self, connection: Connection, snapshot: str | None = None, *, writers: bool = False) -> Look:
        """Looks, in one round trip.

        snapshot: count the changes since then; None for none. writers: look also for those.
        """
        since = "pg_current_snapshot()" if snapshot is None else literal(snapshot)
        try:
            ((now, signature, counters, entries, lost, parts, writing),) = connection.run(
                f"EXECUTE {_PREPARED}({since}, {writers})"
            )
        except connection.Error as error:
            if getattr(error, "pgcode", None) != _UNDEFINED_TABLE:
                raise
            connection.start_over()
            self._prepare(connection, ())  # a sequence is gone, which the signature tells as well
            return self.look(connection, snapshot, writers=writers)
        return Look(now, signature, tuple(counters), entries, lost, tuple(Part(*part) for part in parts), writing)

    def is_fit(self, connection: Connection, look: Look) -> bool:
        """Whether the schema is the one that is recorded, as far as it is the application's."""
        if look.signature != self.signature:
            if schema.described_with_triggers(connection) != self.epoch.objects | self.epoch.triggers:
                return False
            self.signature = look.signature
        return True

    def set_counters(self, connection: Connection, now: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        """Puts sequences back; to be done last in a transaction, for it cannot be rolled back."""
        calls: list[str] = []
        for sequence, before, after in zip(self.epoch.catalog.sequences, now, wanted, strict=True):
            if before != after:
                last, called = after.split(":")
                calls.append(f"setval({literal(sequence)}, {last}, {called})")
        if calls:
            connection.later(f"SELECT {', '.join(calls)}")
