"""Noticing that a DataFlow instance is made, and keeping one from its database.

Kailash DataFlow has no hook for either. This reaches into its class, and nothing else does. Tried with
kailash-dataflow 2.20.1: each assumption has a test that names it.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from kailash_testkit.import_hooks import ImportHook

Notice = Callable[[Any], None]

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

_noticing: list[Notice] = []
_made_at: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def watch(notice: Notice) -> Callable[[], None]:
    """Calls ``notice`` with each instance when it is made, and with those that there are already.

    Imports nothing: where DataFlow is not imported yet, it waits for that. Returns what ends it.
    """
    hook: ImportHook | None = None
    _noticing.append(notice)
    engine = sys.modules.get(_MODULE)
    if engine is None:
        hook = ImportHook(_MODULE, after=lambda module: _hook(cast("Any", module).DataFlow))
    else:
        _hook(engine.DataFlow)
        for instance in [each for each in gc.get_objects() if isinstance(each, engine.DataFlow)]:
            notice(instance)

    def end() -> None:
        _noticing.remove(notice)
        if hook is not None:
            hook.remove()
        engine = sys.modules.get(_MODULE)
        if not _noticing and engine is not None:
            _unhook(engine.DataFlow)

    return end


def made_at(dataflow: Any) -> str | None:
    """The line of code that made the instance: ``/app/shop/models.py:4``; None when nobody watched."""
    return _made_at.get(dataflow)


def guard(dataflow: Any, check: Callable[[], None]) -> None:
    """From now on ``check`` is called before the instance uses its database. What it raises prevents that.

    Not always do callers of DataFlow see what is raised: nodes may report it as ``success: False``.
    """
    for name in _WAYS_TO_DATABASE:
        method = getattr(dataflow, name, None)
        if method is not None and name not in vars(dataflow):
            setattr(dataflow, name, _checked(method, check))


def unguard(dataflow: Any) -> None:
    """Ends `guard`. Idempotent."""
    for name in _WAYS_TO_DATABASE:
        if hasattr(dataflow.__dict__.get(name), "_kailash_testkit_check"):
            delattr(dataflow, name)


def _checked(method: Any, check: Callable[[], None]) -> Any:
    @functools.wraps(method)
    def checked(*arguments: Any, **options: Any) -> Any:
        check()
        return method(*arguments, **options)

    cast("Any", checked)._kailash_testkit_check = check
    return checked


def _hook(kind: Any) -> None:
    original = kind.__init__
    if hasattr(original, "_kailash_testkit_original"):
        return

    @functools.wraps(original)
    def initialise(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        _made_at[self] = _caller(sys._getframe(1))  # pyright: ignore[reportPrivateUsage] - documented
        for notice in [*_noticing]:
            notice(self)

    cast("Any", initialise)._kailash_testkit_original = original
    kind.__init__ = initialise


def _unhook(kind: Any) -> None:
    original = getattr(kind.__init__, "_kailash_testkit_original", None)
    if original is not None:
        kind.__init__ = original


def _caller(frame: FrameType | None) -> str:
    """The nearest line outside of DataFlow itself, whose subclasses and functions make instances too."""
    while frame is not None and str(frame.f_globals.get("__name__", "")).split(".")[0] == "dataflow":
        frame = frame.f_back
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
