"""`Session`: what somebody else is doing in the database under test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import sleep
from typing import Final

from kailash_testkit.concurrency import clocks
from kailash_testkit.errors import DatabaseBusy
from kailash_testkit.redaction import redact
from kailash_testkit.text import truncate_repr

_LOCK_PATIENCE: Final = 0.5  # seconds that a transaction is given to end
_LOOK_AGAIN: Final = 0.02  # seconds


@dataclass(frozen=True, slots=True)
class Session:
    """A connection to the database that is not the kit's own.

    number: the server's number for it (the pid of a PostgreSQL backend, the connection id of MariaDB).
    application: the name that the client gave, or its user and address.
    state: in the server's words, such as ``idle in transaction``.
    query: the last statement, None when the server does not tell.
    age: seconds since its transaction began; since its state changed when it is in none. None when the server does
        not tell.
    in_transaction: a transaction was begun and has not ended.
    holds_locks: that transaction keeps others from writing.
    blocks: the numbers of the sessions that wait for it.
    """

    number: int
    application: str
    state: str
    query: str | None
    age: float | None
    in_transaction: bool
    holds_locks: bool
    blocks: tuple[int, ...] = ()

    def __str__(self) -> str:
        locks = ", holding locks" if self.holds_locks else ""
        waiting = f", blocking {', '.join(map(str, self.blocks))}" if self.blocks else ""
        last = f", last statement {truncate_repr(redact(self.query))}" if self.query else ""
        since = f" for {self.age:.1f} s" if self.age is not None else ""
        return f"session {self.number} of {self.application}: {self.state}{since}{locks}{waiting}{last}"


def stays_true(condition: Callable[[], bool]) -> bool:
    """Whether the condition still holds after the moment that a transaction is given to end."""
    end = clocks.now() + _LOCK_PATIENCE
    while condition():
        if clocks.now() > end:
            return True
        sleep(_LOOK_AGAIN)
    return False


def in_the_way(sessions: Sequence[Session]) -> list[Session]:
    """Those who hold locks; where none does, those in a transaction."""
    holding = [session for session in sessions if session.holds_locks]
    return [session for session in holding or sessions if session.in_transaction]


def holders(sessions: Sequence[Session]) -> list[str]:
    """Those who are `in_the_way`, a line each."""
    return [str(session) for session in in_the_way(sessions)]


def busy(name: str, sessions: list[Session]) -> DatabaseBusy:
    """The error for a statement that waited in vain, naming those who may hold the lock."""
    holders = [session for session in sessions if session.holds_locks or session.blocks]
    return locked(name, [str(session) for session in holders or sessions], if_nobody=HAS_ENDED)


def locked(name: str, holders: Sequence[str], *, if_nobody: str = "") -> DatabaseBusy:
    """The error for a lock that was not had. if_nobody: what to add to the reason when no holder was found."""
    return DatabaseBusy(
        f"{name} is locked by an open transaction",
        details=holders,
        why="a transaction was begun and neither committed nor rolled back" + ("" if holders else if_nobody),
        do="end every transaction before the test ends: commit, roll back, or close the connection",
    )


HAS_ENDED: Final = "; it has ended just now"
"""What a server is asked too late."""
