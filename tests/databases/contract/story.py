"""Random histories on a journal, for every kind of database: steps to draw, and who acts them out."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from journal_bench import Bench

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.errors import DatabaseBusy

Step = tuple[Any, ...]


def steps(statement: st.SearchStrategy[str], schema_change: st.SearchStrategy[str]) -> st.SearchStrategy[list[Step]]:
    """Histories of two connections, the second sometimes in a transaction, with marks and undos between."""
    by_kind: dict[str, st.SearchStrategy[Step]] = {
        "run": st.tuples(st.just("run"), st.integers(0, 1), statement),
        "alter": st.tuples(st.just("run"), st.integers(0, 1), schema_change),
        "begin": st.just(("begin",)),
        "end": st.tuples(st.just("end"), st.sampled_from(["COMMIT", "ROLLBACK"])),
        "mark": st.just(("mark",)),
        "look": st.just(("look",)),
        "undo": st.tuples(st.just("undo"), st.integers(0, 3), st.sampled_from(["COMMIT", "ROLLBACK"])),
    }
    kinds = ["run"] * 30 + ["mark"] * 4 + ["undo"] * 2 + ["alter", "begin", "end", "end"] + ["look"] * 3
    return st.lists(st.sampled_from(kinds).flatmap(by_kind.__getitem__), min_size=30, max_size=50)


class Theatre:
    """A database with a journal and two connections of an application.

    in_order: the journal tells a row's changes in the order in which they were made, also where triggers change it
    again.
    """

    in_order: bool

    def __init__(self, bench: Bench, apps: list[Any]) -> None:
        self.bench, self.journal, self.refused, self.apps = bench, bench.journal, bench.refused, apps

    def run(self, app: int, sql: str) -> object:
        return self.bench.run(sql, on=self.apps[app])

    def is_in_transaction(self) -> bool:
        """Whether the second connection is in one."""
        raise NotImplementedError

    def rows(self) -> Counter[str]:
        """All rows with their tables, as committed by now."""
        raise NotImplementedError

    def rows_of(self, change: RecordedChange) -> tuple[str | None, str | None]:
        """The row before and after the change, as `rows` shows them."""
        raise NotImplementedError


def named(table: str, row: Mapping[str, object] | None) -> str | None:
    """A row with its table; None for no row."""
    return None if row is None else f"{table} {dict(row)!r}"


class Story:
    """Acts out steps; an application's failing statement is part of the story."""

    def __init__(self, theatre: Theatre) -> None:
        self.theatre = theatre
        self.journal = theatre.journal
        self.marks = [(self.journal.mark(), self.journal.fingerprint(), theatre.rows())]

    def act(self, history: list[Step]) -> None:
        """All steps; at the end an undo of what is left, and then of everything."""
        for name, *arguments in [*history, ("undo", 0, "COMMIT"), ("undo", len(history), "ROLLBACK")]:
            getattr(self, name)(*arguments)

    def run(self, app: int, sql: str) -> None:
        with contextlib.suppress(self.theatre.refused):
            self.theatre.run(app, sql)

    def begin(self) -> None:
        self.run(1, "BEGIN")

    def end(self, how: str) -> None:
        self.run(1, how)

    def mark(self) -> None:
        try:
            self.marks.append((self.journal.mark(), self.journal.fingerprint(), self.theatre.rows()))
        except DatabaseBusy:  # the schema was or is being changed and the other connection holds the lock
            assert self.theatre.is_in_transaction()

    def look(self) -> None:
        mark, _, rows = self.marks[-1]
        head = self.journal.head()
        changes = self.journal.changes(mark)
        assert [change.seq for change in changes] == sorted({change.seq for change in changes})
        assert all(change.seq <= head for change in changes)
        try:
            if not self.journal.gaps(mark):
                assert +self._changed(rows, changes) == self.theatre.rows()
        except DatabaseBusy:
            assert self.theatre.is_in_transaction()

    def _changed(self, rows: Counter[str], changes: list[RecordedChange]) -> Counter[str]:
        rows = rows.copy()
        for change in changes:
            before, after = self.theatre.rows_of(change)
            rows.subtract([before] if before is not None else [])
            rows.update([after] if after is not None else [])
            assert not self.theatre.in_order or min(rows.values()) >= 0  # no change of a row that was not there
        return rows

    def undo(self, depth: int, how: str) -> None:
        del self.marks[len(self.marks) - min(depth, len(self.marks) - 1) :]
        mark, fingerprint, _ = self.marks[-1]
        try:
            self.journal.undo(mark)
        except DatabaseBusy:
            assert self.theatre.is_in_transaction()
            self.end(how)
            self.journal.undo(mark)
        assert self.journal.fingerprint() == fingerprint
        assert not self.journal.changes(mark)
