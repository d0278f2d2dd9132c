"""`WriteLog`: which rows the verbs of a kit wrote, so that reports tell a test's own rows from the application's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from kailash_testkit.models.enums import enum_to_value

RecordedKind = Literal["insert", "update", "delete"]
"""As the journal names kinds of changes: softly deleted rows are updated."""

Write = tuple[RecordedKind, str, str]


class WriteLog:
    """The writes of the running test, counted by kind, table and id."""

    def __init__(self) -> None:
        self._writes: Counter[Write] = Counter()
        self._uncounted: list[tuple[RecordedKind, str, list[object]]] = []

    def note(self, kind: RecordedKind, table: str, ids: Iterable[object]) -> None:
        """Rows were written."""
        self._uncounted.append((kind, table, [*ids]))  # few ask, and never while rows are made

    def go_back(self, writes: Counter[Write] | None = None) -> None:
        """The rows are as they were when these writes were counted; None where the test had written none."""
        self._writes = Counter(writes or ())
        self._uncounted.clear()

    def counted(self) -> Counter[Write]:
        """How often each row was written, for the caller to change."""
        for kind, table, ids in self._uncounted:
            self._writes.update(write_of(kind, table, row_id) for row_id in ids)
        self._uncounted.clear()
        return self._writes.copy()


def write_of(kind: RecordedKind, table: str, row_id: object) -> Write:
    """The write as the log knows it: drivers return ids in types of their own."""
    return kind, table, str(enum_to_value(row_id))
