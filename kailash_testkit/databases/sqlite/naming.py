"""The names of a SQLite database's objects: how they are quoted, and which are not the application's.

DataFlow's schema discovery and migrations skip every table whose name starts with ``dataflow_``, so what the
journal makes is named like that too.
"""

from __future__ import annotations

from typing import Final

BOOKKEEPING_PREFIX: Final = "dataflow_"
"""DataFlow's own bookkeeping, in lower case: neither recorded, nor undone row by row, nor fingerprinted."""
OWN_PREFIX: Final = "dataflow_testkit_"
"""All objects of the journal start like this."""
JOURNAL_TABLE: Final = f"{OWN_PREFIX}journal"


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quoted_column(name: str) -> str:
    """A column's name in backticks: one that is missing is then an error. In double quotes it would be text."""
    return "`" + name.replace("`", "``") + "`"


def is_bookkeeping(name: str) -> bool:
    """Whether the table is SQLite's, DataFlow's or the journal's own rather than the application's."""
    return name.lower().startswith((BOOKKEEPING_PREFIX, "sqlite_"))
