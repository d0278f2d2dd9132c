"""What a mark stands for, and what the database is observed to be at a later moment."""

from __future__ import annotations

from dataclasses import dataclass

from kailash_testkit.databases.postgresql.journal.catalog import Catalog, Table
from kailash_testkit.databases.postgresql.journal.schema import Object
from kailash_testkit.databases.postgresql.journal.undo import Part


@dataclass
class MarkState:
    """What a mark stands for.

    snapshot: which transactions were committed. schema_version: the number of the one in force.
    counters: of the sequences in the catalogue's order. locks: the advisory locks that others held.
    unmoved: a later snapshot, or the same, of a moment when all was found to be as at the mark.
    """

    snapshot: str
    schema_version: int
    counters: tuple[str, ...]
    locks: frozenset[str]
    unmoved: str = ""


@dataclass(frozen=True)
class Glance:
    """What can be told without a look at the schema: see `Observation`.

    has_entries: whether changes were recorded after the earlier snapshot.
    """

    snapshot: str
    has_entries: bool
    counters: tuple[str, ...]
    locks: frozenset[str]

    def tells_that_moved(self, state: MarkState) -> bool:
        """Whether this alone shows that something was changed since the mark."""
        return self.has_entries or self.counters != state.counters or bool(self.locks - state.locks)

    def tells_that_unmoved(self, state: MarkState) -> bool:
        """Whether this alone shows that nothing was: who commits a change, also of the schema, changes the snapshot."""
        return self.snapshot == state.unmoved and not self.tells_that_moved(state)


@dataclass(frozen=True)
class Observation:
    """What the database is at one moment, compared with an earlier snapshot.

    snapshot: of this moment. signature: changes whenever the schema does. counters: of the sequences in the
    catalogue's order. entries: how many changes were recorded after the earlier snapshot; lost: how many of them
    lack their rows. parts: what undoing them asks for. writers: whether others have uncommitted changes, if asked for.
    locks: the advisory locks that others hold, as ``session:key``.
    """

    snapshot: str
    signature: str
    counters: tuple[str, ...]
    entries: int
    lost: int
    parts: tuple[Part, ...]
    writers: bool
    locks: frozenset[str]


@dataclass(frozen=True)
class SchemaVersion:
    """The schema between two changes of it; recorded changes lead back to a mark of the same version only.

    numbers: what the triggers of each table write. objects: the application's schema; triggers: the journal's.
    """

    number: int
    catalog: Catalog
    numbers: dict[Table, int]
    objects: frozenset[Object]
    triggers: frozenset[Object]
