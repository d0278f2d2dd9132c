"""Where the supported releases of Kailash differ: one table, which the rest asks by the name of the fact.

What can be seen by trying is not here: an argument that a function takes, a column that a node returned.
`tests/internals/test_dataflow_facts.py` holds the installed release against each line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Final

from packaging.version import Version

DATAFLOW: Final = "kailash-dataflow"


@dataclass(frozen=True)
class Fact:
    """What a package does since a release, and did not do before."""

    since: str
    package: str = DATAFLOW

    def holds(self) -> bool:
        """Whether it is so in the installed release."""
        return _installed(self.package) >= Version(self.since)


@cache
def _installed(package: str) -> Version:
    return Version(version(package))


SOFT_DELETE: Final = Fact("2.14.0")
"""A model with ``soft_delete`` gets a column ``deleted_at``, which DeleteNode sets instead of deleting the row.

Before, ListNode and CountNode hide the rows by a column that is not there, unless the model declares it: SQLite then
finds none, servers refuse the statement. DeleteNode deletes.
"""

OWN_CACHE_KEYS: Final = Fact("2.15.0")
"""The keys of cached results on a Redis name the database, those of ListNode (since 2.14.6) and those of express."""

FUNCTIONS_AS_DEFAULTS: Final = Fact("2.20.0")
"""A default that is a function is left out of the table; before, its text is the column's, which servers refuse."""

QUOTED_BATCHES: Final = Fact("2.14.2")
"""BulkCreateNode quotes names of tables and columns: before, a batch fails where one is a keyword of the database."""

CREATES_LEAK: Final = Fact("2.13.4")
"""Concurrent CreateNodes leak connections on SQLite; before, they do with aiosqlite 0.20, and not with 0.22."""

WHOLE_ROWS: Final = Fact("2.13.17")
"""ReadNode returns the columns that DataFlow adds to a model, ``created_at`` and ``updated_at``, on every database."""


def installed_dataflow() -> str:
    """The installed release, for messages: ``kailash-dataflow 2.20.1``."""
    return f"{DATAFLOW} {_installed(DATAFLOW)}"
