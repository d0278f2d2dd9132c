"""Values that must be unique and are not: refused before the second row is stored, with both rows' numbers.

The database would refuse them as well, in words that name neither. Compared are the rows of one call, and those that
factories made before in the same test or fixture, as long as they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from kailash_testkit.errors import KitError, SeedingFailed
from kailash_testkit.factories.declarations import Declaration
from kailash_testkit.factories.numbering import Numbering, current
from kailash_testkit.factories.planning import PlannedRow
from kailash_testkit.models import Model
from kailash_testkit.models.enums import enum_to_value
from kailash_testkit.models.model import MISSING
from kailash_testkit.models.rows import values_of
from kailash_testkit.redaction import fields
from kailash_testkit.store.failures import in_batch, shown_values
from kailash_testkit.store.store import Store
from kailash_testkit.text import comma_join, display

Key = tuple[str, tuple[str, ...], tuple[object, ...]]
"""A model, fields that are unique together, and their values."""

_MOST_KNOWN: Final = 20_000


class _Made(NamedTuple):
    """A row that a factory made: its number, and its id where it is stored."""

    number: str
    row_id: object = None


_made: WeakKeyDictionary[Numbering, WeakKeyDictionary[Store, dict[Key, _Made]]] = WeakKeyDictionary()


def refuse_duplicates(batch: Sequence[PlannedRow], values: Sequence[Mapping[str, object]]) -> None:
    """Raises `SeedingFailed` where two rows of a model have the same value of a field that it declares unique."""
    known = _known(batch[0].store)
    seen: dict[Key, _Made] = {}
    for place, (row, each) in enumerate(zip(batch, values, strict=True)):
        for key in _keys(row.model, each):
            other = seen.get(key) or _still_stored(row, key, known.get(key))
            if other is not None:
                error: KitError = _duplicate(row, each, key, other)
                raise in_batch(error, place, len(batch)) if len(batch) > 1 else error
            seen[key] = _Made(row.number.text)


def note_stored(batch: Sequence[PlannedRow]) -> None:
    """Remembers the unique values of rows that are stored now."""
    known = _known(batch[0].store)
    if len(known) > _MOST_KNOWN:
        known.clear()
    for row in batch:
        if row.stored is not None:
            stored = values_of(row.stored)
            for key in _keys(row.model, stored):
                known[key] = _Made(row.number.text, stored["id"])


def _known(store: Store) -> dict[Key, _Made]:
    of_scope = _made.get(current())
    if of_scope is None:
        of_scope = _made[current()] = WeakKeyDictionary()
    known = of_scope.get(store)
    if known is None:
        known = of_scope[store] = {}
    return known


def _keys(model: Model, values: Mapping[str, object]) -> list[Key]:
    found: list[Key] = []
    for ordered in model.unique_together:
        held = tuple([_value(model, name, values) for name in ordered])
        if None not in held:  # which is unknown, or NULL: two of these differ
            key = model.name, ordered, held
            try:
                hash(key)
            except TypeError:  # a list or a dict
                continue
            found.append(key)
    return found


def _value(model: Model, name: str, values: Mapping[str, object]) -> object:
    """The value as it is stored; None where it is not known before that."""
    if name in values:
        return enum_to_value(values[name])
    field = model.fields.get(name)
    default = MISSING if field is None else field.default
    return None if default is MISSING or callable(default) else enum_to_value(default)


def _still_stored(row: PlannedRow, key: Key, made: _Made | None) -> _Made | None:
    """The row that was made before, where it still has these values."""
    stored = None if made is None else row.store.stored(row.model, made.row_id)
    return made if stored is not None and key in _keys(row.model, values_of(stored)) else None


def _duplicate(row: PlannedRow, values: Mapping[str, object], key: Key, other: _Made) -> SeedingFailed:
    model, (_, names, held) = row.model, key
    shown = fields(dict(zip(names, held, strict=True)), model.name)
    same = comma_join(f"{model.name}.{name} {display(value)}" for name, value in shown.items())
    made_by = [
        f"{model.name}.{name} is made by {declared.kind}(...) at {declared.declared_at}"
        for name, declared in {**row.definition.all_defaults(), **row.given}.items()
        if name in names and isinstance(declared, Declaration) and declared.kind
    ]
    return SeedingFailed(
        f"{model.name} was not stored: rows {other.number} and {row.number.text} have the same {same}",
        details=[
            *([] if other.row_id is None else [f"row {other.number} is stored: id {other.row_id!r}"]),
            *shown_values(model, values),
            *made_by,
        ],
        why="no two rows have the same id"
        if names == ("id",)
        else f"the model declares {' and '.join(names)} unique{', together' if len(names) > 1 else ''}",
        do="give one of them another value; what a sequence's function makes must differ for each number"
        if made_by
        else "give one of them another value, or none, so that the factory makes one",
    )
