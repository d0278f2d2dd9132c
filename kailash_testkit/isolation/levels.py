"""The states that a sandbox returns to, and rows that are set apart until they become one."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from kailash_testkit.databases.journal import Journal, KnownState, Mark, RecordedChange
from kailash_testkit.errors import DatabaseBusy, IsolationFailed

KEPT: Final = "a test that keeps its rows"
"""The owner of rows that stay for good."""


@dataclass
class Level:
    """A state to return to: that in which ``owner`` left the database.

    known: the state for when the journal is lost; None for a database that is not made again. proof: its fingerprint,
    if asked for.
    """

    owner: object
    mark: Mark
    known: KnownState | None
    proof: str | None = None


@dataclass
class Detached:
    """Rows of a wider owner that are to become a level of their own: written again once the others' are gone."""

    owner: object
    changes: list[RecordedChange]


@dataclass(frozen=True)
class State:
    """A state within a test. returns: how often the sandbox had gone back to a level until then."""

    mark: Mark
    returns: int


@contextmanager
def kept_apart(owner: object) -> Generator[None, None, None]:
    """A block that writes an owner's rows apart from a test's. Raises `IsolationFailed` where they cannot be."""
    try:
        yield
    except DatabaseBusy:
        raise
    except Exception as error:  # whatever the database says to a change that does not fit
        raise IsolationFailed(
            f"the rows that {owner} wrote cannot be kept apart from a test's",
            why=f"they were written after the test's own rows and depend on them: {error}",
            do="let the test request the fixture as an argument, so that it is set up first",
        ) from error


def between(journal: Journal, since: Mark, until: Mark) -> list[RecordedChange]:
    """What was written between two marks."""
    later = {change.seq for change in journal.changes(until)}
    return [change for change in journal.changes(since) if change.seq not in later]


def take_out(journal: Journal, since: Mark, until: Mark) -> list[RecordedChange]:
    """Takes back what was written between two marks, and leaves what came later."""
    changes = between(journal, since, until)
    journal.replay([change.inverse() for change in reversed(changes)])
    return changes


def make_way(journal: Journal, levels: Sequence[Level], lowest: int, ended: Sequence[object]) -> list[Detached]:
    """The top level changed the schema, which cannot be made again: what is below it, from ``lowest`` on, goes instead.

    Returns those rows whose owners live, to be written again.
    """
    kept = [
        Detached(levels[index].owner, between(journal, levels[index - 1].mark, levels[index].mark))
        for index in range(lowest, len(levels) - 1)
        if levels[index].owner not in ended
    ]
    with kept_apart(levels[-1].owner):
        take_out(journal, levels[lowest - 1].mark, levels[-2].mark)
    return kept


def not_restored() -> IsolationFailed:
    """The error for a state whose proof differs after an undo."""
    return IsolationFailed(
        "an undo did not restore the database exactly",
        why="its fingerprint differs from that of the state to return to",
        do="please report this, with the statements that the test ran",
    )
