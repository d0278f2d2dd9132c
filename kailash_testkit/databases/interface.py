"""The one interface behind which the kinds of database differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from kailash_testkit.databases.copying import Copies
from kailash_testkit.databases.failpoints import Failpoint, Way
from kailash_testkit.databases.journal import LOCK_WAIT, Journal
from kailash_testkit.databases.kinds import kind_of_url, load
from kailash_testkit.databases.lost_writes import LostWrites
from kailash_testkit.databases.plans import Explained, Plan
from kailash_testkit.databases.queries import Query
from kailash_testkit.databases.sessions import Session
from kailash_testkit.errors import UnsupportedDatabase
from kailash_testkit.redaction import redact


class Database(Protocol):
    """The kit's view of one database under test.

    Errors: a lock that is not free within the connection's short wait is `DatabaseBusy`.
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

    def mark_as_owned(self) -> None:
        """Marks the database as the kit's, without a check: for one that only the kit can have made."""
        ...

    def is_still_own(self) -> bool:
        """Whether this is proved to be the very database that `mark_as_owned` marked, though the mark may be gone.

        Connects again where that was lost. Raises what the driver raises when the server does not answer.
        """
        ...

    def tables(self) -> list[str]:
        """The names of the tables that hold data: without those of DataFlow's bookkeeping and of the kit."""
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

    def set_values(self, table: str, ids: Sequence[object], values: Mapping[str, object], /) -> None:
        """Writes the values, by column, into the rows with these ids, and changes no other column."""
        ...

    def copy_rows(self, table: str, ids: Sequence[object], copies: Copies, /) -> None:
        """Inserts copies of the rows with these ids, all at once. Raises what the driver raises."""
        ...

    def local_moment(self, moment: datetime, /) -> datetime:
        """A moment with a time zone as the time by the clock that the database's ``CURRENT_TIMESTAMP`` goes by."""
        ...

    def references(self, table: str, /) -> Mapping[str, str]:
        """The foreign keys of one column that refer to an id: table by column."""
        ...

    def rows_after(self, table: str, last: int, /) -> list[Mapping[str, object]]:
        """The rows that were numbered after ``last``, in order."""
        ...

    def last_generated_id(self, table: str, /) -> int:
        """The highest number that the database gave to a row of the table: later ones are numbered above it."""
        ...

    def advance_sequence_past(self, table: str, number: int, /) -> None:
        """A row was given that number as its id: the database is to number later rows above it."""
        ...

    def at_column_precision(self, table: str, values: Mapping[str, object], /) -> Mapping[str, object]:
        """Values, by column, as the table's columns keep them and the kit's connection reads them.

        Only where a column is coarser than Python: the four bytes of a PostgreSQL ``REAL``, the whole seconds
        of a MariaDB ``DATETIME``. A value that a column refuses is returned as it is.
        """
        ...

    def count(self, table: str, /) -> int:
        """How many rows the table has, soft-deleted ones included."""
        ...

    def sample_ids(self, table: str, limit: int, /) -> Sequence[object]:
        """Up to ``limit`` ids, newest first."""
        ...

    def query(self, asked: Query, /) -> list[dict[str, object]]:
        """The rows of a query of a test, run where the database lets nobody write. Raises `SqlFailed`."""
        ...

    def plans(self, statements: Sequence[Explained], /) -> list[Plan]:
        """How the database would find the rows of each statement; none is run."""
        ...

    def is_locked(self) -> bool:
        """Whether somebody's open transaction keeps others from writing; waits a moment for it to end."""
        ...

    def sessions(self) -> list[Session]:
        """The connections of others to this database, as far as the server tells; none on SQLite."""
        ...

    def open_transactions(self) -> list[str]:
        """Who keeps the database locked now by an open transaction, a line each, as far as that can be known."""
        ...

    def end_transactions(self) -> list[str]:
        """Ends what `open_transactions` names, by force: rolled back, and the connections closed; returns a line each.

        What cannot be ended does not keep the journal's next `undo` from going back.
        """
        ...

    def explain_refusal(self, said: str, /) -> str | None:
        """Why the database said that to an application, and what to do, where the journal is to blame; else None."""
        ...

    def changed_files(self, since: float, /) -> list[str]:
        """The files that were attached to the database and changed since the last call; none on a server.

        They are the application's: nobody puts them back. since: a time of `clocks.now`; a file that was made since, in
        a folder that was made since, is left out.
        """
        ...

    @property
    def ways_to_fail(self) -> Sequence[Way]:
        """The ways in which `refuse` can let a write fail."""
        ...

    def refuse(self, failpoint: Failpoint, /) -> None:
        """From now on these writes fail, whoever makes them, until `allow`."""
        ...

    def allow(self) -> None:
        """Ends `refuse`. Idempotent."""
        ...

    @property
    def can_lose_writes(self) -> bool:
        """Whether `lose` works on this kind of database."""
        ...

    def lose(self, lost: LostWrites, /) -> None:
        """From now on these writes, whoever makes them, do not stay although they succeed, until `stop_losing`.

        Only while `switch_losing` has switched it on. Raises `UnsupportedDatabase` where that cannot be.
        """
        ...

    def switch_losing(self, *, on: bool) -> None:
        """Whether the writes get lost that `lose` named; at first they do not."""
        ...

    def stop_losing(self) -> None:
        """Ends `lose`. Idempotent."""
        ...

    def journal(self, *, lock_wait: float = LOCK_WAIT) -> Journal:
        """The change journal of the database, on connections of its own. Not installed yet.

        lock_wait: how long it waits for a lock, in seconds, before it raises `DatabaseBusy`.
        """
        ...

    def empty(self) -> None:
        """Deletes all rows, and lets automatic ids start at 1 again."""
        ...

    def close(self) -> None:
        """Closes the kit's connection; the database stays."""
        ...


def open_database(url: str) -> Database:
    """Opens the kit's own connection to the database of a URL.

    Raises `UnsupportedDatabase` for a kind or form of URL that cannot be tested on, and when the driver is
    not installed or the server does not answer.
    """
    kind = kind_of_url(url)
    if kind is None:
        scheme = url.partition("://")[0]
        raise UnsupportedDatabase(
            f"the kit cannot test on {redact(url)}",
            why=f"DataFlow takes no {scheme}:// for a MariaDB" if scheme == "mariadb" else f"no support for {scheme}",
            do="use a URL that begins with sqlite:////, postgresql:// or mysql:// (for MariaDB as well)",
        )
    opened: Database = load(kind.database)(url)
    return opened


def peek(url: str, table: str, row_id: object) -> bool:
    """Whether the database of a URL, which is none of the kit's, has a row of that id. Only looks.

    Raises `UnsupportedDatabase` for a kind or form of URL that cannot be looked into.
    """
    kind = kind_of_url(url)
    if kind is not None and kind.look:
        return bool(load(kind.look)(url, table, row_id))
    database = open_database(url)
    try:
        return database.row(table, row_id) is not None
    finally:
        database.close()
