"""Which tables are recorded, by which triggers, under which schema."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from kailash_testkit.databases.mysql.connection import Connection, literal
from kailash_testkit.databases.mysql.database import quoted
from kailash_testkit.databases.mysql.journal.catalog import OWN_PREFIX, Catalog, Table, read_catalog
from kailash_testkit.databases.mysql.journal.schema import Schema, read_schema, statements_so_far
from kailash_testkit.databases.mysql.journal.triggers import Source
from kailash_testkit.databases.mysql.journal.watch import Watch
from kailash_testkit.errors import UnsupportedDatabase

_MAY_NOT: Final = (1044, 1142, 1227, 1370)
_TRUSTS_NOBODY: Final = 1419  # MySQL with a binary log, to whoever is not an administrator


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
    last_generated_id: int = 0

    @contextmanager
    def refusals_explained(self) -> Generator[None, None, None]:
        """Raises `UnsupportedDatabase`, and says how to get it, where the kit's user lacks a privilege."""
        try:
            yield
        except self.connection.Error as error:
            if not error.args or error.args[0] not in (*_MAY_NOT, _TRUSTS_NOBODY):
                raise
            database = quoted(self.connection.database)
            raise UnsupportedDatabase(
                f"the kit may not record what changes in the database {self.connection.database}",
                why=str(error.args[-1]),
                do="let the server's administrator run: SET GLOBAL log_bin_trust_function_creators = 1"
                if error.args[0] == _TRUSTS_NOBODY
                else f"give the kit's user all privileges on it: GRANT ALL ON {database}.* TO ...",
            ) from error

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

    def schema_is_fit(self, statements: dict[str, int] | None = None) -> bool:
        """Whether the schema is as the journal last saw it. Cheap while nobody changes any.

        statements: what `statements_so_far` has just said, if it was asked.
        """
        if statements is None:
            statements = statements_so_far(self.connection)
        if self.schema is None:
            return False
        if statements == self.statements:
            return True
        if not read_schema(self.connection).same_as(self.schema):
            return False
        self.statements = statements
        return True

    def own_statements(self, kind: str, number: int) -> None:
        """The journal itself changed the schema, in a way that `schema` does not show."""
        self.statements[f"com_{kind}"] = self.statements.get(f"com_{kind}", 0) + number

    def cascaded(self, sources: Mapping[str, Source], era: int) -> set[str]:
        """Of the tables as recorded by ``sources``, those whose rows a foreign key may have changed after ``era``."""
        reached: set[str] = set()
        for cascade in self.catalog.cascades:
            parent, child = sources.get(cascade.parent), sources.get(cascade.child)
            if parent is not None and child is not None and cascade.child not in reached:
                deleted, updated = parent.cascaded(self.connection, era, child.base, cascade.referenced)
                if (deleted and cascade.on_delete) or (updated and cascade.on_update):
                    reached.add(cascade.child)
        return self.catalog.reached_from(reached)

    def refit(self, era: int, stale: Collection[str] = ()) -> None:
        """Make the triggers fit the tables. What is there already, counts as there since mark ``era``.

        stale: tables whose present rows do not follow from what was recorded of them.
        """
        again: set[str] | None = self.watch.torn(self.current) | set(stale)
        while again is not None:
            again = self._refit(era, again)

    def _refit(self, era: int, stale: set[str]) -> set[str] | None:
        catalog, schema = read_catalog(self.connection), read_schema(self.connection)
        kept = {name: source for name, source in self.current.items() if self._fits(source, catalog, schema, stale)}
        fresh = [self._new_source(table) for name, table in catalog.tables.items() if name not in kept]
        own = {name for source in kept.values() for name in source.triggers}
        useless = {trigger.name for trigger in schema.triggers if trigger.is_own} - own
        locked = [f"{source.name} WRITE, {source.journal} WRITE" for source in fresh]
        locked += [f"{source.name} READ" for source in kept.values()]
        try:
            if locked:
                self.connection.run(f"LOCK TABLES {', '.join(locked)}")
            self._drop_triggers(useless)
            others = [trigger for trigger in schema.triggers if trigger.name not in useless]
            for source in fresh:
                source.create_triggers(self.connection, others)
                source.record_base(self.connection, era)
            torn_meanwhile = self.watch.torn(kept)
            if torn_meanwhile:
                return stale | torn_meanwhile
            self.watch.begin()
        finally:
            self.connection.run("UNLOCK TABLES")
        self.goes_on_with(kept | {source.table.name: source for source in fresh}, catalog, era)
        return None

    def goes_on_with(self, sources: Mapping[str, Source], catalog: Catalog, era: int) -> None:
        """These record from now on."""
        for name, source in self.current.items():
            if sources.get(name) is not source:
                source.retired = era
        for source in sources.values():
            source.retired = None
        self.current, self.catalog = dict(sources), catalog
        self.statements = statements_so_far(self.connection)
        self.schema = read_schema(self.connection)

    def forget_unused(self, used: Collection[Source], marks: Collection[int]) -> None:
        """Drop the journals of tables as they were, where no mark needs them any more."""
        for source in list(self.sources.values()):
            if source.retired is not None and source not in used and all(mark > source.retired for mark in marks):
                self._forget(source)

    def forget_after(self, era: int) -> None:
        """Drop the journals of tables as they were after ``era``, which is the present again."""
        for source in list(self.sources.values()):
            if source.retired is not None and source.born >= era:
                self._forget(source)

    def _forget(self, source: Source) -> None:
        self.connection.run(f"DROP TABLE IF EXISTS {source.journal}")
        self.own_statements("drop_table", 1)
        del self.sources[source.number]

    def _fits(self, source: Source, catalog: Catalog, schema: Schema, stale: set[str]) -> bool:
        name = source.table.name
        present = {trigger.name for trigger in schema.triggers if trigger.table == name}
        return (
            name not in stale
            and self.schema is not None
            and catalog.tables.get(name) == source.table
            and schema.tables.get(name) == self.schema.tables.get(name)
            and present.issuperset(source.triggers)
        )

    def _new_source(self, table: Table) -> Source:
        self.last_generated_id += 1
        source = Source(self.last_generated_id, table)
        self.sources[source.number] = source
        source.create_journal(self.connection)
        return source

    def _drop_triggers(self, names: set[str]) -> None:
        for name in sorted(names):
            self.connection.run(f"DROP TRIGGER IF EXISTS {quoted(name)}")
