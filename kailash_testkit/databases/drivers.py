"""The drivers of databases on servers: imported when a test needs them, and not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from kailash_testkit.errors import UnsupportedDatabase


def driver(module: str, kind: str, extra: str) -> Any:
    """The driver's module.

    kind: the kind of database, for the message. extra: the extra of this package that installs the driver.
    Raises `UnsupportedDatabase` when it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UnsupportedDatabase(
            f"the kit cannot reach {kind}: the driver {module} is not installed",
            why=str(error),
            do=f"pip install 'kailash-testkit[{extra}]'",
        ) from None
