"""The triggers that record a table's changes.

Each table has a journal table with columns of the same types, so that values are kept bit by bit. A row of it
is one image: ``side`` tells whether the row was so before (`BEFORE`) or after (`AFTER`) the change ``seq``, or at
the start of recording (`BASE`). So an insert leaves one image, a delete one, an update two.

``seq`` comes from ``UUID_SHORT()``: a counter of the server that only rises, common to all tables, that neither
makes writers wait for each other nor touches the application's ``LAST_INSERT_ID()``. A trigger runs while the
changed row is locked, so for each row the order of ``seq`` is the order of commits.

``mark`` is the number of the first mark at which the change was visible (`UNSEEN` before any). InnoDB cannot be asked
which transactions a moment saw, and positions do not tell: a transaction that began before a mark and commits after
it has recorded at lower positions than others. So `mark` writes down what it saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from kailash_testkit.databases.mysql.connection import Connection, quoted
from kailash_testkit.databases.mysql.driver import NO_SUCH_COLUMN, NO_SUCH_TABLE
from kailash_testkit.databases.mysql.journal.catalog import Table
from kailash_testkit.databases.mysql.journal.schema import Trigger
from kailash_testkit.databases.mysql.naming import JOURNAL_PREFIX

BEFORE, AFTER, BASE = 0, 1, 2  # in this order: see `undo.rewrite_statements`
#: The side of the first row of each journal, which is no image: where it is gone, somebody emptied the journal.
FIRST: Final = 3
UNSEEN: Final = 4294967295
#: Set on the kit's connection while it puts rows back: nothing is recorded then.
QUIET: Final = "@dataflow_testkit_quiet"
_EVENTS: Final = {"insert": [(AFTER, "NEW")], "update": [(BEFORE, "OLD"), (AFTER, "NEW")], "delete": [(BEFORE, "OLD")]}


class RecordedTable:
    """One table as recorded from one moment on. ``number`` is part of the names of all that belongs to it.

    begun_after: the number of the last mark before recording began; base: the position at which it did.
    ended_after: the number of the last mark before it ended, None while it goes on.
    """

    def __init__(self, number: int, table: Table) -> None:
        self.number = number
        self.table = table
        self.name = quoted(table.name)
        self.journal = f"{JOURNAL_PREFIX}{number}"
        self._by_event = {event: f"{self.journal}_{event}" for event in _EVENTS}
        self._counting = f"{self.journal}_before" if table.indexed and not table.key else None
        self.triggers = {*self._by_event.values(), *filter(None, [self._counting])}
        self.begun_after = -1
        self.base = 0
        self.ended_after: int | None = -1
        self.slots = [f"c{place}" for place in range(len(table.columns))]
        written = [place for place, column in enumerate(table.columns) if column.writable]
        self.written = ", ".join(quoted(table.columns[place].name) for place in written)
        self.written_slots = ", ".join(self.slots[place] for place in written)

    def create_journal(self, connection: Connection) -> None:
        """Make the journal table."""
        selected = ", ".join(
            f"{quoted(column.name)} AS {slot}" for column, slot in zip(self.table.columns, self.slots, strict=True)
        )
        connection.run(
            f"CREATE TABLE {self.journal} (mark INT UNSIGNED NOT NULL DEFAULT {UNSEEN}, "
            "seq BIGINT UNSIGNED NOT NULL DEFAULT 0, side TINYINT NOT NULL DEFAULT 0, PRIMARY KEY (mark, seq, side)) "
            f"ENGINE = InnoDB ROW_FORMAT = DYNAMIC SELECT {selected} FROM {self.name} LIMIT 0"
        )
        connection.run(f"INSERT INTO {self.journal} (mark, seq, side) VALUES (0, 0, {FIRST})")

    def create_triggers(self, connection: Connection, others: Iterable[Trigger]) -> None:
        """Start recording; a change comes before those that the application's triggers make of it.

        others: all triggers there are, in the order in which they fire.
        """
        first: dict[str, str] = {}
        for other in others:
            if other.table == self.table.name and other.timing == "AFTER":
                first.setdefault(other.event, f"PRECEDES {quoted(other.name)}")
        if self._counting:
            connection.run(
                f"CREATE TRIGGER {self._counting} BEFORE UPDATE ON {self.name} FOR EACH ROW "
                f"SET @{self._counting} = {self._number_like_the_old}"
            )
        for event, name in self._by_event.items():
            images = ", ".join(f"(now_seq, {side}, {self._values(row)})" for side, row in _EVENTS[event])
            look = f"SET really = {self._really_updated()};" if event == "update" and self.table.indexed else ""
            if look:  # where somebody renamed the table or a column, the journal is of no use to an undo anyway
                missing = f"DECLARE CONTINUE HANDLER FOR {NO_SUCH_TABLE}, {NO_SUCH_COLUMN} SET really = TRUE"
                look = f"BEGIN {missing}; {look} END;"
            connection.run(
                f"CREATE TRIGGER {name} AFTER {event.upper()} ON {self.name} FOR EACH ROW "
                f"{first.get(event.upper(), '')} BEGIN "
                f"DECLARE now_seq BIGINT UNSIGNED DEFAULT UUID_SHORT(); DECLARE really BOOLEAN DEFAULT TRUE; "
                f"IF {QUIET} IS NULL THEN {look} IF really THEN "
                f"INSERT INTO {self.journal} (seq, side, {', '.join(self.slots)}) VALUES {images}; "
                "END IF; END IF; END"
            )

    def _really_updated(self) -> str:
        """MariaDB fires also for a row that UPDATE IGNORE leaves alone: its new key is taken, or refers to none."""
        indexed = [quoted(self.table.columns[place].name) for place in self.table.indexed]
        same = " AND ".join(f"OLD.{name} <=> NEW.{name}" for name in indexed)
        if self.key:
            names = [name for name, _ in self.key] + indexed
            still = " AND ".join(f"{self.name}.{name} <=> OLD.{name}" for name in names)
            return f"({same} OR NOT EXISTS (SELECT 1 FROM {self.name} WHERE {still}))"
        return f"({same} OR {self._number_like_the_old} < @{self._counting})"

    @property
    def _number_like_the_old(self) -> str:
        """How many rows equal the one that is updated, for tables where nothing tells it from them."""
        names = [quoted(column.name) for column in self.table.columns]
        like = " AND ".join(f"{self.name}.{name} <=> OLD.{name}" for name in names)
        return f"(SELECT count(*) FROM {self.name} WHERE {like})"

    def drop_triggers(self, connection: Connection) -> None:
        """Stop recording."""
        for name in self.triggers:
            connection.run(f"DROP TRIGGER IF EXISTS {name}")

    def _values(self, row: str) -> str:
        return ", ".join(f"{row}.{quoted(column.name)}" for column in self.table.columns)

    def record_base(self, connection: Connection, mark: int) -> None:
        """Write down the rows there are; nobody else may be writing."""
        columns = ", ".join(quoted(column.name) for column in self.table.columns)
        connection.run(
            f"INSERT INTO {self.journal} (mark, seq, side, {', '.join(self.slots)}) "
            f"SELECT {mark}, UUID_SHORT(), {BASE}, {columns} FROM {self.name}"
        )
        self.begun_after = mark
        ((self.base,),) = connection.run("SELECT UUID_SHORT()")

    @cached_property
    def key(self) -> list[tuple[str, str]]:
        """Column and slot of each part of the key."""
        return [(quoted(self.table.columns[place].name), self.slots[place]) for place in self.table.key]

    def cascaded(self, connection: Connection, mark: int, since: int, referenced: Sequence[int]) -> tuple[bool, bool]:
        """Whether rows were deleted, and whether one of these columns was updated, after ``mark`` and ``since``."""
        values = [exact_value(f"c{place}", self.table.columns[place].kind) for place in referenced]
        moved = " OR ".join(
            f"NOT max(IF(side = {BEFORE}, {value}, NULL)) <=> max(IF(side = {AFTER}, {value}, NULL))"
            for value in values
        )
        # Not a join of the journal with itself: see `history.marks_query`.
        ((deleted, updated),) = connection.run(
            "SELECT max(had AND NOT has), max(had AND has AND moved) FROM ("
            f"SELECT max(side = {BEFORE}) AS had, max(side = {AFTER}) AS has, ({moved}) AS moved FROM {self.journal} "
            f"WHERE side < {BASE} AND mark > {mark} AND seq > {since} GROUP BY mark, seq) AS steps"
        )
        return bool(deleted), bool(updated)

    def exact(self, columns: Sequence[str]) -> str:
        """An expression for the row that differs where any bit does."""
        parts = [
            f"ifnull(hex({exact_value(name, column.kind)}), '-')"
            for name, column in zip(columns, self.table.columns, strict=True)
        ]
        return f"md5(concat_ws(',', {', '.join(parts)}))"


def exact_value(expression: str, kind: str) -> str:
    """The value as bytes. A FLOAT is shown with six digits, unless it is first made a DOUBLE, which it fits."""
    return f"CAST({all_digits(expression, kind)} AS BINARY)"


def all_digits(expression: str, kind: str) -> str:
    """The value itself, but for a FLOAT, which would be sent with six digits, the DOUBLE that it equals."""
    return f"CAST({expression} AS DOUBLE)" if kind == "float" else expression
