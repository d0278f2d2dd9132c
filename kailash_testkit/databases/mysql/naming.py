"""Which tables and triggers of a database are the application's, told by their exact names."""

from __future__ import annotations

import re
from typing import Final

from kailash_testkit.databases.mysql.marker import TABLE as MADE_TABLE
from kailash_testkit.internals.dataflow_tables import own_tables

MARKER_TABLE: Final = "dataflow_testkit_marker"
"""The table that says that the database is the kit's."""
FAILPOINT_TABLE: Final = "dataflow_testkit_failpoint"
JOURNAL_PREFIX: Final = "dataflow_testkit_journal_"
"""What the journal's tables and triggers are called, with a number after it."""

_JOURNAL_TABLE: Final = re.compile(rf"{JOURNAL_PREFIX}[0-9]+")
_JOURNAL_TRIGGER: Final = re.compile(rf"{JOURNAL_PREFIX}[0-9]+_(before|insert|update|delete)")
_OWN_TABLES: Final = (MARKER_TABLE, MADE_TABLE, FAILPOINT_TABLE)


def is_journal_table(name: str) -> bool:
    """Whether the journal made the table.

    >>> is_journal_table("dataflow_testkit_journal_7"), is_journal_table("dataflow_testkit_journal_notes")
    (True, False)
    """
    return _JOURNAL_TABLE.fullmatch(name) is not None


def is_journal_trigger(name: str) -> bool:
    """Whether the journal made the trigger."""
    return _JOURNAL_TRIGGER.fullmatch(name) is not None


def is_bookkeeping(name: str) -> bool:
    """Whether the table is DataFlow's or the kit's: neither recorded, nor undone, nor counted as content.

    >>> is_bookkeeping("dataflow_migrations"), is_bookkeeping("dataflow_jobs")
    (True, False)
    """
    return name in own_tables() or name in _OWN_TABLES or is_journal_table(name)
