"""Checks values and ids that a test gives against a model, before anything runs.

Runtime inputs of a workflow are not coerced or checked by Kailash, so the kit does it.
"""

from __future__ import annotations

from collections.abc import Mapping

from kailash_testkit.errors import FieldTypeError, ManagedField
from kailash_testkit.models.model import TOMBSTONE, Model, unknown_field
from kailash_testkit.models.moments import Moments, moment_of
from kailash_testkit.models.types import TypeMismatchError, accept, is_nullable, type_name
from kailash_testkit.redaction import masked


def checked_values(model: Model, values: Mapping[str, object]) -> dict[str, object]:
    """``values`` in the types that the model declares.

    Raises `UnknownField`, `ManagedField` or `FieldTypeError` for the first value that cannot be stored.
    """
    return {name: _checked(model, name, value) for name, value in values.items()}


def _checked(model: Model, name: str, value: object) -> object:
    if name in model.times:
        return _checked_time(model, name, value)
    if name == "id" and name not in model.fields:
        raise ManagedField(
            f"{model.name}.id cannot be given",
            why="the model declares no id, so the database numbers its rows and DataFlow drops a given id",
            do="leave id out, or declare `id: int` (or `id: str`) in the model",
        )
    field = model.fields.get(name)
    if field is None:
        raise unknown_field(model, name, model.settable)
    if value is None and is_nullable(field.annotation) and field.required:
        raise FieldTypeError(
            f"{model.name}.{name} cannot be None",
            why=f"it is declared {type_name(field.annotation)} without a default; DataFlow makes that NOT NULL",
            do=f"give a value, or declare `{name}: {type_name(field.annotation)} = None`",
        )
    try:
        return accept(field.annotation, value)
    except TypeMismatchError as error:
        raise _type_error(model, name, value, error) from None


def _checked_time(model: Model, name: str, value: object) -> object:
    moment = moment_of(value) if isinstance(value, str) and model.columns[name] is str else value
    if isinstance(moment, Moments.datetime) or (value is None and name == TOMBSTONE):
        return moment
    shown = masked(name, value, model.name)
    raise FieldTypeError(
        f"wrong type for {model.name}.{name}: expected datetime, got {shown!r} ({type(value).__name__})",
        do="give a datetime, with or without a time zone; or write factory.aged(days=30)",
    )


def checked_id(model: Model, row_id: object) -> object:
    """``row_id`` when it can be an id of the model.

    Raises `FieldTypeError`: "7" is not the id 7, though DataFlow would quietly convert it.
    """
    annotation = model.columns["id"]
    try:
        return accept(annotation, row_id)
    except TypeMismatchError as error:
        raise _type_error(model, "id", row_id, error, "give row.id" if hasattr(row_id, "as_dict") else None) from None


def checked_operand(model: Model, name: str, value: object) -> object:
    """``value`` to compare a column with: of the column's type, or None."""
    annotation = model.column(name)
    if value is None:
        return value
    try:
        return accept(annotation, value)
    except TypeMismatchError as error:
        raise _type_error(model, name, value, error) from None


def _type_error(
    model: Model, name: str, value: object, error: TypeMismatchError, do: str | None = None
) -> FieldTypeError:
    shown = masked(name, value, model.name)
    # What is told of a secret is its type and fingerprint; the error has its text, perhaps of a part of it.
    expected = str(error)
    if repr(shown) != repr(value):
        expected = f"{type_name(model.columns[name])}, got {shown!r} ({type(value).__name__})"
    return FieldTypeError(
        f"wrong type for {model.name}.{name}: expected {expected}",
        do=do or f"give a value of type {type_name(model.columns[name])}",
    )
