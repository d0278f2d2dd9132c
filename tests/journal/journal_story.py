"""Random histories on a journal, for every kind of database: steps to draw, and who acts them out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from kailash_testkit.errors import DatabaseBusy
from kailash_testkit.journal.interface import Journal, Mark

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
    kinds = ["run"] * 30 + ["mark"] * 4 + ["undo"] * 2 + ["alter", "begin", "end", "end", "look"]
    return st.lists(st.sampled_from(kinds).flatmap(by_kind.__getitem__), min_size=30, max_size=50)


class Story:
    """Acts out steps; an application's failing statement is part of the story.

    run: runs a statement on the first or the second connection. in_transaction: whether the second is in one.
    """

    def __init__(
        self,
        journal: Journal,
        run: Callable[[int, str], object],
        in_transaction: Callable[[], bool],
        refused: type[Exception],
    ) -> None:
        self.journal = journal
        self._run = run
        self._in_transaction = in_transaction
        self._refused = refused
        self.marks: list[tuple[Mark, str]] = [(journal.mark(), journal.fingerprint())]

    def act(self, history: list[Step]) -> None:
        """All steps; at the end an undo of what is left, first after a commit and then back to the beginning."""
        for name, *arguments in [*history, ("undo", 0, "COMMIT"), ("undo", 50, "ROLLBACK")]:
            getattr(self, name)(*arguments)

    def run(self, app: int, sql: str) -> None:
        with contextlib.suppress(self._refused):
            self._run(app, sql)

    def begin(self) -> None:
        self.run(1, "BEGIN")

    def end(self, how: str) -> None:
        self.run(1, how)

    def mark(self) -> None:
        try:
            mark = self.journal.mark()
            self.marks.append((mark, self.journal.fingerprint()))
        except DatabaseBusy:  # the schema was or is being changed and the other connection holds the lock
            assert self._in_transaction()

    def look(self) -> None:
        changes = self.journal.changes(self.marks[-1][0])
        assert [change.seq for change in changes] == sorted({change.seq for change in changes})

    def undo(self, depth: int, how: str) -> None:
        del self.marks[len(self.marks) - min(depth, len(self.marks) - 1) :]
        mark, fingerprint = self.marks[-1]
        try:
            self.journal.undo(mark)
        except DatabaseBusy:
            assert self._in_transaction()
            self.end(how)
            self.journal.undo(mark)
        assert self.journal.fingerprint() == fingerprint
        assert not self.journal.changes(mark)
