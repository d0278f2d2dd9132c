"""Databases under test: the kit's own connection, and all that differs between kinds of database.

A folder per kind, each behind the `Database` protocol; `kinds` is the table of them, and `open_database` picks
one by URL. What they share is in `urls`, `claiming`, `sessions` and `drivers`; `storage` makes the private files.
The kit's connection is synchronous, autocommit, outside every event loop.
Not here: DataFlow, which has connections of its own to the same database.
"""

from kailash_testkit.databases.interface import Database, open_database, peek
from kailash_testkit.databases.sessions import Session

__all__ = ["Database", "Session", "open_database", "peek"]
