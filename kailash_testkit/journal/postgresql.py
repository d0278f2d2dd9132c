"""The change journal of a PostgreSQL database (PostgreSQL 13 or later; any role that owns the tables).

Triggers on every table of the application write each change into a table of the kit's own schema
(`postgresql_triggers`). Undo computes from it what has to go and what has to come back, and one statement does
it (`postgresql_restoring`): its cost follows the number of changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kailash_testkit.errors import IsolationFailed
from kailash_testkit.journal import postgresql_triggers as triggers
from kailash_testkit.journal.interface import Mark, RecordedChange, UndoReport
from kailash_testkit.journal.postgresql_connection import Connection, literal
from kailash_testkit.journal.postgresql_fingerprint import fingerprint
from kailash_testkit.journal.postgresql_history import changes, position, replaying
from kailash_testkit.journal.postgresql_recording import Look, Recording
from kailash_testkit.journal.postgresql_restoring import Stuck, apply

_SCHEMA_CHANGED = "the schema was changed"


@dataclass
class _Place:
    """What a mark stands for. epoch: which schema was in force."""

    snapshot: str
    epoch: int
    counters: tuple[str, ...]


class PostgresqlJournal:
    """A `Journal` on a PostgreSQL database.

    connection: psycopg2's, in autocommit mode, for this journal alone: it changes its settings.
    lock_wait: how long to wait for a lock, in seconds.
    """

    def __init__(self, connection: Any, *, lock_wait: float = 0.5) -> None:
        self._connection = Connection(connection, lock_wait=lock_wait)
        self._recording = Recording()
        self._places: dict[int, _Place] = {}
        self._last_mark = 0

    def install(self) -> None:
        with self._connection.transaction():
            self._recording.install(self._connection)
            self._recording.refit(self._connection)

    def refresh(self) -> None:
        look = self._recording.look(self._connection)
        if look is None or not self._recording.is_fit(self._connection, look):
            with self._connection.transaction(isolation="REPEATABLE READ", lock=triggers.JOURNAL):
                self._recording.refit(self._connection)

    def head(self) -> int:
        rows = self._connection.run(
            f"SELECT at, ctid::text FROM {triggers.JOURNAL} ORDER BY at DESC, ctid DESC LIMIT 1"
        )
        return position(*rows[0]) if rows else 0

    def mark(self) -> Mark:
        while True:
            look = self._recording.look(self._connection)
            if look is not None and self._recording.is_fit(self._connection, look):
                break
            self.refresh()
        self._last_mark += 1
        self._places[self._last_mark] = _Place(look.snapshot, self._recording.epoch, look.counters)
        return Mark(self._last_mark)

    def moved(self, mark: Mark) -> bool:
        place = self._place(mark)
        look = self._recording.look(self._connection, place.snapshot)
        return look is None or bool(look.entries) or look.counters != place.counters or bool(self._gaps(place, look))

    def changes(self, since: Mark) -> list[RecordedChange]:
        place = self._place(since)
        return changes(self._connection, self._recording.sources, place.snapshot)

    def gaps(self, since: Mark) -> tuple[str, ...]:
        return self._gaps(self._place(since), self._recording.look(self._connection))

    def undo(self, mark: Mark) -> UndoReport:
        place = self._place(mark)
        with self._connection.transaction(lock=triggers.JOURNAL):
            look = self._recording.look(self._connection, place.snapshot)
            gaps = self._gaps(place, look)
            if gaps or look is None:
                raise IsolationFailed("the schema was changed", why=", ".join(gaps))
            self._undo_by_journal(place, look)
        place.snapshot = look.snapshot
        self._places = {number: kept for number, kept in self._places.items() if number <= mark.number}
        return UndoReport("journal" if look.entries or look.counters != place.counters else "nothing", look.entries)

    def replay(self, changes: Sequence[RecordedChange]) -> None:
        self.refresh()  # what others did to the schema must not pass for what happens here
        asked = replaying(self._recording.current, changes)
        if not asked:
            return
        sources = self._recording.sources
        with self._connection.transaction(lock=triggers.JOURNAL):
            net = triggers.summed(triggers.values(asked), *triggers.taking_back(triggers.OF_THIS_TRANSACTION))
            with triggers.silenced(self._connection, [sources[number] for number in {row[0] for row in asked}]):
                try:
                    apply(self._connection, sources, net)
                except Stuck as error:
                    raise self._connection.IntegrityError(str(error)) from None

    def release(self, mark: Mark) -> None:
        self._place(mark)
        del self._places[mark.number]

    def fingerprint(self) -> str:
        with self._connection.transaction(isolation="REPEATABLE READ"):
            return fingerprint(self._connection)

    def close(self) -> None:
        self._places.clear()
        self._connection.close()

    # Where we are

    def _place(self, mark: Mark) -> _Place:
        try:
            return self._places[mark.number]
        except KeyError:
            raise ValueError(f"mark {mark.number} was released, or ended by going back to an earlier one") from None

    def _gaps(self, place: _Place, look: Look | None) -> tuple[str, ...]:
        if look is None or place.epoch != self._recording.epoch or not self._recording.is_fit(self._connection, look):
            return (_SCHEMA_CHANGED,)
        return ()

    # Going back

    def _undo_by_journal(self, place: _Place, look: Look) -> None:
        """Takes back the recorded changes, in the open transaction."""
        since = triggers.after(literal(place.snapshot))
        if look.entries:
            net = triggers.summed(*triggers.taking_back(since))
            with triggers.silenced(self._connection, [self._recording.sources[part.source] for part in look.parts]):
                apply(self._connection, self._recording.sources, net, look.parts)
            self._connection.run(f"DELETE FROM {triggers.JOURNAL} WHERE {since}")
        if look.counters != place.counters:
            self._recording.set_counters(self._connection, look.counters, place.counters)
