"""The HTTP library of the client: httpx2 where it is installed, as for Starlette's own client, else httpx.

Modules of the kit say ``from kailash_testkit import http_library as httpx``, and use what both libraries have under the
same names. The library is imported when its first name is used. ``testkit_httpx`` in pytest's settings, or the variable
``TESTKIT_HTTPX``, names the one to use. Type checkers see the one that is used where nothing names one: where both
are installed, mypy keeps the first of two definitions, and pyright the one that is not in an ``except``.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any, Final

NAMES: Final = ("httpx2", "httpx")
VARIABLE: Final = "TESTKIT_HTTPX"

_preferred = ""
_in_use = ""

if TYPE_CHECKING:
    try:
        from httpx2 import *  # type: ignore[import-not-found, unused-ignore]  # pyright: ignore  # noqa: F403
    except ImportError:
        from httpx import *  # type: ignore[assignment, unused-ignore]  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if not _in_use:
            _use(_first_installed())
        try:
            return globals()[name]
        except KeyError:
            raise AttributeError(f"{_in_use} has no {name!r}") from None


def in_use() -> str:
    """The name of the library; empty as long as nothing has used it."""
    return _in_use


def preferred() -> str:
    """The name of the library that was asked for; empty where nothing asks for one."""
    return os.environ.get(VARIABLE) or _preferred


def prefer(name: str) -> None:
    """Use this one, unless the variable names another; has an effect before the first use only."""
    global _preferred
    _preferred = name


def is_of_library(value: object, *names: str) -> bool:
    """Whether a value is of a type, or a subtype, of these libraries; of any without names. Imports none.

    >>> is_of_library("http://shop")
    False
    """
    return any(base.__module__.partition(".")[0] in (names or NAMES) for base in type(value).__mro__)


def _first_installed() -> str:
    wanted = preferred()
    if wanted and wanted not in NAMES:
        raise ImportError(f"{VARIABLE}={wanted!r}: use 'httpx' or 'httpx2'")
    if wanted:
        return wanted
    for name in NAMES:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
        else:
            return name
    raise ModuleNotFoundError("the client of kailash_testkit needs httpx: pip install httpx")


def _use(name: str) -> None:
    global _in_use
    library = importlib.import_module(name)
    globals().update({each: getattr(library, each) for each in library.__all__ if not each.startswith("_")})
    _in_use = library.__name__  # after httpx2.alias_httpx() both names are of httpx2
