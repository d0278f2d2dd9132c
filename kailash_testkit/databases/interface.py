"""The one interface behind which the kinds of database differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from kailash_testkit.errors import UnsupportedDatabase
from kailash_testkit.wording import plain


class Database(Protocol):
    """The kit's view of one database under test.

    Errors: a lock that is not had within the connection's short wait is `DatabaseBusy`.
    """

    @property
    def url(self) -> str:
        """The URL that the application connects with; may hold a password."""
        ...

    @property
    def identity(self) -> str:
        """What tells the database from all others, however its URL is spelled."""
        ...

    @property
    def serial_writes(self) -> bool:
        """Whether the kit must run its own writes one after the other."""
        ...

    def claim(self, *, allow_existing: bool) -> None:
        """Checks that the kit may change this database, and marks it. Raises `UnsafeDatabase`."""
        ...

    def take(self) -> None:
        """Marks the database as the kit's, without a check: for one in a place that only the kit gives out."""
        ...

    def tables(self) -> list[str]:
        """The names of the tables that hold data: without DataFlow's bookkeeping and the kit's own."""
        ...

    def row(self, table: str, row_id: object, /) -> Mapping[str, object] | None:
        """The stored row with that id, values as the driver gives them."""
        ...

    def rows(self, table: str, ids: Sequence[object], /) -> list[Mapping[str, object]]:
        """The stored rows with these ids, in any order."""
        ...

    def remove(self, table: str, ids: Sequence[object], /) -> None:
        """Deletes the rows with these ids."""
        ...

    def references(self, table: str, /) -> Mapping[str, str]:
        """The foreign keys of one column that refer to an id: table by column."""
        ...

    def rows_after(self, table: str, last: int, /) -> list[Mapping[str, object]]:
        """The rows that were numbered after ``last``, in order."""
        ...

    def last_number(self, table: str, /) -> int:
        """The highest number that the database gave to a row of the table."""
        ...

    def count(self, table: str, /) -> int:
        """How many rows the table has, soft-deleted ones included."""
        ...

    def sample_ids(self, table: str, limit: int, /) -> Sequence[object]:
        """Up to ``limit`` ids, newest first."""
        ...

    def is_locked(self) -> bool:
        """Whether somebody's open transaction keeps others from writing; waits a moment for it to end."""
        ...

    def empty(self) -> None:
        """Deletes all rows."""
        ...

    def close(self) -> None:
        """Closes the kit's connection; the database stays."""
        ...


def open_database(url: str) -> Database:
    """Opens the kit's own connection to the database of a URL.

    Raises `UnsupportedDatabase` for a kind or form of URL that cannot be tested on.
    """
    if "://" not in url or url.startswith("sqlite"):
        from kailash_testkit.databases.sqlite import SqliteDatabase

        return SqliteDatabase(url)
    raise UnsupportedDatabase(
        f"the kit cannot test on {plain(url)}",
        why="so far it supports SQLite files",
        do="let the application read its URL from the variable that testkit_url_env names",
    )
