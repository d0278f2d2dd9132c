"""The change journal of a PostgreSQL database (PostgreSQL 13 or later; any role that owns the tables).

Triggers on every table of the application write each change into a table of the kit's own schema
(`postgresql_triggers`). Undo sums up from it what has to go and what has to come back, and writes that, foreign keys
in whatever order (`postgresql_restoring`); then the sum over all, its own writes included, must be nothing. So its
cost follows the number of changes. Where the journal cannot tell everything (`gaps`: the schema was changed), or
PostgreSQL refuses a row, the schema is made again from its description (`postgresql_rebuilding`) and the rows of the
tables concerned from a copy and the journal (`postgresql_saved`); what cannot be made again raises `IsolationFailed`.

The application's own triggers and rules are switched off for the undo's transaction, on the changed tables that have
some: for that PostgreSQL locks these tables against other writers, not against readers.

Not recorded, and not put back: large objects, rows of foreign tables (they are another server's), and what a
materialized view showed before it was refreshed. Sequences are put back, but not what a session has taken from one in
advance (CACHE). Privileges that were granted before and that a test changed cannot be put back; the undo says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic, sleep
from typing import Any

from kailash_testkit.databases.journal import Mark, RecordedChange, UndoReport
from kailash_testkit.databases.postgresql.connection import Connection, literal
from kailash_testkit.databases.postgresql.journal import triggers
from kailash_testkit.databases.postgresql.journal.fingerprint import fingerprint
from kailash_testkit.databases.postgresql.journal.history import changes, position, replaying
from kailash_testkit.databases.postgresql.journal.rebuild import drop_hindrances, finish, prepare_for_rows
from kailash_testkit.databases.postgresql.journal.saved import difference
from kailash_testkit.databases.postgresql.journal.trigger_set import Look, Recording
from kailash_testkit.databases.postgresql.journal.undo import Part, Stuck, apply, find_parts

_LOOK_AGAIN = 0.01  # seconds
_SCHEMA_CHANGED = "the schema was changed"
_LOST = "a table was truncated whose rows a policy hides from its owner"


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

    def refresh(self) -> None:
        look = self._recording.look(self._connection)
        if not self._recording.is_fit(self._connection, look):
            with self._connection.transaction(lock=triggers.JOURNAL):
                self._recording.refit(self._connection)
                self._forget()

    def head(self) -> int:
        rows = self._connection.run(
            f"SELECT at, ctid::text FROM {triggers.JOURNAL} AS j ORDER BY at DESC, j.ctid DESC LIMIT 1"
        )
        return position(*rows[0]) if rows else 0

    def mark(self) -> Mark:
        while True:
            look = self._recording.look(self._connection)
            if self._recording.is_fit(self._connection, look):
                break
            self.refresh()
        self._last_mark += 1
        self._places[self._last_mark] = _Place(look.snapshot, self._recording.epoch.number, look.counters)
        return Mark(self._last_mark)

    def moved(self, mark: Mark) -> bool:
        place = self._place(mark)
        look = self._recording.look(self._connection, place.snapshot)
        return bool(look.entries) or look.counters != place.counters or bool(self._gaps(place, look))

    def changes(self, since: Mark) -> list[RecordedChange]:
        place = self._place(since)
        return changes(self._connection, self._recording.sources, place.snapshot)

    def gaps(self, since: Mark) -> tuple[str, ...]:
        place = self._place(since)
        return self._gaps(place, self._recording.look(self._connection, place.snapshot))

    def undo(self, mark: Mark) -> UndoReport:
        place = self._place(mark)
        end = monotonic() + self._connection.lock_wait
        while True:
            report = self._undo(place)
            if report is not None:
                break
            if monotonic() > end:
                raise self._connection.busy()
            sleep(_LOOK_AGAIN)
        self._places = {number: kept for number, kept in self._places.items() if number <= mark.number}
        return report

    def replay(self, changes: Sequence[RecordedChange]) -> None:
        self.refresh()  # what others did to the schema must not pass for what happens here
        asked = replaying(self._recording.epoch.numbers, changes)
        if asked:
            net = triggers.summed(triggers.values(asked), *triggers.taking_back(triggers.OF_THIS_TRANSACTION))
            with self._connection.transaction(lock=triggers.JOURNAL):
                try:
                    self._apply(net, find_parts(self._connection, net))
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

    def _gaps(self, place: _Place, look: Look) -> tuple[str, ...]:
        if place.epoch != self._recording.epoch.number or not self._recording.is_fit(self._connection, look):
            return (_SCHEMA_CHANGED,)
        return (_LOST,) if look.lost else ()

    # Going back

    def _undo(self, place: _Place) -> UndoReport | None:
        """One attempt; None where somebody else has uncommitted changes."""
        since = triggers.after(literal(place.snapshot))
        with self._connection.transaction(lock=triggers.JOURNAL):
            look = self._recording.look(self._connection, place.snapshot, writers=True)
            if look.writers:
                return None
            gaps = self._gaps(place, look)
            moved = look.entries or look.counters != place.counters or gaps
            try:
                if gaps:
                    raise Stuck(*gaps)
                self._apply(triggers.summed(*triggers.taking_back(since)), look.parts, since=place.snapshot)
                report = UndoReport("journal" if moved else "nothing", look.entries)
            except Stuck as stuck:
                report = UndoReport("saved state", look.entries, stuck.args)
                look = self._put_back(place, everything=bool(look.lost) or not gaps)
            if moved:
                self._connection.later(f"DELETE FROM {triggers.JOURNAL} WHERE {since}")
                self._recording.set_counters(self._connection, look.counters, place.counters)
        place.snapshot = look.snapshot
        return report

    def _put_back(self, place: _Place, *, everything: bool) -> Look:
        """Makes the schema and all rows what they were at the mark, in the open transaction.

        everything: compare the rows of all tables, also of those whose recording was never broken off.
        """
        connection, recording, epoch = self._connection, self._recording, self._recording.epochs[place.epoch]
        connection.start_over()
        prepare_for_rows(connection, epoch.objects)
        numbers = {number: table for table, number in epoch.numbers.items()}
        broken = numbers if everything else recording.broken(connection, epoch)
        recorded = ", ".join(str(number) for number in numbers if number not in broken) or "0"
        since = f"{triggers.after(literal(place.snapshot))} AND source IN ({recorded})"
        net = triggers.summed(*triggers.taking_back(since), *difference(broken, recording.copied, place.snapshot))
        if broken:
            connection.run(
                f"LOCK TABLE ONLY {', ONLY '.join(table.sql for table in broken.values())} IN SHARE ROW EXCLUSIVE MODE"
            )
            drop_hindrances(connection)
        else:
            finish(connection, epoch.objects)
        with triggers.all_rows(connection, broken.values()):
            self._apply(net, find_parts(connection, net), are_bare=bool(broken))
        if broken:
            finish(connection, epoch.objects)
        recording.return_to(connection, epoch)
        return recording.look(connection, place.snapshot)

    def _apply(self, net: str, parts: Sequence[Part], *, since: str | None = None, are_bare: bool = False) -> None:
        """Applies net changes.

        since: they take back what was recorded since that snapshot. are_bare: the application's triggers and rules
        are not there at present.
        """
        connection, sources, quick = self._connection, self._recording.sources, self._recording.quick
        tables = [sources[part.source] for part in parts]
        if are_bare:
            tables = [replace(table, triggers=(), rules=(), forced=False) for table in tables]
        statements = quick.statements(sources, parts, since) if quick and since and parts else None
        with triggers.silenced(connection, tables):
            apply(connection, sources, net, parts, statements)

    def _forget(self) -> None:
        self._recording.forget(self._connection, {place.epoch for place in self._places.values()})
