"""Observes the statements that this process sends to databases: those of DataFlow's nodes and express, and raw ones.

Nodes and express have one narrow place: the adapters of ``kailash.nodes.data.async_sql``, which all of them run their
SQL through, also within a transaction. Below it the asynchronous drivers are observed too, for what goes past the
adapters: ``db.transactions``, and applications that use a driver themselves. What an adapter asks of its driver is told
of once. Each is told of in the task that asked. While nobody observes, nothing is wrapped.
Not seen: synchronous drivers (sqlite3, psycopg2, PyMySQL), cursors and COPY of asyncpg, and other processes.
`tests/internals/test_observed_statements.py` has a test for each assumption.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Sized
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from time import perf_counter
from typing import Any, Final, NamedTuple, cast

from kailash_testkit.internals import callers, observed_drivers
from kailash_testkit.internals.node_errors import MAKES_TABLES, RUNS_FOR_KIT
from kailash_testkit.internals.observed_drivers import Method
from kailash_testkit.internals.replacing import Replacements

_ADAPTERS: Final = "kailash.nodes.data.async_sql"
_CLASSES: Final = ("PostgreSQLAdapter", "MySQLAdapter", "SQLiteAdapter")
_HOUSEKEEPING: Final = re.compile(
    r"\s*(?:BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|START\s+TRANSACTION|PRAGMA|SET|SHOW|RESET|DISCARD|DEALLOCATE"
    r"|CLOSE|LISTEN|UNLISTEN|USE)\b|\s*SELECT\s+pg_advisory_unlock_all\b"
    r"|.*\b(?:information_schema|pg_catalog|sqlite_master|sqlite_schema|dataflow_(?:migration|model_registry)\w*)\b"
    r"|.*\bpg_(?:tables|class|index|indexes|attribute|constraint|namespace)\b",
    re.IGNORECASE | re.DOTALL,
)


class RanStatement(NamedTuple):
    """A statement that ran.

    text: as it was sent, with placeholders. values: what was bound to them; for a batch, None.
    rows: how many it returned, or changed; None where that is not known. seconds: until its result was there.
    url: of the database, where an adapter ran it. driver: what ran it past the adapters, else empty.
    """

    text: str
    values: object
    rows: int | None
    seconds: float
    url: str | None
    driver: str


Listener = Callable[[RanStatement], None]

_listeners: tuple[Listener, ...] = ()
_replaced = Replacements()
_NONE: Final = object()
"""In place of an argument that was not given."""
_INSIDE: Final[ContextVar[bool]] = ContextVar("kailash_testkit_inside_adapter", default=False)
"""Whether an adapter runs a statement, and what its driver does is told of already; or whether it is not counted."""


def observe(listener: Listener) -> None:
    """Calls the listener for each statement, in the task that asked for it. Idempotent."""
    global _listeners
    if listener not in _listeners:
        _listeners = (*_listeners, listener)
    if not _replaced:
        _install()


def ignore(listener: Listener) -> None:
    """Ends it; with the last listener everything is as before. Idempotent."""
    global _listeners
    _listeners = tuple(each for each in _listeners if each != listener)
    if not _listeners:
        _replaced.undo()


def _install() -> None:
    for driver in observed_drivers.DRIVERS:
        wrap = partial(driver.wrap, replacements=_replaced, observed=_observed_call)
        _replaced.when_imported(driver.module, wrap)
    _replaced.when_imported(_ADAPTERS, _wrap_adapters)
    callers.note_in(_replaced)


def _wrap_adapters(module: Any) -> None:
    for name in _CLASSES:
        adapter = getattr(module, name)
        _replaced.wrap(adapter, "execute", _observed_execute)
        _replaced.wrap(adapter, "execute_many", _observed_many)
        if hasattr(adapter, "stream"):  # not in earlier releases
            _replaced.wrap(adapter, "stream", _observed_stream)
    _replaced.wrap(module.EnterpriseConnectionPool, "health_check", _uncounted)


def _is_off(text: object) -> bool:
    """Whether a statement is told of already, or none of the application's."""
    if not isinstance(text, str) or _INSIDE.get() or is_housekeeping(text):
        return True
    return RUNS_FOR_KIT.get() or MAKES_TABLES.get()


@lru_cache(maxsize=4096)
def is_housekeeping(text: str) -> bool:
    """Whether a statement only serves a connection or transaction, or asks for the schema, as DataFlow does."""
    found = _HOUSEKEEPING.match(text) is not None
    if found and len(_quiet) < _MOST_QUIET:
        _quiet.add(text)
    return found


_quiet: set[object] = set()
"""Texts that are known to be housekeeping: on SQLite, DataFlow sends six with each statement."""
_MOST_QUIET: Final = 4096


def _tell(text: str, values: object, rows: int | None, began: float, url: str | None, driver: str = "") -> None:
    ran = RanStatement(text, values, rows, perf_counter() - began, url, driver)
    for listener in _listeners:
        listener(ran)


# --- adapters ------------------------------------------------------------------------------------------


def _observed_execute(original: Any) -> Any:
    async def execute(self: Any, query: Any, params: Any = None, *args: Any, **options: Any) -> Any:
        if _is_off(query):
            return await original(self, query, params, *args, **options)
        began, rows, token = perf_counter(), None, _INSIDE.set(True)
        try:
            result = await original(self, query, params, *args, **options)
            rows = rows_of(result, query)
        finally:  # a statement that the database refused was sent, too
            _INSIDE.reset(token)
            _tell(query, params, rows, began, self.config.connection_string)
        return result

    return execute


def _observed_many(original: Any) -> Any:
    async def execute_many(self: Any, query: Any, params_list: Any, *args: Any, **options: Any) -> Any:
        if _is_off(query):
            return await original(self, query, params_list, *args, **options)
        began, token = perf_counter(), _INSIDE.set(True)
        try:
            return await original(self, query, params_list, *args, **options)
        finally:
            _INSIDE.reset(token)
            rows = len(params_list) if isinstance(params_list, Sized) else None
            _tell(query, None, rows, began, self.config.connection_string)

    return execute_many


def _observed_stream(original: Any) -> Any:
    @asynccontextmanager
    async def stream(self: Any, query: Any, *args: Any, **options: Any) -> AsyncGenerator[Any, None]:
        off = _is_off(query)
        async with AsyncExitStack() as stack:
            began, token = perf_counter(), _INSIDE.set(True)
            try:
                rows = await stack.enter_async_context(original(self, query, *args, **options))
            finally:
                _INSIDE.reset(token)
                if not off:
                    values = args[0] if args else options.get("params")
                    _tell(query, values, None, began, self.config.connection_string)
            yield rows

    return stream


def _uncounted(original: Any) -> Any:
    async def health_check(self: Any, *args: Any, **options: Any) -> Any:
        token = _INSIDE.set(True)
        try:
            return await original(self, *args, **options)
        finally:
            _INSIDE.reset(token)

    return health_check


def rows_of(result: object, text: str) -> int | None:
    """How many rows an adapter's result has, or says that it changed."""
    if result is None:
        return 0
    if isinstance(result, dict):  # one row; or that an INSERT returned none
        return 0 if [*cast("dict[str, object]", result)] == ["lastrowid"] else 1
    if not isinstance(result, list):
        return None
    rows = cast("list[object]", result)
    if len(rows) == 1 and isinstance(rows[0], dict) and [*cast("dict[str, object]", rows[0])] == ["rows_affected"]:
        changed: object = cast("dict[str, object]", rows[0])["rows_affected"]
        is_wrong = changed == 0 and text.lstrip()[:6].upper() == "INSERT"  # what PostgreSQL's adapter always says
        return changed if isinstance(changed, int) and changed >= 0 and not is_wrong else None
    return len(rows)


# --- what goes past them -------------------------------------------------------------------------------


def _observed_call(driver: str, method: Method, original: Any) -> Any:
    """A driver's coroutine that runs a statement."""
    text_of = method.text

    def run(self: Any, *args: Any, **options: Any) -> Any:
        text, values = text_of(self, args, options)
        if _is_off(text):
            return original(self, *args, **options)
        return observed(self, cast("str", text), values, args, options)

    async def observed(self: Any, text: str, values: object, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        began, rows, token = perf_counter(), None, _INSIDE.set(True)
        try:
            result = await original(self, *args, **options)
            rows = method.rows(result, values)
        finally:
            _INSIDE.reset(token)
            _tell(text, values, rows, began, None, driver)
        return result

    def run_queued(self: Any, run_this: Any, first: Any = _NONE, second: Any = _NONE, *args: Any, **named: Any) -> Any:
        """What is no statement costs one look: with each statement of DataFlow's on SQLite come nine others."""
        if second is not _NONE:
            if ((first.__class__ is str and first in _quiet) or _INSIDE.get()) and not args and not named:
                return original(self, run_this, first, second)
        elif first is _NONE and not named:
            return original(self, run_this)
        given = [each for each in (first, second) if each is not _NONE]
        return run(self, run_this, *given, *args, **named)

    return run_queued if method.is_queued else run
