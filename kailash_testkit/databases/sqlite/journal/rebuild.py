"""Going back when the journal cannot tell everything: the image as a whole is written over the database.

Slow, and always exact: after schema changes, with tables that fire no triggers, and where SQLite refuses a row. Where
the file is no longer the one that the kit has open, or cannot be written, a new one is made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing

from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.files import Files, remove
from kailash_testkit.databases.sqlite.journal.counters import write_counters
from kailash_testkit.databases.sqlite.journal.history import History
from kailash_testkit.databases.sqlite.journal.image import Image
from kailash_testkit.databases.sqlite.journal.mark_state import MarkState
from kailash_testkit.databases.sqlite.journal.triggers import IMAGE
from kailash_testkit.databases.sqlite.journal.undo import end_journal, put_rows
from kailash_testkit.databases.sqlite.journal.user_triggers import in_schema
from kailash_testkit.databases.sqlite.sessions import close_own, end_connections
from kailash_testkit.errors import IsolationFailed, UnsupportedDatabase


def rebuild(live: Connection, state: MarkState, history: History) -> None:
    """Make the whole database what it was at the mark, in one transaction of its own."""
    _write(state, history, live.overwrite_with)


def make_file_again(
    live: Connection, files: Files, images: Sequence[Image], state: MarkState, history: History, *, log_mode: str
) -> list[str]:
    """Make a new database file that is what the database was at the mark, and let the kit's connections have it open.

    log_mode: SQLite's ``journal_mode`` of the database. Returns a line for each connection of this process to the file
    before: they are closed. Raises `IsolationFailed` when the file cannot be written.
    """
    for image in images:
        image.detach()
    close_own(live.path)
    closed = end_connections(live.path)
    _write(state, history, lambda work: _write_file(files, work, log_mode))
    live.reopen()
    for image in images:
        image.attach(live.path)
    return closed


def made_again_under(closed: list[str], fault: str) -> IsolationFailed:
    """The error for connections that were open to the file that another took the place of. closed: a line for each."""
    return IsolationFailed(
        f"the test database was made again in a new file under open connections: {fault}",
        details=closed,
        why="they were left with a file that is not the test database any more",
        do="leave the file alone, or make room on the disk; or close the connections before the test ends",
    )


def _write_file(files: Files, work: Connection, log_mode: str) -> None:
    remove(files.path)
    files.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with closing(Connection.open(files.path)) as fresh:
            fresh.overwrite_with(work)
            fresh.run(f"PRAGMA journal_mode = {log_mode}")
    except (sqlite3.Error, UnsupportedDatabase) as error:
        raise IsolationFailed(
            f"the test database {files.path} could not be made again",
            why=str(error).splitlines()[0],
            do="make room on the disk, or let the kit write in that folder",
        ) from error
    files.restore_mode()


def _write(state: MarkState, history: History, write: Callable[[Connection], None]) -> None:
    image = state.image
    earlier = history.rows_at(state.seq, image)
    with closing(image.connection.copy_to_memory()) as work:
        with work.transaction("DEFERRED") as cursor:
            put_rows(cursor, IMAGE, earlier)
            write_counters(cursor, state.counters, IMAGE, has_sequences=image.catalog.has_sequences)
            end_journal(cursor, IMAGE, state.seq)
            for statement in image.triggers:
                cursor.execute(in_schema(statement, IMAGE))
        write(work)
    put_rows(image.connection.cursor(), IMAGE, earlier)
    image.position = state.seq
