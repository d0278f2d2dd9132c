"""The tables that DataFlow keeps for itself in an application's database, by exact name.

DataFlow states them in its source only: in the statements that make them. These are read, so that a release that
adds one is understood.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from kailash_testkit.errors import ConfigurationError

_STATED_IN: Final = ("core", "migrations")
"""The folders of the package whose modules make such tables."""
_CREATE: Final = re.compile(rb"CREATE TABLE IF NOT EXISTS (dataflow_[a-z_]+)\b")
_KNOWN: Final = frozenset(
    {
        "dataflow_migration_history",
        "dataflow_migration_lock",
        "dataflow_migration_locks",
        "dataflow_migration_queue",
        "dataflow_migrations",
        "dataflow_model_registry",
    }
)
"""Those of the releases tried; enough where DataFlow is installed without its source."""


@cache
def own_tables() -> frozenset[str]:
    """Their exact names, in lower case. Whatever else begins alike is the application's.

    >>> "dataflow_migrations" in own_tables(), "dataflow_jobs" in own_tables()
    (True, False)
    """
    return _KNOWN | stated_tables()


def stated_tables() -> frozenset[str]:
    """The tables that the source of the installed DataFlow makes for itself; imports nothing of it."""
    package = find_spec("dataflow")
    roots = package.submodule_search_locations if package is not None else None
    sources = (path for root in roots or () for name in _STATED_IN for path in Path(root, name).rglob("*.py"))
    return frozenset(found.decode() for source in sources for found in _CREATE.findall(source.read_bytes()))


def refuse_models_on_own_tables(dataflow: Any) -> None:
    """Raises `ConfigurationError` for a model that is stored in a table that DataFlow keeps for itself.

    The two would share the table: the kit could neither isolate the model's rows nor leave DataFlow's alone.
    """
    for name in dataflow.get_models():
        table = str(dataflow.get_model_info(name)["table_name"])
        if table.lower() in own_tables():
            raise ConfigurationError(
                f"the model {name} is stored in {table}, a table that DataFlow keeps for itself",
                why="DataFlow writes its own rows there, so the model's can neither be isolated nor recorded",
                do=f'give the model another name, or another table: __tablename__ = "{table}_of_application"',
            )
