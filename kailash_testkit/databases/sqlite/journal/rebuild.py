"""Going back when the journal cannot tell everything: the image as a whole is written over the database.

Slow, and always exact: after schema changes, with tables that fire no triggers, and where SQLite refuses a row.
"""

from __future__ import annotations

from contextlib import closing

from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.journal.counters import write_counters
from kailash_testkit.databases.sqlite.journal.history import History
from kailash_testkit.databases.sqlite.journal.mark_state import MarkState
from kailash_testkit.databases.sqlite.journal.triggers import IMAGE
from kailash_testkit.databases.sqlite.journal.undo import end_journal, put_rows
from kailash_testkit.databases.sqlite.journal.user_triggers import in_schema


def rebuild(live: Connection, state: MarkState, history: History) -> None:
    """Make the whole database what it was at the mark, in one transaction of its own."""
    image = state.image
    earlier = history.rows_at(state.seq, image)
    with closing(image.connection.copy_to_memory()) as work:
        with work.transaction("DEFERRED") as cursor:
            put_rows(cursor, IMAGE, earlier)
            write_counters(cursor, state.counters, IMAGE, has_sequences=image.catalog.has_sequences)
            end_journal(cursor, IMAGE, state.seq)
            for statement in image.triggers:
                cursor.execute(in_schema(statement, IMAGE))
        live.overwrite_with(work)
    put_rows(image.connection.cursor(), IMAGE, earlier)
    image.position = state.seq
