"""SQLite: a database file."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from kailash_testkit.databases.copying import Copies, Dialect, copying
from kailash_testkit.databases.failpoints import Failpoint
from kailash_testkit.databases.journal import LOCK_WAIT
from kailash_testkit.databases.journal import Journal as JournalInterface
from kailash_testkit.databases.lost_writes import LostWrites
from kailash_testkit.databases.plans import Explained, Plan
from kailash_testkit.databases.queries import Query
from kailash_testkit.databases.sessions import Session
from kailash_testkit.databases.sqlite import failpoints, lost_writes
from kailash_testkit.databases.sqlite.connection import Connection, file_of, require_writable
from kailash_testkit.databases.sqlite.files import identity, remove
from kailash_testkit.databases.sqlite.naming import is_bookkeeping, of_application, quoted
from kailash_testkit.databases.sqlite.ownership import is_empty_file, mark_as_owned, require_ours_or_new
from kailash_testkit.databases.sqlite.plans import plans
from kailash_testkit.databases.sqlite.queries import bindable, query
from kailash_testkit.databases.sqlite.sessions import end_connections, holders
from kailash_testkit.databases.sqlite.watched_connections import ATTACHED, unwatch, watch

_MOST_PARAMETERS: Final = 500  # of a statement; old releases take 999

_COPYING: Final = Dialect(quoted, "?", "{} || '-' || ({})", "{} % {}")


class Database:
    """A SQLite file as the kit sees it. See `Database` for the methods."""

    serial_writes = True  # one writer at a time, and DataFlow leaks connections when it writes concurrently

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: Connection | None = None
        self._is_watched = False
        self._file: tuple[int, int] | None = None
        self.path = file_of(url)
        require_writable(self.path)
        if not is_empty_file(self.path):  # is it a database?
            Connection.open_to_look(self.path).close()

    @property
    def _connection(self) -> Connection:
        """To the file that is there now, which a test may have put in the place of another.

        Opened when it is needed, and not before `claim` has found that the kit may: opening one may change it.
        """
        if self._opened is None:
            self._opened = Connection.open(self.path)
        elif self._opened.is_closed or identity(self.path) not in (None, self._file):
            self._opened.reopen()
        else:
            return self._opened
        self._file = identity(self.path)
        return self._opened

    @property
    def url(self) -> str:
        return self._url

    @property
    def identity(self) -> str:
        return f"sqlite:{self.path.resolve()}"

    def claim(self, *, allow_existing: bool) -> None:
        if not require_ours_or_new(self.path, allow_existing=allow_existing):
            self.mark_as_owned()

    def mark_as_owned(self) -> None:
        mark_as_owned(self._connection)
        self._connection.run("PRAGMA journal_mode = WAL")  # as DataFlow's own connections have it

    def is_still_own(self) -> bool:
        return True  # it is the path that is the kit's: the journal makes a new file where that is another's

    def tables(self) -> list[str]:
        names = self._connection.run("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [str(name) for (name,) in names if not is_bookkeeping(str(name))]

    def row(self, table: str, row_id: object, /) -> Mapping[str, object] | None:
        return next(iter(self.rows(table, [row_id])), None)

    def rows(self, table: str, ids: Sequence[object], /) -> list[Mapping[str, object]]:
        found: list[Mapping[str, object]] = []
        for some in _in_parts(_possible(ids)):
            query = f"SELECT * FROM {quoted(table)} WHERE id IN ({_placeholders(some)})"
            found += self._connection.dicts(query, some)
        return found

    def remove(self, table: str, ids: Sequence[object], /) -> None:
        for some in _in_parts(_possible(ids)):
            self._connection.run(f"DELETE FROM {quoted(table)} WHERE id IN ({_placeholders(some)})", some)

    def set_values(self, table: str, ids: Sequence[object], values: Mapping[str, object], /) -> None:
        changes = ", ".join(f"{quoted(name)} = ?" for name in values)
        new = [bindable(value) for value in values.values()]
        for some in _in_parts(ids):
            self._connection.run(
                f"UPDATE {quoted(table)} SET {changes} WHERE id IN ({_placeholders(some)})", [*new, *some]
            )

    def copy_rows(self, table: str, ids: Sequence[object], copies: Copies, /) -> None:
        self._connection.run(copying(quoted(table), copies, ids, _COPYING), [*ids])

    def local_moment(self, moment: datetime, /) -> datetime:
        return moment.astimezone(UTC).replace(tzinfo=None)  # SQLite's clock has no other zone

    def references(self, table: str, /) -> Mapping[str, str]:
        keys = self._connection.run(
            'SELECT "from", "table" FROM pragma_foreign_key_list(?) GROUP BY id HAVING count(*) = 1', (table,)
        )
        return {str(column): str(other) for column, other in keys}

    def rows_after(self, table: str, last: int, /) -> list[Mapping[str, object]]:
        return self._connection.dicts(f"SELECT * FROM {quoted(table)} WHERE id > ? ORDER BY id", (last,))

    def last_generated_id(self, table: str, /) -> int:
        found = self._connection.first(f"SELECT max(id) FROM {quoted(table)}")
        given = self._connection.first("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        return max(int(str(number[0] or 0)) for number in (found, given) if number is not None)

    def advance_sequence_past(self, table: str, number: int, /) -> None:
        """SQLite does so by itself."""

    def at_column_precision(self, table: str, values: Mapping[str, object], /) -> Mapping[str, object]:
        return values

    def count(self, table: str, /) -> int:
        return self._connection.number(f"SELECT count(*) FROM {quoted(table)}")

    def sample_ids(self, table: str, limit: int, /) -> Sequence[object]:
        rows = self._connection.run(f"SELECT id FROM {quoted(table)} ORDER BY rowid DESC LIMIT ?", (limit,))
        return [row[0] for row in rows]

    def query(self, asked: Query) -> list[dict[str, object]]:
        return query(self.path, asked)

    def plans(self, statements: Sequence[Explained], /) -> list[Plan]:
        return plans(self.path, statements)

    def is_locked(self) -> bool:
        return self._connection.is_locked()

    def sessions(self) -> list[Session]:
        """None: SQLite knows of locks, not of those who hold them."""
        return []

    def open_transactions(self) -> list[str]:
        return holders(str(self.path))

    def end_transactions(self) -> list[str]:
        ended = end_connections(str(self.path), only_in_transaction=True)
        if self.is_locked():  # by another thread or process, which nobody can make let go
            ended += holders(str(self.path))
            remove(self.path)
            ended.append("who still holds the lock keeps the old file: the database is made again in a new one")
        return ended

    def explain_refusal(self, _said: str, /) -> str | None:
        return None

    def changed_files(self, since: float, /) -> list[str]:
        return ATTACHED.changed(since)

    # --- failing ---------------------------------------------------------------------------------

    ways_to_fail = failpoints.WAYS

    def refuse(self, failpoint: Failpoint, /) -> None:
        for statement in failpoints.statements(failpoint):
            self._connection.run(statement)

    def allow(self) -> None:
        for statement in failpoints.END:
            self._connection.run(statement)

    can_lose_writes = True

    def lose(self, lost: LostWrites, /) -> None:
        names = [str(name) for (name,) in self._connection.run(lost_writes.COLUMNS, (lost.table,))]
        for statement in lost_writes.statements(lost, names):
            self._connection.run(statement)

    def switch_losing(self, *, on: bool) -> None:
        self._connection.run(lost_writes.SWITCH, (int(on),))

    def stop_losing(self) -> None:
        for statement in lost_writes.END:
            self._connection.run(statement)

    def journal(self, *, lock_wait: float = LOCK_WAIT) -> JournalInterface:
        from kailash_testkit.databases.sqlite.journal.journal import Journal

        if not self._is_watched:
            self._is_watched = True
            watch(str(self.path))
        return Journal(Connection.open_for_journal(self.path, lock_wait=lock_wait), self._made_again)

    def _made_again(self) -> None:
        mark_as_owned(self._connection)  # the marker names the file

    def empty(self) -> None:
        self._connection.run("PRAGMA foreign_keys = OFF")
        with self._connection.transaction("IMMEDIATE") as cursor:
            for table in self.tables():
                cursor.execute(f"DELETE FROM {quoted(table)}")
            if cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
                cursor.execute(f"DELETE FROM sqlite_sequence WHERE {of_application()}")

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        if self._is_watched:
            self._is_watched = False
            unwatch(str(self.path))


def _possible(ids: Sequence[object]) -> Sequence[object]:
    """Those that a column can hold: SQLite's integers have 64 bits, and its driver refuses to look for others."""
    return [one for one in ids if not isinstance(one, int) or -(2**63) <= one < 2**63]


def _in_parts(values: Sequence[object]) -> Iterator[Sequence[object]]:
    return (values[start : start + _MOST_PARAMETERS] for start in range(0, len(values), _MOST_PARAMETERS))


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def look_for_row(url: str, table: str, row_id: object) -> bool:
    """Whether a file, that the kit may only look into, has a row of that id; False where there is no such table."""
    path = file_of(url)
    if not path.exists() or not _possible([row_id]):
        return False
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            found = connection.execute(f"SELECT 1 FROM {quoted(table)} WHERE id = ?", (row_id,)).fetchone()
        except (sqlite3.DatabaseError, sqlite3.InterfaceError):  # no such table, or a value that is no id
            return False
    return found is not None
