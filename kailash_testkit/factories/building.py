"""Builds one row's values: what was given, then the factory's defaults, then generated ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kailash_testkit.errors import CircularValues, MissingField
from kailash_testkit.factories.declarations import Declaration
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.values import generated
from kailash_testkit.models import Field, Model
from kailash_testkit.models.checking import checked_values
from kailash_testkit.models.model import MISSING, unknown_field

Kept = Callable[[Mapping[str, object]], Mapping[str, object]]


def build_values(model: Model, given: Mapping[str, object], number: Number, kept: Kept = dict) -> dict[str, object]:
    """All values that DataFlow needs for one row, checked; fields with a default of the model are left to it.

    kept: what the database's columns keep of values. Nobody asked for the microseconds of a ``datetime.now``
    that is a field's default, so a column without them is no difference.
    """
    values = _ValuesInTheMaking(model, given, number, kept)
    names = [name for name, field in model.writable.items() if name in given or _must_be_made(model, field)]
    undeclared = [name for name in given if name not in model.writable]
    return checked_values(model, {name: values[name] for name in [*names, *undeclared]})


def _must_be_made(model: Model, field: Field) -> bool:
    if not _known_before(model, field):
        return False
    if field.name == "id":
        return True
    # A callable default breaks CreateNode (kailash-dataflow 2.20.1), so the kit calls it.
    return field.required or callable(field.default)


def _known_before(model: Model, field: Field) -> bool:
    """Whether the field's value is known before the row is stored, and not set by DataFlow or the database."""
    if field.name == "id":
        return not model.id_is_automatic
    return not (model.tenant and field.name == "tenant_id")


class _ValuesInTheMaking:
    """Makes each value when it is first asked for, so that declarations may use each other's."""

    def __init__(self, model: Model, given: Mapping[str, object], number: Number, kept: Kept) -> None:
        self._model = model
        self._given = given
        self._number = number
        self._kept = kept
        self._made: dict[str, object] = {}
        self._making: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            if name in self._making:
                path = " -> ".join([*self._making[self._making.index(name) :], name])
                raise CircularValues(
                    f"derived values of {self._model.name} need each other: {path}",
                    do="give one of them a value of its own",
                )
            self._making.append(name)
            try:
                self._made[name] = self._make(name)
            finally:
                self._making.pop()
        return self._made[name]

    def _make(self, name: str) -> object:
        if name in self._given:
            value = self._given[name]
            return value.value(self._number, self) if isinstance(value, Declaration) else value
        field = self._model.writable.get(name)
        if name in self._model.columns and (field is None or not _known_before(self._model, field)):
            raise MissingField(
                f"{self._model.name}.{name} is not known while the row's values are made",
                why="it is set when the row is stored",
                do=f"give {name} a value of its own, or leave it out of what is derived"
                if field is not None
                else f"leave {name} out of what is derived",
            )
        if field is None:
            raise unknown_field(self._model, name, self._model.writable)
        if field.required or field.default is MISSING:
            return generated(self._model, field, self._number)
        return self._kept({name: field.default()})[name] if callable(field.default) else field.default
