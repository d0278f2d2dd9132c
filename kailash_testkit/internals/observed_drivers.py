"""The methods of asynchronous drivers through which every statement goes, and what they tell of it."""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from kailash_testkit.internals.replacing import Replacements

Rows = Callable[[Any, Any], int | None]
"""The number of rows, from a method's result and the values that were bound."""
TextOf = Callable[[Any, tuple[Any, ...], dict[str, Any]], tuple[object, object]]
"""The statement, None for what is none, and its values, from the arguments of a method."""


@dataclass(frozen=True)
class Method:
    """A method that runs a statement. is_queued: whether everything else goes through it, too, as a function."""

    owner: str
    name: str
    rows: Rows
    text: TextOf
    is_queued: bool = False


@dataclass(frozen=True)
class Driver:
    """module: where its classes are. name: for messages."""

    name: str
    module: str
    methods: tuple[Method, ...]

    def wrap(self, module: Any, replacements: Replacements, observed: Callable[..., Any]) -> None:
        """Lets its methods be observed."""
        for each in self.methods:
            owner = getattr(module, each.owner)
            if hasattr(owner, each.name):
                replacements.wrap(owner, each.name, partial(observed, self.name, each))


def _fetched(result: Any, _values: object) -> int | None:
    return len(cast("list[object]", result))


def _one(result: object, _values: object) -> int | None:
    return int(result is not None)


def _unknown(_result: object, _values: object) -> int | None:
    return None


def _of_status(result: object, _values: object) -> int | None:
    """PostgreSQL's answer: ``INSERT 0 3``, ``SELECT 5``, ``CREATE TABLE``."""
    last = result.rpartition(" ")[2] if isinstance(result, str) else ""
    return int(last) if last.isdigit() else None


def _batch(_result: object, values: object) -> int | None:
    return len(values) if isinstance(values, Sized) else None


def _counted(result: object, _values: object) -> int | None:
    return result if isinstance(result, int) else None


def _of_sqlite(result: Any, _values: object) -> int | None:
    """What `aiosqlite` got in its thread: a cursor, which knows of a query's rows only when they are fetched."""
    if isinstance(result, list):
        return len(cast("list[object]", result))
    count = getattr(result, "rowcount", -1)
    return count if isinstance(count, int) and count >= 0 else None


def _first(_self: Any, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[object, object]:
    """``fetch(query, *values)``, as asyncpg has it."""
    return (args[0], args[1:]) if args else (options.get("query"), ())


def _second(_self: Any, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[object, object]:
    """``execute(query, values)``."""
    text = args[0] if args else options.get("query", options.get("command"))
    return text, args[1] if len(args) > 1 else options.get("args")


def _prepared(self: Any, args: tuple[Any, ...], _options: dict[str, Any]) -> tuple[object, object]:
    return self.get_query(), args


def _queued(_self: Any, args: tuple[Any, ...], _options: dict[str, Any]) -> tuple[object, object]:
    """What aiosqlite gives its thread: a function of the connection or of a cursor, and its arguments."""
    if len(args) < 2 or getattr(args[0], "__name__", "") not in _OF_SQLITE:
        return _NOTHING
    return args[1], args[2] if len(args) > 2 else None


_NOTHING: Final = None, None


_OF_SQLITE: Final = frozenset({"execute", "executemany", "executescript", "_execute_insert", "_execute_fetchall"})

DRIVERS: Final = (
    Driver(
        "asyncpg",
        "asyncpg.connection",
        (
            Method("Connection", "execute", _of_status, _first),
            Method("Connection", "fetch", _fetched, _first),
            Method("Connection", "fetchrow", _one, _first),
            Method("Connection", "fetchval", _unknown, _first),
            Method("Connection", "fetchmany", _fetched, _second),
            Method("Connection", "executemany", _batch, _second),
        ),
    ),
    Driver(
        "asyncpg",
        "asyncpg.prepared_stmt",
        (
            Method("PreparedStatement", "fetch", _fetched, _prepared),
            Method("PreparedStatement", "fetchrow", _one, _prepared),
            Method("PreparedStatement", "fetchval", _unknown, _prepared),
        ),
    ),
    Driver("aiosqlite", "aiosqlite.core", (Method("Connection", "_execute", _of_sqlite, _queued, is_queued=True),)),
    Driver(
        "aiomysql",
        "aiomysql.cursors",
        (Method("Cursor", "execute", _counted, _second), Method("Cursor", "executemany", _counted, _second)),
    ),
)
