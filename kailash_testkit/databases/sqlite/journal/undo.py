"""Going back by the journal: the touched rows are put back from the image, and nothing else is."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from kailash_testkit.databases.sqlite.journal.counters import write_counters
from kailash_testkit.databases.sqlite.journal.history import History
from kailash_testkit.databases.sqlite.journal.image import Image, live_head
from kailash_testkit.databases.sqlite.journal.mark_state import MarkState
from kailash_testkit.databases.sqlite.journal.triggers import IMAGE, LIVE, RecordedTable
from kailash_testkit.databases.sqlite.journal.user_triggers import triggers_set_aside
from kailash_testkit.databases.sqlite.journal.values import Row, bound
from kailash_testkit.databases.sqlite.naming import JOURNAL_TABLE


def is_whole(cursor: sqlite3.Cursor, state: MarkState, head: int) -> bool:
    """Whether the journal has each entry that the image does not follow yet: nobody but the triggers wrote it."""
    position = max(state.seq, state.image.position)
    after = f"FROM {LIVE}.{JOURNAL_TABLE} WHERE rowid > ?"
    (count,) = cursor.execute(f"SELECT count(*) {after}", (position,)).fetchone()
    if count != head - position:
        return False
    numbers = cursor.execute(f"SELECT DISTINCT source {after}", (position,)).fetchall()
    return all(number in state.image.by_number for (number,) in numbers)


def undo_by_journal(cursor: sqlite3.Cursor, state: MarkState, history: History) -> bool:
    """Put rows and counters back as they were at the mark; returns whether anything differed.

    cursor: of the image's connection, in a transaction that keeps all others from writing.
    """
    head = live_head(cursor)
    if head > state.seq:
        _undo_rows(cursor, state.image, state.seq, head, history)
    counted = write_counters(cursor, state.counters, LIVE, has_sequences=state.image.catalog.has_sequences)
    return counted or head > state.seq


def _undo_rows(cursor: sqlite3.Cursor, image: Image, position: int, head: int, history: History) -> None:
    span = {"after": image.position, "last": head}
    numbers = cursor.execute(
        f"SELECT DISTINCT source FROM {LIVE}.{JOURNAL_TABLE} WHERE rowid > :after AND rowid <= :last", span
    ).fetchall()
    earlier = history.rows_at(position, image)
    touched = [image.by_number[number] for (number,) in numbers]
    firing = {recorded.table.name for recorded in [*touched, *earlier] if recorded.table.has_user_triggers}
    with triggers_set_aside(cursor, sorted(firing), LIVE):
        for recorded in touched:
            for statement in recorded.undo:
                cursor.execute(statement, span)
        for schema in (LIVE, IMAGE):
            put_rows(cursor, schema, earlier)
    cursor.execute(f"DELETE FROM {LIVE}.{JOURNAL_TABLE} WHERE rowid > ?", (position,))  # the undo's own as well
    end_journal(cursor, LIVE, position)


def end_journal(cursor: sqlite3.Cursor, schema: str, position: int) -> None:
    """Let the journal end at ``position``, so that later changes have greater ones.

    Its row there may be gone: an image that was put back brought an empty journal.
    """
    if position:
        cursor.execute(f"INSERT OR IGNORE INTO {schema}.{JOURNAL_TABLE} (rowid, source) VALUES (?, 0)", (position,))


def put_rows(cursor: sqlite3.Cursor, schema: str, rows: Mapping[RecordedTable, Mapping[Row, Row | None]]) -> None:
    """Make each row, given by its key, what is given; None for no row."""
    for recorded, by_key in rows.items():
        delete = recorded.delete_one(schema)
        for key in by_key:
            placeholders, values = bound(key)
            cursor.execute(_with_placeholders(delete, placeholders), values)
        for row in by_key.values():
            if row is not None:
                placeholders, values = bound(recorded.written(row))
                cursor.execute(recorded.insert_one(schema, placeholders), values)


def _with_placeholders(statement: str, placeholders: list[str]) -> str:
    """The statement with other placeholders; as it is, usually."""
    if "CAST(? AS TEXT)" not in placeholders:
        return statement
    head, *rest = statement.split(" = ?")
    return head + "".join(f" = {each}{more}" for each, more in zip(placeholders, rest, strict=True))
