"""A database that cannot go back by its journal is made again: from what this process knows of the states in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kailash_testkit.databases import Database
from kailash_testkit.databases.journal import Journal, KnownState, Mark
from kailash_testkit.errors import DatabaseBusy, IsolationFailed
from kailash_testkit.isolation.levels import Level


def known_state(journal: Journal, mark: Mark, below: Mark | None) -> KnownState:
    """What is to be known of the state of a mark, which has just been taken. below: the mark of the state before."""
    is_whole = below is None or bool(journal.gaps(below))
    return KnownState(mark, journal.keep_rows(None if is_whole else below), is_whole)


def make_again(database: Database, journal: Journal, levels: Sequence[Level]) -> None:
    """The database is what the last of the levels says, and all of them have new marks.

    Raises `IsolationFailed` where it is not the kit's to make again, and what a driver raises.
    """
    states = [level.known for level in levels if level.known is not None]
    if len(states) < len(levels) or not database.is_still_own():
        raise IsolationFailed(
            "the test database is not made again",
            why="it is not proved that the kit made it for this run",
            do="let the plugin give the tests a database, and leave the kit's tables in it alone",
        )
    try:
        marks = journal.begin_again(states)
    except DatabaseBusy:
        database.end_transactions()
        marks = journal.begin_again(states)
    database.mark_as_owned()
    for level, state, mark in zip(levels, states, marks, strict=True):
        level.mark, level.known = mark, replace(state, mark=mark)
