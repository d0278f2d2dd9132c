"""The change journal of a SQLite database file (SQLite 3.37 or later).

Triggers on every table of the application write each change into a table of the same file
(`triggers`); what was there before is known from a copy in memory (`image`). Undo removes the
rows touched since the mark and inserts them as they were: its cost follows the number of changes (`undo`). Where
the journal cannot tell everything (`gaps`: the schema was changed, or a table fires no triggers), and where
SQLite refuses a row, the copy as a whole is put back (`rebuild`).

The application's own triggers would fire during undo and Python 3.11 cannot switch them off; those of
the changed tables are dropped and made again inside the undo's transaction. That costs about 0.6
milliseconds per table that has some, whatever its size, while putting back the whole database costs the size
of the database. The application's statements are prepared again by SQLite itself.

An application notices: `total_changes` counts the journal's rows as well, and past connections that are watched
(`watched_connections`) ALTER TABLE ... DROP COLUMN is refused, because a trigger names the column.

What is written past SQLite's triggers (`Connection.blobopen`) is not recorded, but recognised, by comparing rows with
the copy: those of tables that hold blobs, and of all tables where a connection of this process opened a value to be
written in place (`watched_connections`), or where the database was written and nothing was recorded.
Where somebody deleted, replaced or overwrote the file (`files`), a new one is made from the copy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kailash_testkit.databases.journal import KnownState, Mark, RecordedChange, UndoReport
from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.files import Files
from kailash_testkit.databases.sqlite.journal.comparison import has_all, is_overwritten, suspects
from kailash_testkit.databases.sqlite.journal.fingerprint import fingerprint, same_rows
from kailash_testkit.databases.sqlite.journal.history import History, numbered
from kailash_testkit.databases.sqlite.journal.image import Image
from kailash_testkit.databases.sqlite.journal.mark_state import NOTHING_OBSERVED, MarkState, Observation
from kailash_testkit.databases.sqlite.journal.observing import Observer
from kailash_testkit.databases.sqlite.journal.rebuild import made_again_under, make_file_again, rebuild
from kailash_testkit.databases.sqlite.journal.replay import make_again
from kailash_testkit.databases.sqlite.journal.schema import schema_text
from kailash_testkit.databases.sqlite.journal.trigger_set import TriggerSet
from kailash_testkit.databases.sqlite.journal.triggers import IMAGE, LIVE
from kailash_testkit.databases.sqlite.journal.undo import is_whole, undo_by_journal
from kailash_testkit.databases.sqlite.journal.user_triggers import only_own_triggers
from kailash_testkit.errors import IsolationFailed

_PAST_TRIGGERS: Final = "rows were written in a way that fires no triggers"


class Journal:
    """A `Journal` on a SQLite file.

    connection: made by `Connection.open_for_journal`, for this journal alone. made_again: called when the file was
    made again, so that others connect to the new one.
    """

    def __init__(self, connection: Connection, made_again: Callable[[], object] = lambda: None) -> None:
        self._connection = connection
        self._made_again = made_again
        self._files = Files(Path(connection.path))
        self._log_mode = "wal"
        self._trigger_set = TriggerSet()
        self._observer = Observer(connection, self._trigger_set)
        self._history = History()
        self._image: Image | None = None
        self._image_observation = NOTHING_OBSERVED
        self._images: list[Image] = []
        self._states: dict[int, MarkState] = {}
        self._last_mark = 0

    def install(self) -> None:
        with self._refitting_triggers() as cursor:
            self._trigger_set.install(cursor)
        self._log_mode = str((self._connection.first("PRAGMA main.journal_mode") or ("wal",))[0])
        self._files.remember()

    def refresh(self) -> None:
        if not self._observer.schema_is_fit():
            with self._refitting_triggers():
                pass

    def head(self) -> int:
        return numbered(self._observer.head())

    def mark(self) -> Mark:
        while True:
            observation = self._observer.observe()
            if not self._observer.schema_is_fit():
                self.refresh()
                continue
            state = self._present_state(observation)
            if state is not None and observation == self._observer.observe():  # else somebody wrote meanwhile
                self._last_mark += 1
                self._states[self._last_mark] = state
                self._free_unused()
                return Mark(self._last_mark)

    def moved(self, mark: Mark) -> bool:
        state = self._state(mark)
        if not self._files.are_untouched and (self._files.fault() is not None or self._files.is_written):
            return True
        try:
            observation = self._observer.observe()
            if observation == state.observation:
                return False
            if not self._observer.reads_as_at(state):
                return True
        except sqlite3.DatabaseError:  # somebody damaged what it would have to read: `undo` sees to that
            return True
        state.observation = observation
        return False

    def changes(self, since: Mark) -> list[RecordedChange]:
        state = self._state(since)
        self._catch_up()
        return self._history.changes(state.seq)

    def gaps(self, since: Mark) -> tuple[str, ...]:
        state, fault = self._state(since), self._files.fault()
        if fault is not None:
            return (fault,)
        with self._connection.transaction("DEFERRED"):
            return self._observer.gaps(state)

    def undo(self, mark: Mark) -> UndoReport:
        state = self._state(mark)
        fault = self._files.fault()
        report = UndoReport("nothing", 0) if fault is not None else self._undo(state)
        if fault is None and report.method == "saved state":
            fault = self._undo_by_saved_state(state)
        elif fault is None and self._files.is_written and is_overwritten(state.image, self._files.path):
            fault = "the database's file was overwritten"
        if fault is not None:
            report = UndoReport("saved state", report.changes, (*report.reasons, fault), self._make_again(state, fault))
        if fault is not None or self._files.is_written:
            self._files.remember()
        self._history.cut(state.seq)
        self._image = state.image
        state.observation = self._image_observation = self._observer.observe()
        self._states = {number: kept for number, kept in self._states.items() if number <= mark.number}
        self._free_unused()
        return report

    def replay(self, changes: Sequence[RecordedChange]) -> None:
        self.refresh()  # what others did to the schema must not pass for what happens here
        tables = self._trigger_set.catalog.tables
        with self._connection.transaction("IMMEDIATE") as cursor:
            with only_own_triggers(cursor, sorted({change.table for change in changes})):
                for change in changes:
                    make_again(cursor, tables[change.table], change)
            left = self._observer.schema_cookie(), schema_text(cursor)
        self._trigger_set.cookie, self._trigger_set.text = left

    def keep_rows(self, since: Mark | None) -> Callable[[], list[RecordedChange]]:
        return list  # none: the image has them

    def begin_again(self, states: Sequence[KnownState]) -> list[Mark]:
        marks = [state.mark for state in states]
        self.undo(marks[-1])  # which needs nothing that is in the file
        return marks

    def release(self, mark: Mark) -> None:
        self._state(mark)
        del self._states[mark.number]
        self._free_unused()

    def fingerprint(self) -> str:
        with self._connection.transaction("DEFERRED"):
            return fingerprint(self._connection)

    def close(self) -> None:
        self._states.clear()
        self._image = None
        self._free_unused()
        self._connection.close()
        self._files.close()

    @contextmanager
    def _refitting_triggers(self) -> Generator[sqlite3.Cursor, None, None]:
        """A transaction at whose end the triggers fit the tables; then a new image is made."""
        with self._connection.transaction("IMMEDIATE") as cursor:
            yield cursor
            if self._image is not None:
                self._look_ahead(self._image)
            self._trigger_set.cookie = -1
            self._trigger_set.refit(cursor)
            left = self._observer.schema_cookie(), schema_text(cursor)
        self._trigger_set.cookie, self._trigger_set.text = left
        self._make_image()

    # Where we are

    def _present_state(self, observation: Observation) -> MarkState | None:
        """What a mark stands for; None if the schema was changed meanwhile."""
        was = -1 if self._image is None else self._image.position
        if self._catch_up() and self._image is not None:
            if self._image_observation != observation:
                opened = observation.blobs_opened != self._image_observation.blobs_opened
                if self._trigger_set.catalog.opaque or not has_all(self._image, since=was, blobs_opened=opened):
                    self._make_image()
                self._image_observation = observation
            counters = self._observer.counters(self._connection.cursor())
            version = self._trigger_set.schema_version
            return MarkState(self._image.position, version, counters, observation, self._image)
        return None

    def _make_image(self) -> None:
        with self._connection.transaction("DEFERRED"):
            head = self._observer.head()  # begins to read: the copy is of the same moment
            triggers = self._trigger_set
            self._image = Image(self._connection, head, triggers.catalog, triggers.current)
        self._images.append(self._image)
        self._free_unused()

    def _catch_up(self) -> bool:
        """Bring image and history up to now; False if the schema was changed, so that it cannot be done for sure."""
        if self._image is None:
            return False
        if self._observer.schema_is_fit():
            try:
                self._image.follow(self._history)
                return True
            except sqlite3.OperationalError:
                if self._observer.schema_is_fit():
                    raise
        self._look_ahead(self._image)
        return False

    def _look_ahead(self, image: Image) -> None:
        self._history.cut(image.position)  # what an earlier look added
        image.look_ahead(self._history)

    def _state(self, mark: Mark) -> MarkState:
        try:
            return self._states[mark.number]
        except KeyError:
            raise ValueError(f"mark {mark.number} was released, or ended by going back to an earlier one") from None

    # Going back

    def _undo(self, state: MarkState) -> UndoReport:
        entries = 0
        try:
            gaps = self._observer.gaps(state)
            entries = self._observer.head() - state.seq
            return UndoReport("saved state", entries, gaps) if gaps else self._undo_by_journal(state)
        except sqlite3.DatabaseError as error:
            return UndoReport("saved state", entries, (f"SQLite refused: {error}",))

    def _undo_by_journal(self, state: MarkState) -> UndoReport:
        with state.image.connection.transaction("IMMEDIATE") as cursor:  # keeps all others from writing
            head, gaps = self._observer.head(), self._observer.gaps(state)
            if not gaps and not is_whole(cursor, state, head):
                gaps = ("the journal was changed",)
            if gaps:
                return UndoReport("saved state", head - state.seq, gaps)
            observation = self._observer.observe()
            changed = undo_by_journal(cursor, state, self._history)
            opened = observation.blobs_opened != state.observation.blobs_opened
            suspected = suspects(state.image, changed=changed, blobs_opened=opened)
            if observation != state.observation and not same_rows(cursor, suspected, IMAGE, LIVE):
                return UndoReport("saved state", head - state.seq, (_PAST_TRIGGERS,))
            (cookie,) = cursor.execute(f"PRAGMA {LIVE}.schema_version").fetchone()
            made_again = cookie != self._trigger_set.cookie  # triggers of the application
            text = schema_text(cursor, LIVE) if made_again else self._trigger_set.text
        self._trigger_set.cookie, self._trigger_set.text = cookie, text
        state.image.position = state.seq
        return UndoReport("journal" if changed else "nothing", head - state.seq)

    def _undo_by_saved_state(self, state: MarkState) -> str | None:
        """Returns why SQLite cannot write it into the file."""
        try:
            rebuild(self._connection, state, self._history)
        except sqlite3.DatabaseError as error:
            return f"SQLite refused: {error}"
        self._observer.record_as_at(state)
        return None

    def _make_again(self, state: MarkState, fault: str) -> tuple[IsolationFailed, ...]:
        """Makes a new file; returns the error for connections that were open to the one before."""
        closed = make_file_again(
            self._connection, self._files, self._images, state, self._history, log_mode=self._log_mode
        )
        self._made_again()
        self._observer.record_as_at(state)
        for kept in self._states.values():
            kept.observation = NOTHING_OBSERVED  # those of a connection that is gone
        return (made_again_under(closed, fault),) if closed else ()

    def _free_unused(self) -> None:
        used = [state.image for state in self._states.values()]
        for image in self._images:
            if image is not self._image and image not in used:
                image.close()
        self._images = [image for image in self._images if image is self._image or image in used]
        if self._states:
            self._history.forget(min(state.seq for state in self._states.values()))
