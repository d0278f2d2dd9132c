"""A database that cannot go back by its journal is made again: from what this process knows of the states in it."""

from __future__ import annotations

from collections.abc import Sequence

from kailash_testkit.databases import Database
from kailash_testkit.databases.journal import Journal, Mark, RecordedChange
from kailash_testkit.errors import DatabaseBusy, IsolationFailed
from kailash_testkit.isolation.levels import Level


def make_again(database: Database, journal: Journal, levels: Sequence[Level]) -> None:
    """The database is what the last of the levels says, and their marks are new ones.

    Raises `IsolationFailed` where that cannot be known, or where the database is not the kit's any more; and what a
    driver raises.
    """
    unknown = next((level for level in levels if level.rows is None), None)
    if unknown is not None:
        raise IsolationFailed(
            f"what {unknown.owner} left in the database cannot be made again",
            why="more than rows was changed: the schema as well",
            do="run the other tests without the test that destroyed the journal",
        )
    if not database.is_still_own():
        raise IsolationFailed(
            "the database is not made again",
            why="it is not proved any more that the kit made it",
            do="leave the database itself, and the kit's tables in it, alone in tests",
        )
    base, *wider = levels
    try:
        journal.begin_again(base.mark, base.rows or [])
    except DatabaseBusy:
        database.end_transactions()
        journal.begin_again(base.mark, base.rows or [])
    database.mark_as_owned()
    base.mark = journal.mark()
    for level in wider:
        journal.replay(level.rows or [])
        level.mark = journal.mark()


def rows_of_level(journal: Journal, below: Mark | None) -> list[RecordedChange] | None:
    """What `Level.rows` holds of the present state. below: the mark of the level below, None for the base state."""
    if below is None:
        return journal.rows_to_keep()
    return None if journal.gaps(below) else journal.changes(below)
