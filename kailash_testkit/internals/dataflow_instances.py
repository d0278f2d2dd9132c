"""Noticing that a DataFlow instance uses its database, and keeping it from that.

Kailash DataFlow has no hook for it. This reaches into its class, and nothing else does. Tried with
kailash-dataflow 2.20.1: each assumption has a test that names it.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from kailash_testkit.internals.dataflow import further_urls, urls_of_database

Notice = Callable[[Any, bool], None]
"""Gets an instance that is about to use its database, and whether it opens its external sources, too."""

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

_noticing: list[Notice] = []
_originals: dict[str, Any] = {}  # what `_hook` has replaced in the class
_chosen: WeakKeyDictionary[Any, frozenset[str]] = WeakKeyDictionary()
_made_at: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def watch(notice: Notice) -> Callable[[], None]:
    """Calls ``notice`` with an instance each time before that uses its database, whenever and wherever it was made.

    What ``notice`` raises prevents the use. Not always do callers of DataFlow see that: nodes may report it as
    ``success: False``. Imports nothing: where DataFlow is not imported yet, it waits for that. Returns what ends it.
    """
    finder = _AtImport()
    _noticing.append(notice)
    engine = sys.modules.get(_MODULE)
    if engine is None:
        sys.meta_path.insert(0, finder)
    else:
        _hook(engine.DataFlow)

    def end() -> None:
        if notice in _noticing:
            _noticing.remove(notice)
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)
        engine = sys.modules.get(_MODULE)
        if not _noticing and engine is not None:
            _unhook(engine.DataFlow)

    return end


def made_at(dataflow: Any) -> str | None:
    """The line of code that made the instance: ``/app/shop/models.py:4``; None when nobody watched."""
    return _made_at.get(dataflow)


def choose(dataflow: Any) -> None:
    """Notes that somebody has chosen this instance with its database: `unchosen_urls` does not name that."""
    _chosen[dataflow] = frozenset(urls_of_database(dataflow))


def unchosen_urls(dataflow: Any, *, with_sources: bool = False) -> list[str]:
    """Each database URL that the instance may connect to, but for what `choose` was told of.

    with_sources: also those of databases that it has as external sources.
    """
    urls = urls_of_database(dataflow) + further_urls(dataflow, with_sources=with_sources)
    chosen = _chosen.get(dataflow, frozenset())
    return [url for url in dict.fromkeys(urls) if url not in chosen]


def _checked(method: Any, *, opens_sources: bool) -> Any:
    """The method, which first tells the watchers. It stays a coroutine function if it is one: frameworks ask."""

    def tell(dataflow: Any) -> None:
        for notice in [*_noticing]:
            notice(dataflow, opens_sources)

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


class _AtImport(MetaPathFinder):
    """Hooks the class when its module has been imported."""

    def __init__(self) -> None:
        self._looks = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if fullname != _MODULE or self._looks:
            return None
        self._looks = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looks = False
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Loader", _Hooking(spec.loader))
        return spec


class _Hooking:
    """A module's loader, which hooks the class in it."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        if _noticing:
            _hook(cast("Any", module).DataFlow)
