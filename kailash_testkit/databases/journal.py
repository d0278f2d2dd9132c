"""The change journal as the rest of the kit sees it, whatever the database.

A journal is installed once per database. A mark is a state to come back to; marks nest like fixture
scopes do: whoever goes back to an outer mark thereby ends the marks that were taken after it.

A mark is opaque on purpose: a position alone does not tell before from after everywhere. On PostgreSQL
a transaction that began before a mark and committed after it has recorded at lower positions than others
that were committed before (tried on PostgreSQL 15: journal rows that carry their transaction's id, held
against the snapshot of the mark by ``pg_visible_in_snapshot``, are told apart exactly).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from kailash_testkit.errors import KitError

LOCK_WAIT: Final = 0.5
"""How long the kit waits for a lock unless told otherwise, in seconds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A state to come back to. Only the journal that made it can read it.

    number: marks of one journal are numbered in the order in which they were taken.
    """

    number: int


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """One row that was inserted, updated or deleted, as the database recorded it.

    seq: position in the journal; later changes have greater ones.
    table: the table's name.
    key: the values of the declared primary key, in its order; the database's own row number where
        the table declares none. For an update, the key before it.
    new_key: the key after the change; equal to ``key`` but for an update of the key itself.
    before, after: all columns by name with exactly the stored values (generated columns included);
        ``before`` is None for an insert, ``after`` is None for a delete.
    """

    seq: int
    table: str
    kind: Literal["insert", "update", "delete"]
    key: tuple[object, ...]
    new_key: tuple[object, ...]
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None

    def inverse(self) -> RecordedChange:
        """The change that takes this one back."""
        kinds: dict[str, Literal["insert", "update", "delete"]] = {"insert": "delete", "delete": "insert"}
        kind = kinds.get(self.kind, "update")
        return RecordedChange(self.seq, self.table, kind, self.new_key, self.key, self.after, self.before)


@dataclass(frozen=True, slots=True)
class KnownState:
    """A state as this process knows it, for when the journal in the database is lost.

    mark: that of the state. rows: gives all there were, as inserts, if ``is_whole``; else what led there from the
        state before.
    """

    mark: Mark
    rows: Callable[[], list[RecordedChange]]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What an undo did.

    method: "nothing" when nothing had changed, "journal" when the recorded changes were taken back,
        "saved state" when the state saved for the mark was put back as a whole.
    changes: how many journal entries lay after the mark; a change may have taken more than one.
    reasons: why the journal alone was not enough; empty unless ``method`` is "saved state".
    left: what was not put back, to be raised once the rest is: each is told once.
    """

    method: Literal["nothing", "journal", "saved state"]
    changes: int
    reasons: tuple[str, ...] = ()
    left: tuple[KitError, ...] = ()


class Journal(Protocol):
    """Records every change of a database's rows and takes them back exactly.

    Not for several threads at once. What the application does at the same time, on its own
    connections, is safe. Every method raises `DatabaseBusy` when an open transaction of someone
    else keeps the database locked for longer than its connection waits.
    """

    def install(self) -> None:
        """Start recording on all tables there are; an earlier journal's leftovers are replaced."""
        ...

    def refresh(self) -> None:
        """Start recording on tables made or altered since; `mark` does so itself."""
        ...

    def head(self) -> int:
        """The position of the last recorded change, 0 when there is none; takes microseconds."""
        ...

    def mark(self) -> Mark:
        """Remember the present state, as a state to come back to."""
        ...

    def moved(self, mark: Mark) -> bool:
        """Whether anything may have changed since ``mark``: False is certain, True is not."""
        ...

    def changes(self, since: Mark) -> list[RecordedChange]:
        """The changes recorded since the mark, in their order; see `gaps` for what it may lack."""
        ...

    def gaps(self, since: Mark) -> tuple[str, ...]:
        """Why `changes` cannot tell everything since the mark; empty when it does.

        An undo is exact with gaps as well: it then puts the saved state back.
        """
        ...

    def undo(self, mark: Mark) -> UndoReport:
        """Go back: rows, values, storage classes and auto-increment counters equal the mark's.

        One transaction; the application's connections stay open. ``mark`` remains valid, marks
        taken after it end. Changes that someone has not committed yet raise `DatabaseBusy`.
        """
        ...

    def replay(self, changes: Sequence[RecordedChange]) -> None:
        """Make recorded changes again, on the present state; they are recorded as new changes.

        One transaction. What the application's triggers did is among the changes; they do not fire again.
        Raises whatever the database raises for a change that does not fit the present state.
        """
        ...

    def keep_rows(self, since: Mark | None) -> Callable[[], list[RecordedChange]]:
        """Holds in this process what `begin_again` needs of the rows; none where the journal keeps them itself.

        since: what led from that mark to the present; without one all present rows, as inserts. It takes little memory
        until the result is called, which takes the connection.
        """
        ...

    def begin_again(self, states: Sequence[KnownState]) -> list[Mark]:
        """Make the database what it was in these states, one after the other, whatever became of the journal in it.

        For when `undo` cannot: it connects again, and relies on nothing but what this process knows. All marks end;
        returns those that stand for the same states now. states: the first one is whole.
        """
        ...

    def release(self, mark: Mark) -> None:
        """Forget the mark; its changes from now on belong to the enclosing one."""
        ...

    def fingerprint(self) -> str:
        """A hash over the schema, all rows with the exact type and bits of their values, and counters."""
        ...

    def close(self) -> None:
        """Free what the journal holds, its connection included; the database stays as it is."""
        ...
