"""What a mark stands for, and how the present differs from it."""

from __future__ import annotations

from dataclasses import dataclass

from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.database import quoted
from kailash_testkit.databases.mysql.journal.catalog import Catalog
from kailash_testkit.databases.mysql.journal.counters import counters_query, parse_counters
from kailash_testkit.databases.mysql.journal.history import looking, touched
from kailash_testkit.databases.mysql.journal.rebuild import SavedState
from kailash_testkit.databases.mysql.journal.schema import ASKING_FOR_STATEMENTS, parse_statement_counts
from kailash_testkit.databases.mysql.journal.trigger_set import Recording
from kailash_testkit.databases.mysql.journal.triggers import Source


@dataclass
class Place:
    """What a mark stands for.

    era: its number. head: the last position it saw. unrecorded: a sum over the rows of each table not recorded.
    """

    era: int
    head: int
    state: SavedState
    catalog: Catalog
    counters: dict[str, int]
    unrecorded: dict[str, object]


@dataclass
class Look:
    """What one round trip tells. statements: how many the server has begun, by kind. counters: present ones."""

    statements: dict[str, int]
    touched: list[Source]
    counters: dict[str, int]


class Comparison:
    """Compares the present with a mark.

    unfinished: the tables that an undo, interrupted by a lock, has yet to write anew.
    """

    def __init__(self, connection: Connection, recording: Recording) -> None:
        self._connection = connection
        self._recording = recording
        self.unfinished: set[str] = set()

    def look(self, place: Place, isolation: str) -> Look:
        """What there is under that isolation level, all but what `gaps` asks for."""
        sources = list(self._recording.sources.values())
        statements, flags, counters = self._connection.batch(
            [
                ASKING_FOR_STATEMENTS,
                f"SET TRANSACTION ISOLATION LEVEL {isolation}",
                looking(sources, place.era),
                counters_query(place.counters),
            ]
        )
        return Look(parse_statement_counts(statements), touched(sources, flags), parse_counters(counters))

    def sums(self, catalog: Catalog) -> dict[str, object]:
        """A sum over the rows of each table that is not recorded."""
        if not catalog.opaque:
            return {}
        return dict(self._connection.run(f"CHECKSUM TABLE {', '.join(map(quoted, catalog.opaque))}"))

    def gaps(self, place: Place, look: Look) -> tuple[str, ...]:
        """Why the journal alone does not lead back to the place."""
        gaps: list[str] = []
        if self.schema_differs(place, look.statements):
            gaps.append("the schema was changed")
        gaps += [f"table {name} changed while no trigger fired" for name in sorted(self.stale(place))]
        return tuple(gaps + self.unrecorded(place))

    def schema_differs(self, place: Place, statements: dict[str, int] | None = None) -> bool:
        """Whether anything was made, altered or dropped since."""
        fit, schema = self._recording.schema_is_fit(statements), self._recording.schema
        return not fit or schema is None or not schema.same_as(place.state.schema)

    def stale(self, place: Place) -> set[str]:
        """The tables whose rows do not follow from what was recorded since."""
        sources, current = place.state.sources, self._recording.current
        torn = self._recording.watch.torn(current) & set(sources)
        torn |= {name for name, source in sources.items() if current.get(name) is not source}
        return torn | self.unfinished | self._recording.cascaded(sources, place.era)

    def unrecorded(self, place: Place) -> list[str]:
        """Why what changed cannot be put back at all."""
        if not place.catalog.opaque:
            return []
        sums = self.sums(place.catalog)
        return [
            reason
            for reason, (summed, total) in zip(place.catalog.opaque.values(), place.unrecorded.items(), strict=True)
            if sums.get(summed) != total
        ]
