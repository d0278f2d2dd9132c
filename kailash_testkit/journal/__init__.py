"""The change journal: what was inserted, updated and deleted since a mark, and the exact way back to it.

Here live the interface (`interface`) and one implementation per kind of database (`sqlite` and its
helpers ``sqlite_*``), each working on a database through a connection of the kit's own. What is not
here: pytest, the kit, DataFlow and its models, the ledger of expected changes, and how a database
comes to be; the journal knows tables, rows and values only.
"""

from __future__ import annotations

from importlib import import_module

from kailash_testkit.databases import Database
from kailash_testkit.databases.mysql import MysqlDatabase
from kailash_testkit.databases.postgresql import PostgresqlDatabase
from kailash_testkit.databases.sqlite import SqliteDatabase
from kailash_testkit.journal.interface import Journal


def open_journal(database: Database) -> Journal:
    """The journal for a database, on a connection of its own. Not installed yet."""
    if isinstance(database, SqliteDatabase):
        return _made("sqlite", "SqliteJournal", database.connect(), str(database.path))
    if isinstance(database, PostgresqlDatabase):
        return _made("postgresql", "PostgresqlJournal", database.connect())
    if isinstance(database, MysqlDatabase):
        return _made("mysql", "MysqlJournal", database.connect(), watcher=database.connect())
    raise NotImplementedError(f"no journal for {type(database).__name__}")


def open_transactions(database: Database) -> list[str]:
    """Who keeps the database locked now by an open transaction, a line each, as far as that can be known."""
    if isinstance(database, SqliteDatabase):
        holders: list[str] = import_module("kailash_testkit.journal.sqlite_locks").holders(str(database.path), own=None)
        return holders
    sessions = database.sessions()
    holding = [session for session in sessions if session.holds_locks]
    return [str(session) for session in holding or sessions if session.in_transaction]


def _made(module: str, name: str, *arguments: object, **options: object) -> Journal:
    """The journal of a kind; its module is imported when it is used, and not before."""
    journal: Journal = getattr(import_module(f"kailash_testkit.journal.{module}"), name)(*arguments, **options)
    return journal
