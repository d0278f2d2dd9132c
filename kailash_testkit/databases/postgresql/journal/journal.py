"""The change journal of a PostgreSQL database (PostgreSQL 13 or later; any role that owns the tables).

Triggers on every table of the application write each change into a table of the kit's schema
(`triggers`). Undo sums up from it what has to go and what has to come back, and writes that, foreign keys
in whatever order (`undo`); then the sum over all, its own writes included, must be nothing. So its
cost follows the number of changes. Where the journal does not hold everything (`gaps`: the schema was changed), or
PostgreSQL refuses a row, the schema is made again from its description (`rebuild`) and the rows of the
tables concerned from a copy and the journal (`saved`); what cannot be made again raises `IsolationFailed`.

The application's own triggers and rules are switched off for the undo's transaction, on the changed tables that have
some: for that PostgreSQL locks these tables against other writers, not against readers.

What is put back with the schema, and what is not, says `docs/databases.md`. Sequences are put back, but not what a
session has taken from one in advance (CACHE).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import sleep

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases.journal import KnownState, Mark, RecordedChange, UndoReport
from kailash_testkit.databases.packed_rows import PackedRows
from kailash_testkit.databases.postgresql.connection import Connection, literal
from kailash_testkit.databases.postgresql.journal import triggers
from kailash_testkit.databases.postgresql.journal.counters import advance_counters
from kailash_testkit.databases.postgresql.journal.fingerprint import fingerprint
from kailash_testkit.databases.postgresql.journal.history import (
    as_changes,
    position,
    present_rows,
    recorded_rows,
    replaying,
)
from kailash_testkit.databases.postgresql.journal.left_behind import RETRY, LeftBehind
from kailash_testkit.databases.postgresql.journal.mark_state import MarkState, Observation
from kailash_testkit.databases.postgresql.journal.quick_undo import take_back
from kailash_testkit.databases.postgresql.journal.rebuild import (
    VIEWED_ROWS,
    drop_hindrances,
    finish,
    prepare_for_rows,
    refresh_views,
)
from kailash_testkit.databases.postgresql.journal.saved import difference, taken_away
from kailash_testkit.databases.postgresql.journal.trigger_functions import JOURNAL
from kailash_testkit.databases.postgresql.journal.trigger_set import TriggerSet
from kailash_testkit.databases.postgresql.journal.undo import Part, UndoConflict, apply, find_parts

_SCHEMA_CHANGED = "the schema was changed"
_LOST = "a table was truncated whose rows a policy hides from its owner"


class Journal:
    """The journal of a PostgreSQL database. See the protocol `Journal` for the methods.

    connection: made by `Connection.to_journal`, for this journal alone.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._trigger_set = TriggerSet(connection)
        self._marks: dict[int, MarkState] = {}
        self._last_mark = 0
        self._left = LeftBehind(connection)

    def install(self) -> None:
        self._marks.clear()
        self._trigger_set = TriggerSet(self._connection)
        with self._connection.transaction():
            self._trigger_set.install()

    def refresh(self) -> None:
        observation = self._trigger_set.observe()
        if not self._trigger_set.is_fit(observation):
            with self._connection.transaction(lock=JOURNAL):
                self._trigger_set.refit()
                self._forget()

    def head(self) -> int:
        rows = self._connection.run(f"SELECT at, ctid::text FROM {JOURNAL} AS j ORDER BY at DESC, j.ctid DESC LIMIT 1")
        return position(*rows[0]) if rows else 0

    def mark(self) -> Mark:
        while True:
            observation = self._trigger_set.observe()
            if self._trigger_set.is_fit(observation):
                break
            self.refresh()
        self._last_mark += 1
        self._marks[self._last_mark] = MarkState(
            *(observation.snapshot, self._trigger_set.version.number, observation.counters, observation.locks),
            unmoved=observation.snapshot,
        )
        return Mark(self._last_mark)

    def moved(self, mark: Mark) -> bool:
        state = self._state(mark)
        glance = self._trigger_set.glance(state.snapshot)
        if glance is not None and (glance.tells_that_moved(state) or glance.tells_that_unmoved(state)):
            return glance.tells_that_moved(state)
        observation = self._trigger_set.observe(state.snapshot)
        if (
            observation.entries
            or observation.counters != state.counters
            or observation.locks - state.locks
            or self._gaps(state, observation)
        ):
            return True
        state.unmoved = observation.snapshot
        return False

    def changes(self, since: Mark) -> list[RecordedChange]:
        state = self._state(since)
        return as_changes(self._connection, self._trigger_set.sources, recorded_rows(self._connection, state.snapshot))

    def gaps(self, since: Mark) -> tuple[str, ...]:
        state = self._state(since)
        return self._gaps(state, self._trigger_set.observe(state.snapshot))

    def undo(self, mark: Mark) -> UndoReport:
        state = self._state(mark)
        end = clocks.now() + (self._connection.lock_wait or 0)
        while True:
            report = self._undo(state)
            if report is not None:
                break
            if clocks.now() > end:
                raise self._connection.busy()
            sleep(RETRY)
        self._marks = {number: kept for number, kept in self._marks.items() if number <= mark.number}
        return replace(report, left=(*self._left.views(), *self._left.locks(self._locks_since(state), until=end)))

    def replay(self, changes: Sequence[RecordedChange]) -> None:
        self.refresh()  # what others did to the schema must not pass for what happens here
        asked = replaying(self._trigger_set.version.numbers, self._trigger_set.sources, changes)
        if asked:
            net = triggers.summed(triggers.values(asked), *triggers.inverted(triggers.OF_THIS_TRANSACTION))
            with self._connection.transaction(lock=JOURNAL):
                try:
                    self._apply(net, find_parts(self._connection, net))
                except UndoConflict as error:
                    raise self._connection.IntegrityError(str(error)) from None
                names = {table.name: table.sql for table in self._trigger_set.version.numbers}
                advance_counters(self._connection, names, changes)

    def keep_rows(self, since: Mark | None) -> Callable[[], list[RecordedChange]]:
        sources = dict(self._trigger_set.sources)
        if since is not None:
            rows = recorded_rows(self._connection, self._state(since).snapshot)
        else:
            numbers = {number: table for table, number in self._trigger_set.version.numbers.items()}
            with self._connection.transaction(), triggers.all_rows(self._connection, numbers.values()):
                rows = present_rows(self._connection, numbers)
        packed = PackedRows(rows)
        return lambda: as_changes(self._connection, sources, packed.rows())

    def begin_again(self, states: Sequence[KnownState]) -> list[Mark]:
        self._connection.revive()
        marks: list[Mark] = []
        for known in states:
            state = self._state(known.mark)
            if known.is_whole:
                self._make_again(state, known.rows(), is_first=not marks)
            else:
                self.replay(known.rows())
            with self._connection.transaction():
                self._trigger_set.restore_counters(self._trigger_set.observe().counters, state.counters)
            marks.append(self.mark())
        self._marks = {mark.number: self._state(mark) for mark in marks}
        self._left = LeftBehind(self._connection)
        return marks

    def _make_again(self, state: MarkState, rows: Sequence[RecordedChange], *, is_first: bool) -> None:
        """The schema is that of the mark, its tables have these rows, and all are recorded; the first begins that."""
        connection, trigger_set = self._connection, self._trigger_set
        version = trigger_set.versions[state.schema_version]
        tables = {number: table for table, number in version.numbers.items()}
        with connection.transaction():
            if is_first:
                trigger_set.install_again()
            drop_hindrances(connection, prepare_for_rows(connection, version.objects))
            given = replaying(version.numbers, trigger_set.sources, rows)
            net = triggers.summed(*([triggers.values(given)] if given else []), *taken_away(tables))
            if tables:
                with triggers.all_rows(connection, tables.values()):
                    self._apply(net, find_parts(connection, net), are_bare=True)
            refresh_views(connection, version.objects, finish(connection, version.objects))
            trigger_set.refit()

    def release(self, mark: Mark) -> None:
        self._state(mark)
        del self._marks[mark.number]

    def fingerprint(self) -> str:
        with self._connection.transaction(isolation="REPEATABLE READ"):
            return fingerprint(self._connection)

    def close(self) -> None:
        self._marks.clear()
        self._connection.close()

    # Where we are

    def _state(self, mark: Mark) -> MarkState:
        try:
            return self._marks[mark.number]
        except KeyError:
            raise ValueError(f"mark {mark.number} was released, or ended by going back to an earlier one") from None

    def _gaps(self, state: MarkState, observation: Observation) -> tuple[str, ...]:
        if state.schema_version != self._trigger_set.version.number or not self._trigger_set.is_fit(observation):
            return (_SCHEMA_CHANGED,)
        return (_LOST,) if observation.lost else ()

    def _locks_since(self, state: MarkState) -> Callable[[], frozenset[str]]:
        return lambda: self._trigger_set.observe().locks - state.locks

    # Going back

    def _undo(self, state: MarkState) -> UndoReport | None:
        """One attempt; None where somebody else has uncommitted changes."""
        with self._connection.transaction(lock=JOURNAL):
            observation = self._trigger_set.observe(state.snapshot, writers=True)
            if observation.writers:
                return None
            gaps = self._gaps(state, observation)
            moved = observation.entries or observation.counters != state.counters or gaps
            try:
                if gaps:
                    raise UndoConflict(*gaps)
                self._take_back(state.snapshot, observation)
                report = UndoReport("journal" if moved else "nothing", observation.entries)
            except UndoConflict as conflict:
                report = UndoReport("saved state", observation.entries, conflict.args)
                observation = self._put_back(state, everything=bool(observation.lost) or not gaps)
            if moved:
                self._trigger_set.clear(state.snapshot)
                self._trigger_set.restore_counters(observation.counters, state.counters)
        state.snapshot, self._left.new_locks = observation.snapshot, observation.locks - state.locks
        return report

    def _put_back(self, state: MarkState, *, everything: bool) -> Observation:
        """Makes the schema and all rows what they were at the mark, in the open transaction.

        everything: compare the rows of all tables, also of those whose recording was never broken off.
        """
        connection, trigger_set = self._connection, self._trigger_set
        version = trigger_set.versions[state.schema_version]
        connection.start_over()
        now = prepare_for_rows(connection, version.objects)
        numbers = {number: table for table, number in version.numbers.items()}
        broken = numbers if everything else trigger_set.broken(version)
        recorded = ", ".join(str(number) for number in numbers if number not in broken) or "0"
        since = f"{triggers.after(literal(state.snapshot))} AND source IN ({recorded})"
        net = triggers.summed(*triggers.inverted(since), *difference(broken, trigger_set.copied, state.snapshot))
        if broken:
            connection.run(
                f"LOCK TABLE ONLY {', ONLY '.join(table.sql for table in broken.values())} IN SHARE ROW EXCLUSIVE MODE"
            )
            drop_hindrances(connection, now)
        else:
            now = finish(connection, version.objects, now)
        with triggers.all_rows(connection, broken.values()):
            self._apply(net, find_parts(connection, net), are_bare=bool(broken))
        if broken:
            now = finish(connection, version.objects)
        now = refresh_views(connection, version.objects, now)
        self._left.stale_views = sorted(each.name for each in version.objects - now if each.kind == VIEWED_ROWS)
        trigger_set.return_to(replace(version, objects=now))
        return trigger_set.observe(state.snapshot)

    def _take_back(self, snapshot: str, observation: Observation) -> None:
        """Takes back what was recorded since the snapshot, in the open transaction. Raises `UndoConflict`."""
        sources = self._trigger_set.sources
        left = take_back(self._connection, sources, observation.parts, snapshot, observation.entries)
        if left:
            numbers = ", ".join(str(part.source) for part in observation.parts if part not in left) or "0"
            since = f"{triggers.after(literal(snapshot))} AND source NOT IN ({numbers})"
            self._apply(triggers.summed(*triggers.inverted(since)), left)

    def _apply(self, net: str, parts: Sequence[Part], *, are_bare: bool = False) -> None:
        """Applies net changes. are_bare: the application's triggers and rules are not there at present."""
        connection, sources = self._connection, self._trigger_set.sources
        tables = [sources[part.source] for part in parts]
        if are_bare:
            tables = [replace(table, triggers=(), rules=(), forced=False) for table in tables]
        with triggers.silenced(connection, tables):
            apply(connection, sources, net, parts)

    def _forget(self) -> None:
        self._trigger_set.forget({state.schema_version for state in self._marks.values()})
