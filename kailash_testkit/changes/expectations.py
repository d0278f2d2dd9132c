"""What a test expects to have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kailash_testkit.changes.net import TOMBSTONE, Change, Kind
from kailash_testkit.models.types import same
from kailash_testkit.redaction import fields, masked
from kailash_testkit.text import differing, truncate_repr

ANY_ID: Final = object()
"""The id of an expectation that names none."""


@dataclass(frozen=True, repr=False)
class Expectation:
    """One expected change. Values may be matchers: anything whose ``==`` decides, such as dirty-equals'."""

    kind: Kind
    model: str
    id: object = ANY_ID
    fields: Mapping[str, object] = field(default_factory=dict[str, object])

    def problems(self, change: Change) -> list[str]:
        """What keeps the change from being the expected one; empty when it is."""
        if self.concerns(change):
            return [*self._wrong_values(change), *self._extra_columns(change), *self._unasked(change)]
        return [f"it is {change.kind} {change.model} {change.id!r}"]

    def concerns(self, change: Change) -> bool:
        """Whether the change is of the expected kind, model and id, whatever its values."""
        return (
            (self.kind == change.kind or self._spells_out(change))
            and self.model == change.model
            and (self.id is ANY_ID or same(self.id, change.id))
        )

    def _spells_out(self, change: Change) -> bool:
        """Whether this describes a soft deletion by its columns, because it changed others as well."""
        return change.soft and self.kind == "updated" and TOMBSTONE in self.fields

    def _wrong_values(self, change: Change) -> list[str]:
        row = change.after or change.before
        columns = row.as_dict() if row is not None else {}
        return [
            "{}: expected {}, got {}".format(
                name, *differing(self._shown(name, expected), self._shown(name, columns[name]))
            )
            if name in columns
            else f"{name}: expected {truncate_repr(self._shown(name, expected))}, but there is no such column"
            for name, expected in self.fields.items()
            if name not in columns or not same(expected, columns[name])
        ]

    def _extra_columns(self, change: Change) -> list[str]:
        old, new = change.before, change.after
        if self.kind == "updated" and not self.fields:
            return []
        return [
            "{}: changed too, from {} to {}".format(
                name, *differing(self._shown(name, old[name]), self._shown(name, new[name]))
            )
            for name in change.reported_columns
            if name not in self.fields and old is not None and new is not None
        ]

    def _unasked(self, change: Change) -> list[str]:
        if change.is_reported or any(name in self.fields for name in change.columns):
            return []
        return [f"only {', '.join(change.columns)} changed"]

    def _shown(self, name: str, value: object) -> object:
        return masked(name, value, self.model)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        named = [] if self.id is ANY_ID else [repr(self.id)]
        named += [f"{name}={truncate_repr(value)}" for name, value in fields(self.fields, self.model).items()]
        return f"{self.kind} {self.model}({', '.join(named)})"


def _name(model: type | str) -> str:
    return model if isinstance(model, str) else model.__name__


def created(model: type | str, /, **fields: object) -> Expectation:
    """A row was created with these values; its other columns may hold anything."""
    return Expectation("created", _name(model), fields=fields)


def updated(model: type | str, row_id: object, /, **fields: object) -> Expectation:
    """The row was changed to these values and in no other column (`created_at`, `updated_at` aside).

    Without fields: it was changed, whatever the columns. With ``deleted_at`` among the fields it describes
    a soft deletion that changed other columns as well.
    """
    return Expectation("updated", _name(model), row_id, fields)


def deleted(model: type | str, row_id: object, /) -> Expectation:
    """The row was deleted; softly, it changed in no other column."""
    return Expectation("deleted", _name(model), row_id)
