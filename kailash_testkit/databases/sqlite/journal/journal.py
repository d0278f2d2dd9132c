"""The change journal of a SQLite database file (SQLite 3.37 or later).

Triggers on every table of the application write each change into a table of the same file
(`sqlite_triggers`); what was there before is known from a copy in memory (`sqlite_image`). Undo removes the
rows touched since the mark and inserts them as they were: its cost follows the number of changes. Where the
journal cannot tell everything (`gaps`: the schema was changed, or a table fires no triggers), and where
SQLite refuses a row, the copy as a whole is put back.

The application's own triggers would fire during undo and Python 3.11 cannot switch them off; those of
the changed tables are dropped and made again inside the undo's transaction. That costs about 0.6
milliseconds per table that has some, whatever its size, while putting back the whole database costs the size
of the database. The application's statements are prepared again by SQLite itself.

An application notices: `total_changes` counts the journal's rows as well, and ALTER TABLE ... DROP COLUMN
is refused, because a trigger names the column. What cannot be recorded and is not recognised either:
rows written past SQLite's triggers (`Connection.blobopen`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kailash_testkit.databases.journal import Mark, RecordedChange, UndoReport
from kailash_testkit.databases.sqlite.connection import configure, plain_cursor, transaction
from kailash_testkit.databases.sqlite.journal.catalog import JOURNAL_TABLE, schema_of
from kailash_testkit.databases.sqlite.journal.counters import Counters, read_counters
from kailash_testkit.databases.sqlite.journal.fingerprint import fingerprint
from kailash_testkit.databases.sqlite.journal.history import History, numbered
from kailash_testkit.databases.sqlite.journal.image import Image
from kailash_testkit.databases.sqlite.journal.replay import make_again, only_own_triggers
from kailash_testkit.databases.sqlite.journal.trigger_set import Recording
from kailash_testkit.databases.sqlite.journal.triggers import LIVE
from kailash_testkit.databases.sqlite.sessions import busy_explained, is_busy


@dataclass
class _Place:
    """What a mark stands for. epoch: which schema was in force; watch: see `SqliteJournal._watch`."""

    seq: int
    epoch: int
    counters: Counters
    watch: tuple[int, int]
    image: Image


class SqliteJournal:
    """A `Journal` on a SQLite file.

    connection: the kit's own (``isolation_level=None, check_same_thread=False``), for this journal to
        configure: foreign keys and check constraints are off on it.
    path: the database file.
    lock_wait: how long to wait for a lock, in seconds.
    """

    def __init__(self, connection: sqlite3.Connection, path: str, *, lock_wait: float = 0.5) -> None:
        self._connection = connection
        self._path = path
        self._lock_wait = lock_wait
        self._recording = Recording()
        self._history = History()
        self._image: Image | None = None
        self._image_watch = (-1, -1)
        self._images: list[Image] = []
        self._places: dict[int, _Place] = {}
        self._last_mark = 0
        connection.execute(f"PRAGMA busy_timeout = {round(lock_wait * 1000)}")
        configure(connection)

    def install(self) -> None:
        with self._explaining(), self._recording_anew() as cursor:
            self._recording.install(cursor)

    def refresh(self) -> None:
        with self._explaining():
            if not self._schema_is_fit():
                with self._recording_anew():
                    pass

    def head(self) -> int:
        with self._explaining():
            return numbered(self._head())

    def mark(self) -> Mark:
        with self._explaining():
            while True:
                watch = self._watch()
                if not self._schema_is_fit():
                    self.refresh()
                    continue
                place = self._place_here(watch)
                if place is not None and watch == self._watch():  # else somebody wrote meanwhile
                    self._last_mark += 1
                    self._places[self._last_mark] = place
                    self._free_unused()
                    return Mark(self._last_mark)

    def moved(self, mark: Mark) -> bool:
        place = self._place(mark)
        with self._explaining():
            if self._watch() == place.watch:
                return False
            with transaction(self._connection, "DEFERRED") as cursor:
                return bool(self._head() != place.seq or self._gaps(place)) or self._counters(cursor) != place.counters

    def changes(self, since: Mark) -> list[RecordedChange]:
        place = self._place(since)
        with self._explaining():
            self._catch_up()
        return self._history.changes(place.seq)

    def gaps(self, since: Mark) -> tuple[str, ...]:
        place = self._place(since)
        with self._explaining(), transaction(self._connection, "DEFERRED"):
            return self._gaps(place)

    def undo(self, mark: Mark) -> UndoReport:
        place = self._place(mark)
        with self._explaining():
            try:
                report = self._undo_by_journal(place)
            except sqlite3.DatabaseError as error:
                if is_busy(error):
                    raise
                report = UndoReport("saved state", self._head() - place.seq, (f"SQLite refused: {error}",))
            if report.method == "saved state":
                self._undo_by_saved_state(place)
            self._history.cut(place.seq)
            self._image = place.image
            place.watch = self._image_watch = self._watch()
        self._places = {number: kept for number, kept in self._places.items() if number <= mark.number}
        self._free_unused()
        return report

    def replay(self, changes: Sequence[RecordedChange]) -> None:
        self.refresh()  # what others did to the schema must not pass for what happens here
        tables = self._recording.catalog.tables
        with self._explaining():
            with transaction(self._connection, "IMMEDIATE") as cursor:
                with only_own_triggers(cursor, sorted({change.table for change in changes})):
                    for change in changes:
                        make_again(cursor, tables[change.table], change)
                version = self._pragma("schema_version")
            self._recording.schema_version = version

    def release(self, mark: Mark) -> None:
        self._place(mark)
        del self._places[mark.number]
        self._free_unused()

    def fingerprint(self) -> str:
        with self._explaining(), transaction(self._connection, "DEFERRED"):
            return fingerprint(self._connection)

    def close(self) -> None:
        self._places.clear()
        self._image = None
        self._free_unused()
        self._connection.close()

    @contextmanager
    def _recording_anew(self) -> Generator[sqlite3.Cursor, None, None]:
        """A transaction at whose end the triggers fit the tables; then a new image is made."""
        with transaction(self._connection, "IMMEDIATE") as cursor:
            yield cursor
            if self._image is not None:
                self._look_ahead(self._image)
            self._recording.schema_version = -1
            self._recording.refit(cursor)
            version = self._pragma("schema_version")
        self._recording.schema_version = version
        self._make_image()

    # Where we are

    def _place_here(self, watch: tuple[int, int]) -> _Place | None:
        """What a mark stands for; None if the schema was changed meanwhile."""
        if self._catch_up() and self._image is not None:
            if self._recording.catalog.opaque and self._image_watch != watch:
                self._make_image()
                self._image_watch = watch
            counters = self._counters(plain_cursor(self._connection))
            return _Place(self._image.position, self._recording.epoch, counters, watch, self._image)
        return None

    def _make_image(self) -> None:
        with transaction(self._connection, "DEFERRED"):
            head = self._head()  # begins to read: the copy is of the same moment
            self._image = Image(
                self._connection,
                self._path,
                head,
                self._recording.catalog,
                self._recording.current,
                wait=self._lock_wait,
            )
        self._images.append(self._image)
        self._free_unused()

    def _catch_up(self) -> bool:
        """Bring image and history up to now; False if the schema was changed, so that it cannot be done for sure."""
        if self._image is None:
            return False
        if self._schema_is_fit():
            try:
                self._image.follow(self._history)
                return True
            except sqlite3.OperationalError as error:
                if is_busy(error) or self._schema_is_fit():
                    raise
        self._look_ahead(self._image)
        return False

    def _look_ahead(self, image: Image) -> None:
        self._history.cut(image.position)  # what was told by an earlier look
        image.look_ahead(self._history)

    def _place(self, mark: Mark) -> _Place:
        try:
            return self._places[mark.number]
        except KeyError:
            raise ValueError(f"mark {mark.number} was released, or ended by going back to an earlier one") from None

    def _gaps(self, place: _Place) -> tuple[str, ...]:
        gaps: list[str] = []
        if place.epoch != self._recording.epoch or not self._schema_is_fit():
            gaps.append("the schema was changed")
        if self._recording.catalog.opaque and self._watch() != place.watch:
            gaps += self._recording.catalog.opaque.values()
        return tuple(gaps)

    def _schema_is_fit(self) -> bool:
        version = self._pragma("schema_version")
        return version == self._recording.schema_version or self._recording.is_fit(
            plain_cursor(self._connection), version
        )

    def _watch(self) -> tuple[int, int]:
        """Two numbers that stay the same as long as nobody writes to the file: others, and we."""
        return self._pragma("data_version"), self._connection.total_changes

    def _head(self) -> int:
        return self._number(f"SELECT max(rowid) FROM {JOURNAL_TABLE}")

    def _pragma(self, name: str) -> int:
        return self._number(f"PRAGMA main.{name}")

    def _number(self, query: str) -> int:
        (number,) = plain_cursor(self._connection).execute(query).fetchone()
        return int(number or 0)

    def _counters(self, cursor: sqlite3.Cursor) -> Counters:
        return read_counters(cursor, has_sequences=self._recording.catalog.has_sequences)

    # Going back

    def _undo_by_journal(self, place: _Place) -> UndoReport:
        with place.image.locked() as cursor:
            head, gaps = self._head(), self._gaps(place)
            if gaps:
                return UndoReport("saved state", head - place.seq, gaps)
            changed = place.image.restore(cursor, place.seq, self._history, place.counters)
            (version,) = cursor.execute(f"PRAGMA {LIVE}.schema_version").fetchone()
        self._recording.schema_version = version
        place.image.position = place.seq
        return UndoReport("journal" if changed else "nothing", head - place.seq)

    def _undo_by_saved_state(self, place: _Place) -> None:
        place.image.put_back(self._connection, place.seq, self._history, place.counters)
        self._recording.schema_version = self._pragma("schema_version")
        self._recording.return_to(place.epoch, place.image.catalog, place.image.sources)
        self._recording.schema = schema_of(plain_cursor(self._connection))

    def _free_unused(self) -> None:
        used = [place.image for place in self._places.values()]
        for image in self._images:
            if image is not self._image and image not in used:
                image.close()
        self._images = [image for image in self._images if image is self._image or image in used]
        if self._places:
            self._history.forget(min(place.seq for place in self._places.values()))

    # The connection

    @contextmanager
    def _explaining(self) -> Generator[None, None, None]:
        with busy_explained(self._path, self._connection):
            yield
