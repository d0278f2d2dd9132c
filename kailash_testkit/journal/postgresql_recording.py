"""Which tables are recorded, under which schema, and one cheap look at all that may have changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from kailash_testkit.journal import postgresql_schema as schema
from kailash_testkit.journal import postgresql_triggers as triggers
from kailash_testkit.journal.postgresql_catalog import Catalog, Table, read_catalog
from kailash_testkit.journal.postgresql_connection import Connection, literal
from kailash_testkit.journal.postgresql_restoring import Part, summary

_UNDEFINED_TABLE: Final = "42P01"
_PREPARED: Final = "dataflow_testkit_look"


@dataclass(frozen=True)
class Look:
    """What the database looks like at one moment, as seen from a snapshot.

    snapshot: of this moment. signature: changes whenever the schema does. counters: of the sequences in the
    catalogue's order. entries: how many changes were recorded after the earlier snapshot. parts: what taking
    them back asks for.
    """

    snapshot: str
    signature: str
    counters: tuple[str, ...]
    entries: int
    parts: tuple[Part, ...]


@dataclass
class Recording:
    """What is recorded now, and what every number in the journal has ever meant.

    sources: all tables there have been, by the number that their triggers write; current: the other way
    round, for those recorded now. epoch: one number per schema; recorded changes lead back to a mark of the
    same epoch only. signature: of the schema as we know it, with objects as its full description.
    """

    sources: dict[int, Table] = field(default_factory=dict[int, Table])
    current: dict[Table, int] = field(default_factory=dict[Table, int])
    catalog: Catalog = field(default_factory=lambda: Catalog((), ()))
    epoch: int = 0
    signature: str = ""
    objects: frozenset[schema.Object] = frozenset()
    _last_epoch: int = 0

    def install(self, connection: Connection) -> None:
        """Creates the journal, empty, in the open transaction; its triggers come with `refit`."""
        triggers.install(connection)
        connection.run(schema.INSTALL)
        self.current, self.objects = {}, frozenset()

    def refit(self, connection: Connection) -> None:
        """Makes the triggers fit the tables, in the open transaction; a new epoch begins."""
        self.catalog = read_catalog(connection)
        untouched = self.objects & schema.described_with_triggers(connection)
        intact = {(each.name, each.part) for each in untouched if each.kind == schema.OWN_TRIGGER}
        current: dict[Table, int] = {}
        missing: dict[int, Table] = {}
        for table in self.catalog.tables:
            number = self.current.get(table)
            if number is None or not {(table.sql, name) for name in triggers.NAMES} <= intact:
                number = number or len(self.sources) + 1
                missing[number] = self.sources[number] = table
            current[table] = number
        triggers.record(connection, missing)
        self.current = current
        self._last_epoch += 1
        self.epoch = self._last_epoch
        ((self.signature,),) = connection.run(f"SELECT {schema.SIGNATURE}")
        self.objects = schema.described_with_triggers(connection)
        self._prepare(connection)

    def _prepare(self, connection: Connection) -> None:
        counters = " UNION ALL ".join(
            f"SELECT {place} AS place, last_value || ':' || is_called AS counter FROM {sequence}"
            for place, sequence in enumerate(self.catalog.sequences)
        )
        found = f"ARRAY(SELECT counter FROM ({counters}) AS counters ORDER BY place)" if counters else "'{}'::text[]"
        net = triggers.summed(*triggers.taking_back(triggers.after("$1")))
        parts = f"SELECT jsonb_agg(jsonb_build_array(source, goes, comes)) FROM ({summary(net)}) AS parts"
        connection.run(
            f"DEALLOCATE ALL; PREPARE {_PREPARED} (pg_snapshot) AS SELECT pg_current_snapshot()::text, "
            f"{schema.SIGNATURE}, {found}, (SELECT count(*) FROM {triggers.JOURNAL} WHERE {triggers.after('$1')}), "
            f"coalesce(({parts}), '[]')"
        )

    def look(self, connection: Connection, snapshot: str | None = None) -> Look | None:
        """Looks, in one round trip; None where the schema has changed so much that one cannot look.

        snapshot: count the changes since then; None for none.
        """
        since = "pg_current_snapshot()" if snapshot is None else f"'{snapshot}'"
        try:
            ((now, signature, counters, entries, parts),) = connection.run(f"EXECUTE {_PREPARED}({since})")
        except connection.Error as error:
            if getattr(error, "pgcode", None) != _UNDEFINED_TABLE:
                raise
            return None
        return Look(now, signature, tuple(counters), entries, tuple(Part(*part) for part in parts))

    def is_fit(self, connection: Connection, look: Look) -> bool:
        """Whether the schema is the one that is recorded, as far as it is the application's."""
        if look.signature != self.signature:
            if schema.described_with_triggers(connection) != self.objects:
                return False
            self.signature = look.signature
        return True

    def set_counters(self, connection: Connection, now: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        """Puts sequences back; to be done last in a transaction, for it cannot be rolled back."""
        calls: list[str] = []
        for sequence, before, after in zip(self.catalog.sequences, now, wanted, strict=True):
            if before != after:
                last, called = after.split(":")
                calls.append(f"setval({literal(sequence)}, {last}, {called})")
        connection.run(f"SELECT {', '.join(calls)}")
