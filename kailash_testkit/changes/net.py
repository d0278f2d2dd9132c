"""Net changes: what a series of recorded changes amounts to, row by row, in model terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.models import Model
from kailash_testkit.models.equality import identical
from kailash_testkit.models.model import MANAGED, TOMBSTONE
from kailash_testkit.models.rows import Row

Kind = Literal["created", "updated", "deleted"]

TENANT: Final = "tenant_id"
"""The column that says whose a row is, where models have tenants."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one row: ``before`` is None for a created row, ``after`` for a deleted one.

    model: the model's name, or the table's where no model has it. soft: a deletion that left the row
    in its table with ``deleted_at`` set; it has both ``before`` and ``after``.
    """

    model: str
    kind: Kind
    id: object
    before: Row | None
    after: Row | None
    soft: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that differ: all of them for a created or deleted row."""
        return _differing(self.before, self.after)

    @property
    def reported_columns(self) -> tuple[str, ...]:
        """The columns that differ and are worth reporting: without those that DataFlow sets by itself."""
        quiet = {*MANAGED, TOMBSTONE} if self.soft else MANAGED
        return tuple(name for name in self.columns if name not in quiet)

    @property
    def is_reported(self) -> bool:
        """Whether it is worth reporting: an update of ``updated_at`` alone is not."""
        return self.kind != "updated" or bool(self.reported_columns)


def _differing(before: Row | None, after: Row | None) -> tuple[str, ...]:
    if before is None or after is None:
        row = before or after
        return tuple(row.as_dict()) if row is not None else ()
    old, new = before.as_dict(), after.as_dict()
    names = dict.fromkeys([*old, *new])
    return tuple(name for name in names if name not in old or name not in new or not identical(old[name], new[name]))


def net_changes(recorded: Iterable[RecordedChange], models: Mapping[str, Model]) -> list[Change]:
    """The net effect of recorded changes, in the order in which each row was first touched.

    An insert that was deleted again and an update that was taken back are nothing. An update of the
    key is a deletion and a creation. Updates of ``updated_at`` alone are among them, see `Change.is_reported`.
    models: by table name.
    """
    touched: dict[tuple[str, tuple[object, ...]], _History] = {}
    for change in recorded:
        for key, before, after in _steps(change):
            place = (change.table, key)
            history = touched.get(place)
            if history is None:
                touched[place] = _History(before, after)
            else:
                history.after = after
    changes = [_change(table, key, history, models.get(table)) for (table, key), history in touched.items()]
    return [change for change in changes if change is not None]


@dataclass(slots=True)
class _History:
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


_Step = tuple[tuple[object, ...], Mapping[str, object] | None, Mapping[str, object] | None]


def _steps(change: RecordedChange) -> list[_Step]:
    if change.kind == "update" and change.key != change.new_key:
        return [(change.key, change.before, None), (change.new_key, None, change.after)]
    return [(change.key, change.before, change.after)]


def _change(table: str, key: tuple[object, ...], history: _History, model: Model | None) -> Change | None:
    before = _row(table, history.before, model)
    after = _row(table, history.after, model)
    if before is None and after is None:
        return None
    row_id = (after or before).as_dict().get("id", key[0] if len(key) == 1 else key)  # type: ignore[union-attr]
    name = model.name if model else table
    if before is None or after is None:
        return Change(name, "created" if before is None else "deleted", row_id, before, after)
    soft = model is not None and model.soft_delete and _became_tombstone(before, after)
    change = Change(name, "deleted" if soft else "updated", row_id, before, after, soft)
    return change if change.columns else None


def _row(table: str, values: Mapping[str, object] | None, model: Model | None) -> Row | None:
    if values is None:
        return None
    return Row.decoded(model, values) if model else Row(table, values)


def _became_tombstone(before: Row, after: Row) -> bool:
    return before.as_dict().get(TOMBSTONE) is None and after.as_dict().get(TOMBSTONE) is not None
