"""The context that an application runs in: what its import set, and nothing of a test.

A server imports the application, and starts each request from a copy of the context that the import left. In a test
process, import and tests happen in the same contexts. Under pytest what counts is therefore the context at the end of
the collection, and what the kit's own imports of the application changed afterwards; elsewhere it is the context in
which the client is made.
"""

from __future__ import annotations

import contextlib
import contextvars
import sys
from collections.abc import Generator
from typing import Any

_Values = dict[contextvars.ContextVar[Any], Any]

_imported: contextvars.Context | None = None  # what imports have set; None where nobody says when tests begin


def of_application() -> contextvars.Context:
    """A context for an application that is started now. Its decimal context is its own."""
    return _apart(contextvars.copy_context() if _imported is None else _imported)


def set_imports(context: contextvars.Context | None) -> contextvars.Context | None:
    """Says what imports have set, so that what is set from now on is a test's; returns what was said before.

    context: None while modules are imported, or where nobody can tell: then all that is set counts.
    """
    global _imported
    before, _imported = _imported, None if context is None else _apart(context)
    return before


@contextlib.contextmanager
def importing() -> Generator[None, None, None]:
    """The application is imported in the block: what it sets counts."""
    before = _values(contextvars.copy_context())
    try:
        yield
    finally:
        if _imported is not None:
            for variable, value in _values(contextvars.copy_context()).items():
                if variable not in before or not _is_same(before[variable], value):
                    _imported.run(variable.set, value)


def _apart(context: contextvars.Context) -> contextvars.Context:
    """A copy that shares no decimal context."""
    copy = contextvars.Context()
    for variable, value in _values(context).items():
        if not _is_decimal_default(value):  # somebody only looked at it: on a server each request gets one of its own
            copy.run(variable.set, value)
    return copy


def _values(context: contextvars.Context) -> _Values:
    """The values of a context; decimal contexts, which are changed in place, are copied."""
    return {variable: value.copy() if _is_decimal(value) else value for variable, value in context.items()}


def _is_same(one: Any, other: Any) -> bool:
    return one is other or (_is_decimal(one) and _is_decimal(other) and _settings(one) == _settings(other))


def _is_decimal(value: object) -> bool:
    decimal = sys.modules.get("decimal")  # not imported for this alone
    return decimal is not None and isinstance(value, decimal.Context)


def _is_decimal_default(value: Any) -> bool:
    return _is_decimal(value) and _settings(value) == _settings(sys.modules["decimal"].DefaultContext)


def _settings(context: Any) -> tuple[object, ...]:
    """Without the flags, which any calculation raises."""
    names = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
    return (*(getattr(context, name) for name in names), dict(context.traps))
