"""The names of a SQLite database's objects: how they are quoted, and which are not the application's.

DataFlow's schema discovery and migrations skip every table whose name starts with ``dataflow_``, so what the
kit makes is named like that too. Which tables are DataFlow's or the kit's is decided by the whole name only.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from kailash_testkit.internals.dataflow_tables import own_tables

OWN_PREFIX: Final = "dataflow_testkit_"
JOURNAL_TABLE: Final = f"{OWN_PREFIX}journal"
MARKER_TABLE: Final = f"{OWN_PREFIX}marker"
FAILPOINT_TABLE: Final = f"{OWN_PREFIX}failpoint"
LOST_TABLE: Final = f"{OWN_PREFIX}lost"
_OWN_TRIGGER: Final = re.compile(rf"{OWN_PREFIX}\d+_(insert|update|delete)")


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quoted_column(name: str) -> str:
    """A column's name in backticks: one that is missing is then an error. In double quotes it would be text."""
    return "`" + name.replace("`", "``") + "`"


@cache
def bookkeeping_tables() -> frozenset[str]:
    """The tables of DataFlow and of the kit, in lower case: neither recorded, undone row by row, nor fingerprinted."""
    return own_tables() | {JOURNAL_TABLE, MARKER_TABLE, FAILPOINT_TABLE}


def is_bookkeeping(name: str) -> bool:
    """Whether the table is SQLite's, DataFlow's or the kit's own rather than the application's.

    >>> is_bookkeeping("dataflow_migrations"), is_bookkeeping("dataflow_jobs")
    (True, False)
    """
    return name.lower() in bookkeeping_tables() or name.lower().startswith("sqlite_")


def is_own_trigger(name: str) -> bool:
    """Whether the trigger is the journal's."""
    return _OWN_TRIGGER.fullmatch(name) is not None


@cache
def of_application() -> str:
    """The condition on a row of `sqlite_sequence` that its table is the application's."""
    names = ", ".join(f"'{name}'" for name in sorted(bookkeeping_tables()))
    return f"lower(name) NOT IN ({names})"
