"""Noticing that a DataFlow instance is made and that it uses its database, and keeping it from that.

Kailash DataFlow has no hook for either. This reaches into its class, and nothing else does. Each
assumption has a test that names it.
"""

from __future__ import annotations

import functools
import gc
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from kailash_testkit.import_hooks import ImportHook
from kailash_testkit.internals.dataflow import url_of


@dataclass(frozen=True, eq=False)
class Watcher:
    """Who is told of instances.

    used: called with an instance that is about to use its database, and whether it opens its external sources, too.
    made: called with an instance when it was made, and with those that are there when watching begins.
    """

    used: Callable[[Any, bool], None]
    made: Callable[[Any], None]


_MODULE: Final = "dataflow.core.engine"
# Each way from an instance to its database leads through one of these.
_WAYS_TO_DATABASE: Final = (
    "_ensure_connected",
    "_get_or_create_async_sql_node",
    "_get_async_database_connection",
    "_get_database_connection",
    "_get_async_sql_connection",
    "_validate_database_connection",
    "ensure_table_exists",
    "create_tables",
    "create_tables_sync",
    "create_tables_async",
    "initialize",
    "start",
    "auto_migrate",
    "get_connection",
)
_OPENS_SOURCES: Final = "start"

_watchers: list[Watcher] = []
_originals: dict[str, Any] = {}  # what `_hook` has replaced in the class
_chosen: WeakKeyDictionary[Any, frozenset[str]] = WeakKeyDictionary()
_made_at: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def watch(used: Callable[[Any, bool], None], made: Callable[[Any], None] = lambda _: None) -> Callable[[], None]:
    """Calls ``used`` with an instance each time before that uses its database, whenever and wherever it was made.

    What it raises prevents the use. Not always do callers of DataFlow see that: nodes may report it as
    ``success: False``. See `Watcher` for ``made``. Imports nothing: where DataFlow is not imported yet, it waits for
    that. Returns what ends it.
    """
    watcher = Watcher(used, made)
    hook: ImportHook | None = None
    _watchers.append(watcher)
    engine = sys.modules.get(_MODULE)
    if engine is None:
        hook = ImportHook(_MODULE, after=lambda module: _hook(cast("Any", module).DataFlow))
    else:
        _hook(engine.DataFlow)
        for instance in [each for each in gc.get_objects() if isinstance(each, engine.DataFlow)]:
            made(instance)

    def end() -> None:
        if watcher in _watchers:
            _watchers.remove(watcher)
        if hook is not None:
            hook.remove()
        engine = sys.modules.get(_MODULE)
        if not _watchers and engine is not None:
            _unhook(engine.DataFlow)

    return end


def made_at(dataflow: Any) -> str | None:
    """The line of code that made the instance: ``/app/shop/models.py:4``; None when nobody watched."""
    return _made_at.get(dataflow)


def choose(dataflow: Any) -> None:
    """Notes that somebody has chosen this instance with its database: `unchosen_urls` does not name that."""
    _chosen[dataflow] = frozenset(_urls_of_database(dataflow))


def unchosen_urls(dataflow: Any, *, with_sources: bool = False) -> list[str]:
    """Each database URL that the instance may connect to, but for what `choose` was told of.

    with_sources: also those of databases that it has as external sources.
    """
    urls = _urls_of_database(dataflow) + _further_urls(dataflow, with_sources=with_sources)
    chosen = _chosen.get(dataflow, frozenset())
    return [url for url in dict.fromkeys(urls) if url not in chosen]


def _urls_of_database(dataflow: Any) -> list[str]:
    """The URL that the instance's nodes use, and the one that its tables are made at.

    They differ where the instance was given none: the latter is then ``DATABASE_URL``, or made of a host and a name.
    """
    database = dataflow.config.database
    at_creation: str = database.get_connection_url(dataflow.config.environment)
    return [*dict.fromkeys((url_of(dataflow), at_creation))]


def _further_urls(dataflow: Any, *, with_sources: bool) -> list[str]:
    """The URLs of the instance's read replica and, with_sources, of databases that are its external sources."""
    urls = [getattr(dataflow, "_read_url", None)]
    if with_sources:
        urls += [_database_of_source(config) for config in dataflow.get_sources().values()]
    return [str(url) for url in urls if url]


def _database_of_source(config: Any) -> str | None:
    """None for sources that are no databases."""
    return str(config.url) if type(config).__name__ == "DatabaseSourceConfig" else None


def _checked(method: Any, *, opens_sources: bool) -> Any:
    """The method, which first tells the watchers. It stays a coroutine function if it is one: frameworks ask."""

    def tell(dataflow: Any) -> None:
        for watcher in [*_watchers]:
            watcher.used(dataflow, opens_sources)

    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def checked_coroutine(self: Any, *arguments: Any, **options: Any) -> Any:
            tell(self)
            return await method(self, *arguments, **options)

        return checked_coroutine

    @functools.wraps(method)
    def checked(self: Any, *arguments: Any, **options: Any) -> Any:
        tell(self)
        return method(self, *arguments, **options)

    return checked


def _hook(kind: Any) -> None:
    if _originals:
        return
    original = kind.__init__

    @functools.wraps(original)
    def initialise(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        _made_at[self] = _caller(sys._getframe(1))  # pyright: ignore[reportPrivateUsage] - documented
        for watcher in [*_watchers]:
            watcher.made(self)

    replacements = {"__init__": initialise} | {
        name: _checked(vars(kind)[name], opens_sources=name == _OPENS_SOURCES)
        for name in _WAYS_TO_DATABASE
        if name in vars(kind)
    }
    for name, replacement in replacements.items():
        _originals[name] = vars(kind)[name]
        setattr(kind, name, replacement)


def _unhook(kind: Any) -> None:
    for name, original in _originals.items():
        setattr(kind, name, original)
    _originals.clear()


def _caller(frame: FrameType | None) -> str:
    """The nearest line outside of DataFlow itself, whose subclasses and functions make instances too."""
    while frame is not None and str(frame.f_globals.get("__name__", "")).split(".")[0] == "dataflow":
        frame = frame.f_back
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
