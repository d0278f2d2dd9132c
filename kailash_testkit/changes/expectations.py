"""What a test expects to have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from kailash_testkit.changes.net import TENANT, Change, Kind
from kailash_testkit.models.differences import differences, lines
from kailash_testkit.models.equality import identical, same
from kailash_testkit.models.model import TOMBSTONE
from kailash_testkit.redaction import fields, masked
from kailash_testkit.text import display

ANY_ID: Final = object()
"""The id of an expectation that names none."""


@dataclass(frozen=True, repr=False)
class Expectation:
    """One expected change. Values may be matchers: anything whose ``==`` decides, such as dirty-equals'.

    tenant: whose row it is; None where none is active, and where the fields say so themselves.
    """

    kind: Kind
    model: str
    id: object = ANY_ID
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    tenant: str | None = None

    def of_tenant(self, tenant: str | None) -> Expectation:
        """The same of a tenant's row, unless it names one."""
        return self if tenant is None or TENANT in self.fields else replace(self, tenant=tenant)

    def problems(self, change: Change) -> list[str]:
        """What keeps the change from being the expected one; empty when it is."""
        if self.concerns(change):
            return [
                *self._other_tenant(change),
                *self._wrong_values(change),
                *self._extra_columns(change),
                *self._unasked(change),
            ]
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

    def _other_tenant(self, change: Change) -> list[str]:
        row = change.after or change.before
        owner = None if row is None else row.as_dict().get(TENANT, self.tenant)
        if self.tenant is None or owner == self.tenant:
            return []
        return [f"{TENANT}: the row belongs to tenant {owner!r}, and the active tenant is {self.tenant!r}"]

    def _wrong_values(self, change: Change) -> list[str]:
        row = change.after or change.before
        columns = row.as_dict() if row is not None else {}
        wrong: list[str] = []
        for name, expected in self.fields.items():
            if name not in columns:
                wrong.append(f"{name}: expected {display(self._shown(name, expected))}, but there is no such column")
            elif not same(expected, columns[name]):
                places = differences(name, self._shown(name, expected), self._shown(name, columns[name]))
                wrong += lines(places, "{}: expected {}, got {}")
        return wrong

    def _extra_columns(self, change: Change) -> list[str]:
        old, new = change.before, change.after
        if (self.kind == "updated" and not self.fields) or old is None or new is None:
            return []
        found = [
            place
            for name in change.reported_columns
            if name not in self.fields
            for place in differences(name, self._shown(name, old[name]), self._shown(name, new[name]), identical)
        ]
        return lines(found, "{}: changed too, from {} to {}")

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
        named += [f"{name}={display(value)}" for name, value in fields(self.fields, self.model).items()]
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
