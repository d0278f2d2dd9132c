"""Going back where somebody keeps the database locked: who that is, is ended by force, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from kailash_testkit.concurrency import clocks
from kailash_testkit.errors import DatabaseBusy, KitError

_NOBODYS: Final = 5.0  # seconds that a lock which nobody can be told to end is waited for


def settled_by_force(settle: Callable[[], None], end_transactions: Callable[[], list[str]]) -> list[str]:
    """Settles. Returns what had to be ended; where there is nobody to end, it waits longer. Raises `DatabaseBusy`."""
    ended = end_transactions()
    give_up = clocks.now() + _NOBODYS
    while True:
        try:
            settle()
            return ended
        except DatabaseBusy:
            if ended or clocks.now() > give_up:
                raise
            ended = end_transactions()


def after_force(
    left: Sequence[KitError],
    settle: Callable[[], None],
    end_transactions: Callable[[], list[str]],
    later: list[KitError],
) -> KitError | None:
    """The error for what a test left, where something was in the way of going back; that is ended by force first.

    later: where settling puts what it could not put back; taken over, so that it is told once. None where a worker of
    the server was in the way, as for autovacuum.
    """
    first, *others = left
    details = list(first.details)
    if isinstance(first, DatabaseBusy):
        details = settled_by_force(settle, end_transactions)
        others += later
        later.clear()
        if not details and not others:
            return None
    return together(first, details, others)


def together(first: KitError, details: list[str], others: Iterable[KitError]) -> KitError:
    """The first error with these details, and with what the others say."""
    lines = [line for other in others for line in (f"also: {other.what}", *other.details)]
    return type(first)(first.what, details=[*details, *lines], why=first.why, do=first.do)
