"""Which tables are recorded, by which triggers, under which schema."""

from __future__ import annotations

from dataclasses import dataclass, field

from kailash_testkit.journal.mysql_catalog import OWN_PREFIX, Catalog, Table, read_catalog
from kailash_testkit.journal.mysql_connection import Connection, literal, quoted
from kailash_testkit.journal.mysql_schema import Schema, read_schema, statements_so_far
from kailash_testkit.journal.mysql_triggers import Source
from kailash_testkit.journal.mysql_watch import Watch


@dataclass
class Recording:
    """What is recorded now, and what every number has ever meant.

    sources: all there have been, by number. current: those whose triggers are in place, by table.
    statements: the server's counters when ``schema`` was read.
    """

    connection: Connection
    watch: Watch
    sources: dict[int, Source] = field(default_factory=dict[int, Source])
    current: dict[str, Source] = field(default_factory=dict[str, Source])
    catalog: Catalog = field(default_factory=lambda: Catalog({}, {}))
    schema: Schema | None = None
    statements: dict[str, int] = field(default_factory=dict[str, int])

    def install(self) -> None:
        """Remove what an earlier journal left, and begin anew."""
        run = self.connection.run
        self._drop_triggers({trigger.name for trigger in read_schema(self.connection).triggers if trigger.is_own})
        pattern = literal(OWN_PREFIX.replace("_", "\\_") + "%")
        for (name,) in run(
            "SELECT table_name FROM information_schema.tables "
            f"WHERE table_schema = database() AND table_name LIKE {pattern}"
        ):
            run(f"DROP TABLE {quoted(name)}")
        self.sources, self.current, self.schema = {}, {}, None
        self.watch.begin()

    @property
    def names(self) -> list[str]:
        """The recorded tables."""
        return list(self.current)

    def schema_is_fit(self) -> bool:
        """Whether the schema is as the journal last saw it. Cheap while nobody changes any."""
        statements = statements_so_far(self.connection)
        if self.schema is None:
            return False
        if statements == self.statements:
            return True
        if read_schema(self.connection) != self.schema:
            return False
        self.statements = statements
        return True

    def own_statements(self, kind: str, number: int) -> None:
        """The journal itself changed the schema, in a way that `schema` does not show."""
        self.statements[f"com_{kind}"] = self.statements.get(f"com_{kind}", 0) + number

    def refit(self, era: int) -> None:
        """Make the triggers fit the tables. What is there already, counts as there since mark ``era``."""
        torn: set[str] | None = self.watch.torn(self.current)
        while torn is not None:
            torn = self._refit(era, torn)

    def _refit(self, era: int, torn: set[str]) -> set[str] | None:
        catalog, schema = read_catalog(self.connection), read_schema(self.connection)
        kept = {name: source for name, source in self.current.items() if self._fits(source, catalog, schema, torn)}
        fresh = [self._new_source(table) for name, table in catalog.tables.items() if name not in kept]
        own = {name for source in kept.values() for name in source.triggers}
        useless = {trigger.name for trigger in schema.triggers if trigger.is_own} - own
        locked = [f"{source.name} WRITE, {source.journal} WRITE" for source in fresh]
        locked += [f"{source.name} READ" for source in kept.values()]
        if locked:
            self.connection.run(f"LOCK TABLES {', '.join(locked)}")
        try:
            self._drop_triggers(useless)
            for source in fresh:
                source.create_triggers(self.connection)
                source.record_base(self.connection, era)
            torn_meanwhile = self.watch.torn(kept)
            if torn_meanwhile:
                return torn_meanwhile
            self.watch.begin()
        finally:
            self.connection.run("UNLOCK TABLES")
        self.current = kept | {source.table.name: source for source in fresh}
        self.catalog = catalog
        self.statements = statements_so_far(self.connection)
        self.schema = read_schema(self.connection)
        return None

    def _fits(self, source: Source, catalog: Catalog, schema: Schema, torn: set[str]) -> bool:
        name = source.table.name
        present = {trigger.name for trigger in schema.triggers if trigger.table == name}
        return (
            name not in torn
            and self.schema is not None
            and catalog.tables.get(name) == source.table
            and schema.tables.get(name) == self.schema.tables.get(name)
            and present.issuperset(source.triggers)
        )

    def _new_source(self, table: Table) -> Source:
        source = Source(len(self.sources) + 1, table)
        self.sources[source.number] = source
        source.create_journal(self.connection)
        return source

    def _drop_triggers(self, names: set[str]) -> None:
        for name in sorted(names):
            self.connection.run(f"DROP TRIGGER IF EXISTS {quoted(name)}")
