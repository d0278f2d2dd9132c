"""The kit's connection to PostgreSQL: opening, settings, statements, transactions, and the wait for locks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, Self

from kailash_testkit.databases.drivers import driver
from kailash_testkit.databases.journal import LOCK_WAIT
from kailash_testkit.databases.postgresql.sessions import APPLICATION_NAME, CLIENT, IN_TRANSACTION, session
from kailash_testkit.databases.sessions import busy
from kailash_testkit.databases.urls import ServerUrl, cure_of_no_connection, server_url
from kailash_testkit.errors import DatabaseBusy, ServerUnavailable, UnsupportedDatabase
from kailash_testkit.redaction import redact

SCHEMES: Final = (
    *("postgresql", "postgres"),
    *("postgresql+asyncpg", "postgres+asyncpg", "postgresql+psycopg2", "postgres+psycopg2"),
)
PORT: Final = 5432
OWN_SCHEMA: Final = "dataflow_testkit"
"""The schema for all that the kit keeps in the database; DataFlow's discovery and migrations do not look there."""
FIRST_OBJECT: Final = 16384
"""PostgreSQL's own objects have numbers below this."""
PUBLIC_SCHEMA: Final = 2200
"""The number of the schema ``public`` that every database begins with."""

_CONNECT_WAIT: Final = 10  # seconds
_HAS_IDLE_TIMEOUT: Final = 140000  # the version of PostgreSQL
_KEEPALIVE: Final = 60  # seconds

#: What decides how values are written as text: the same for everyone, so that equal values have equal texts.
TEXT_SETTINGS: Final = {
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
}
_DATABASE_SETTINGS: Final = {"synchronous_commit": "off"}  # no test needs to survive a crash
_JOURNAL_SETTINGS: Final = {
    **TEXT_SETTINGS,
    **_DATABASE_SETTINGS,
    "client_encoding": "UTF8",
    "client_min_messages": "warning",
    "jit": "off",
    "enable_bitmapscan": "off",  # a plain index scan skips entries that it once found dead
    "row_security": "off",  # rather an error than rows that a policy hides
    "check_function_bodies": "off",  # a function may be made again before what it uses
    "plan_cache_mode": "force_generic_plan",  # what is prepared is planned once
}
_LOCK_NOT_AVAILABLE: Final = "55P03"
_DEADLOCK: Final = "40P01"
_START: Final = "dataflow_testkit_start"


def literal(text: str) -> str:
    """The text as an SQL constant; needs no look at the server's settings."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


def quoted(*names: str) -> str:
    """The names, joined by dots, as an SQL identifier, whatever characters they have."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


class Connection:
    """A connection in autocommit mode, used for nothing else.

    connect: makes psycopg2's connection. name: of the database, for messages. settings: of the session.
    lock_wait: how long a statement waits for a lock, in seconds, before `DatabaseBusy` is raised; None: until it is
        free.
    """

    def __init__(
        self, connect: Callable[[], Any], name: str, settings: Mapping[str, str], *, lock_wait: float | None
    ) -> None:
        self._connect = connect
        self.raw = raw = connect()
        self.name = name
        self.lock_wait = lock_wait
        self._queue: list[str] = []
        self._settings = dict(settings)
        self.Error: type[Exception] = raw.Error
        self.IntegrityError: type[Exception] = raw.IntegrityError
        self.DataError: type[Exception] = raw.DataError
        self.errors: Any = _driver().errors  # by what PostgreSQL calls them
        if lock_wait is not None:
            self._settings["lock_timeout"] = f"{max(1, round(lock_wait * 1000))}ms"
        if raw.server_version >= _HAS_IDLE_TIMEOUT:
            self._settings["idle_session_timeout"] = "0"  # most of a run passes between two statements
        self._begin_session()

    def _begin_session(self) -> None:
        self.raw.autocommit = True
        if self._settings:
            self.run("; ".join(f"SET {setting} = '{value}'" for setting, value in self._settings.items()))

    @classmethod
    def to_database(cls, url: str, *, lock_wait: float = LOCK_WAIT) -> Self:
        """A connection for looking at a database under test. Raises `UnsupportedDatabase`."""
        return cls(lambda: _database(url), _name(url), _DATABASE_SETTINGS, lock_wait=lock_wait)

    @classmethod
    def to_journal(cls, url: str, *, lock_wait: float = LOCK_WAIT) -> Self:
        """A connection for the journal of a database under test. Raises `UnsupportedDatabase`."""
        return cls(lambda: _database(url), _name(url), _JOURNAL_SETTINGS, lock_wait=lock_wait)

    @classmethod
    def to_server(cls, url: str) -> Self:
        """A connection for making and dropping databases. Raises `ServerUnavailable`."""
        place = server_url(url, SCHEMES, PORT)
        psycopg2 = _driver()
        try:  # it is idle for most of a run, and its locks must live
            raw = _connect(psycopg2, place, keepalives_idle=_KEEPALIVE)
        except psycopg2.OperationalError as error:
            raise ServerUnavailable(
                f"no connection to PostgreSQL at {place.host}:{place.port}, database {place.database}",
                why=redact(str(error)).splitlines()[0],
                do=cure_of_no_connection(answered="FATAL:" in str(error)),
            ) from None
        return cls(lambda: raw, _name(url), {}, lock_wait=None)

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, or was found to be lost."""
        return bool(self.raw.closed)

    @cached_property
    def server_identity(self) -> str:
        """What the server says of itself: a name or a tunnel may lead to it by many addresses."""
        try:
            ((cluster,),) = self.run("SELECT system_identifier::text FROM pg_control_system()")
        except self.errors.InsufficientPrivilege:  # some hosted servers do not tell
            return str(self.raw.info.host)
        return str(cluster)

    @cached_property
    def database_number(self) -> int:
        """By which the server knows the database."""
        ((number,),) = self.run("SELECT oid FROM pg_database WHERE datname = current_database()")
        return int(number)

    @cached_property
    def search_path(self) -> list[str]:
        """The schemas in which names without a schema are looked up."""
        ((found,),) = self.run("SELECT current_schemas(false)::text[]")
        return list(found)

    def later(self, statement: str) -> None:
        """Sends the statement with the next one that is run: a round trip costs more than most statements."""
        self._queue.append(statement)

    def run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Runs one or several statements; returns the rows of the last. Raises `DatabaseBusy` after `lock_wait`."""
        return self.fetched(statement, parameters)[0]

    def dicts(self, statement: str, *parameters: object) -> list[Mapping[str, object]]:
        """Runs a statement; returns its rows, each with its columns' names."""
        rows, names = self.fetched(statement, parameters)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def fetched(
        self, statement: str, parameters: tuple[object, ...] | Mapping[str, object]
    ) -> tuple[list[tuple[Any, ...]], list[str]]:
        """As `run`; also returns the names of the columns, none where the statement returns no rows."""
        statements, self._queue = "; ".join([*self._queue, statement]), []
        with self.raw.cursor() as cursor:
            try:
                cursor.execute(statements, parameters or None)
            except self.Error as error:
                if getattr(error, "pgcode", None) in (_LOCK_NOT_AVAILABLE, _DEADLOCK):
                    self._roll_back()
                    raise self.busy() from error
                raise
            columns = cursor.description or ()
            return (cursor.fetchall() if columns else []), [column[0] for column in columns]

    @contextmanager
    def transaction(self, *, isolation: str = "READ COMMITTED", lock: str | None = None) -> Generator[None, None, None]:
        """Commits at the end of the block; rolls back when it raises. Begins with the first statement in the block.

        lock: a table that nobody may write in the meantime; waits for those who do.
        """
        self.later(f"BEGIN ISOLATION LEVEL {isolation}")
        if lock:
            self.later(f"LOCK TABLE {lock} IN SHARE MODE")
        self.later(f"SAVEPOINT {_START}")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def start_over(self) -> None:
        """After an error: back to the begin of the open transaction, if there is one; its lock is kept."""
        self._queue.clear()
        if self._is_open:
            try:
                self.run(f"ROLLBACK TO SAVEPOINT {_START}")
            except self.errors.InvalidSavepointSpecification:  # the lock itself was refused
                self._roll_back()

    def revive(self) -> None:
        """Connects again, as before, where the connection was lost. What the session held is lost."""
        try:
            self.run("SELECT 1")
        except self.Error:
            if not self.is_closed:
                raise
            self._queue.clear()
            self.raw = self._connect()
            self._begin_session()

    def close(self) -> None:
        """Closes it. Idempotent."""
        self.raw.close()

    @property
    def _is_open(self) -> bool:
        return bool(self.raw.info.transaction_status)

    def _roll_back(self) -> None:
        self._queue.clear()
        if not self.raw.closed and self._is_open:
            with self.raw.cursor() as cursor:
                cursor.execute("ROLLBACK")

    def end_holder(self, number: str, key: str) -> str:
        """Ends the session that holds an advisory lock, which nothing else frees; tells which that was."""
        found = self.run(CLIENT, int(number))
        who = str(session(*found[0])) if found else f"session {number}"
        try:
            self.run("SELECT pg_terminate_backend(%s)", int(number))
        except self.errors.InsufficientPrivilege:
            return f"advisory lock {key}, held by {who}; only its own role may end it"
        return f"advisory lock {key}, held by {who}; the kit has ended that session"

    def busy(self) -> DatabaseBusy:
        """The error for whoever waited in vain; names those who may be the reason."""
        return busy(self.name, [session(*row) for row in self.run(IN_TRANSACTION)])


def _name(url: str) -> str:
    return f"the PostgreSQL database {server_url(url, SCHEMES, PORT).place}"


def _driver() -> Any:
    return driver("psycopg2", "PostgreSQL", "postgresql")


def _database(url: str) -> Any:
    place = server_url(url, SCHEMES, PORT)
    psycopg2 = _driver()
    try:
        return _connect(psycopg2, place)
    except psycopg2.OperationalError as error:
        raise UnsupportedDatabase(
            f"the PostgreSQL database {place.place} cannot be opened",
            why=redact(str(error)).splitlines()[0],
            do="start the server, create the database, or correct the URL",
        ) from None


def _connect(psycopg2: Any, place: ServerUrl, **options: object) -> Any:
    return psycopg2.connect(
        host=place.host,
        port=place.port,
        user=place.user,
        password=place.password or None,  # then libpq looks at PGPASSWORD and ~/.pgpass
        dbname=place.database,
        application_name=APPLICATION_NAME,
        connect_timeout=_CONNECT_WAIT,
        **{name: value for name, value in place.options.items() if name.startswith("ssl")},
        **options,
    )
