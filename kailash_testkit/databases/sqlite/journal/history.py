"""The history: all steps since the oldest mark, and the changes that they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Final, Literal

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.sqlite.journal.retracing import Step, Touched, identity, key_of, retraced
from kailash_testkit.databases.sqlite.journal.triggers import RecordedTable
from kailash_testkit.databases.sqlite.journal.values import Row

_AT_ONE_POSITION: Final = 100
"""Far more than a table has unique keys."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A step in the history. at: how far the image had come when it had taken the step.

    image: which copy of the database took it, told apart by identity; None if none did.
    """

    step: Step
    seq: int
    at: int
    image: object | None


def numbered(position: int) -> int:
    """The greatest number of a change at a journal position.

    One row of the journal may tell of several changes: those of the rows that REPLACE removed come first.
    """
    return position * _AT_ONE_POSITION


@dataclass
class History:
    """All steps since the oldest mark, in their order."""

    _entries: list[_Entry] = field(default_factory=list["_Entry"])

    def add(self, touched: Iterable[Touched], image: object | None, at: int) -> None:
        """What happened to the rows until position ``at``."""
        by_position = attrgetter("position")
        steps = sorted((step for each in touched for step in retraced(each)), key=by_position)
        for position, together in groupby(steps, by_position):
            several = list(together)
            for nth, step in enumerate(several, start=1):
                self._entries.append(_Entry(step, numbered(position) - len(several) + nth, at, image))

    def cut(self, position: int) -> None:
        """Forget what happened after ``position``."""
        self._entries = [entry for entry in self._entries if entry.at <= position]

    def forget(self, position: int) -> None:
        """Forget what happened until ``position``: no mark is older."""
        self._entries = [entry for entry in self._entries if entry.at > position]

    def changes(self, position: int) -> list[RecordedChange]:
        """What happened after ``position``."""
        return [_change(entry) for entry in self._entries if entry.at > position]

    def rows_at(self, position: int, image: object) -> dict[RecordedTable, dict[Row, Row | None]]:
        """The rows, by key, that the image's steps after ``position`` changed: as they were then."""
        found: dict[RecordedTable, dict[Row, Row | None]] = {}
        folded: dict[tuple[RecordedTable, Row], Row] = {}
        for entry in self._entries:
            if entry.at > position and entry.image is image:
                recorded = entry.step.recorded
                for row, was in ((entry.step.before, entry.step.before), (entry.step.after, None)):
                    if row is not None:
                        key = key_of(recorded, row)
                        if folded.setdefault((recorded, identity(recorded, key)), key) is key:
                            found.setdefault(recorded, {}).setdefault(key, was)
        return found


def _change(entry: _Entry) -> RecordedChange:
    step = entry.step
    table = step.recorded.table
    kind: Literal["insert", "update", "delete"] = "update"
    if step.before is None or step.after is None:
        kind = "insert" if step.before is None else "delete"
    first, last = step.before or step.after or (), step.after or step.before or ()
    return RecordedChange(
        seq=entry.seq,
        table=table.name,
        kind=kind,
        key=tuple(first[i] for i in table.declared_key),
        new_key=tuple(last[i] for i in table.declared_key),
        before=_by_name(step.recorded, step.before),
        after=_by_name(step.recorded, step.after),
    )


def _by_name(recorded: RecordedTable, row: Row | None) -> Mapping[str, object] | None:
    if row is None:
        return None
    hidden = int(recorded.table.has_hidden_rowid)
    return {column.name: value for column, value in zip(recorded.table.columns[hidden:], row[hidden:], strict=True)}
