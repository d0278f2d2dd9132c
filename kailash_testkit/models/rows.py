"""`Row`: one stored row, immutable, its values in the types that the model declares."""

from __future__ import annotations

import base64
import enum
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, NoReturn, cast, dataclass_transform

from kailash_testkit.models import Model
from kailash_testkit.models.types import same
from kailash_testkit.redaction import fields
from kailash_testkit.text import closest_match, comma_join, truncate_repr

_SHOWN_COLUMNS = 8


class BaseRow:
    """What all rows have whatever their model: the part of `Row` that names no column."""

    __slots__ = ("_model", "_values")
    _model: str
    _values: Mapping[str, object]

    def __init__(self, model: str, values: Mapping[str, object], /) -> None:
        object.__setattr__(self, "_model", model)
        object.__setattr__(self, "_values", dict(values))

    def __contains__(self, name: object, /) -> bool:
        return name in self._values

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(
            f"{self._model} row is immutable: {name} cannot be set. To change the stored row, use "
            f"await kit.update({self._model}, {self._values.get('id')!r}, {name}=...)"
        )

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self._model} row is immutable: {name} cannot be deleted")

    def as_dict(self) -> dict[str, Any]:
        """All columns and their values, in a new dict."""
        return dict(self._values)

    def as_json(self) -> dict[str, Any]:
        """All columns as a JSON API would show them: datetimes in ISO 8601, Enums as their value."""
        return {name: jsonable(value) for name, value in self._values.items()}

    def __eq__(self, other: object, /) -> bool:
        if isinstance(other, BaseRow):
            return self._model == other._model and self._values == other._values
        if isinstance(other, Mapping):
            return self._values == cast("Mapping[str, object]", other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self._model, str(self._values.get("id"))))

    def __repr__(self) -> str:
        shown = [f"{name}={truncate_repr(value)}" for name, value in fields(self._values, self._model).items()]
        hidden = len(shown) - _SHOWN_COLUMNS
        if hidden > 1:
            shown = [*shown[:_SHOWN_COLUMNS], f"... {hidden} more columns"]
        return f"{self._model}({', '.join(shown)})"

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self._model, self._values))

    def _no_column(self, name: str) -> str:
        guess = closest_match(name, self._values)
        hint = f": did you mean {guess!r}?" if guess else f"; its columns are {comma_join(self._values)}"
        return f"{self._model} row has no column {name!r}{hint}"


def model_of(row: BaseRow, /) -> str:
    """The name of the row's model."""
    return row._model  # pyright: ignore[reportPrivateUsage] - a row keeps its attributes free for columns


class Row(BaseRow):
    """One stored row: ``row.status``, ``row["status"]``, ``"status" in row``.

    Immutable, and not a Mapping, so that columns named ``items``, ``keys``, ``get`` or ``json`` are
    attributes like all others. (The four methods below win over columns of their names; ``row["matches"]``
    reaches such a column.) ``row == other`` and ``row == {...}`` compare all columns.

    >>> row = Row("Order", {"id": "a", "status": "open"})
    >>> row.status, row["status"], "status" in row, row.matches(status="paid")
    ('open', 'open', True, False)
    """

    __slots__ = ()

    @classmethod
    def decoded(cls, model: Model, stored: Mapping[str, object], /) -> Row:
        """The row for what a database or a DataFlow node returned, columns unknown to the model as stored."""
        columns, decoders = model.columns, model.decoders
        values: dict[str, object] = {}
        for name, value in stored.items():
            # Most values are of the declared type itself, and a ledger has many.
            if value is None or name not in columns or cast("object", type(value)) is columns[name]:
                values[name] = value
            else:
                values[name] = decoders[name](value)
        return cls(model.name, values)

    def __getattr__(self, name: str) -> Any:
        values = object.__getattribute__(self, "_values")
        if name in values:
            return values[name]
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(self._no_column(name))

    def __getitem__(self, name: str, /) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise KeyError(self._no_column(name)) from None

    def matches(self, /, **expected: object) -> bool:
        """Whether the named columns have these values. An unknown column raises KeyError."""
        return all(same(value, self[name]) for name, value in expected.items())


if TYPE_CHECKING:
    _Row = BaseRow  # a type checker knows the columns of a typed row, and refuses all others
else:
    _Row = Row


@dataclass_transform(frozen_default=True)
class TypedRow(_Row):
    """Base of the generated rows, which declare their columns: ``class OrderRow(TypedRow): status: Status``.

    When the program runs it is a `Row` in every respect.
    """

    __slots__ = ()


def jsonable(value: object) -> object:
    """``value`` as JSON shows it: datetimes in ISO 8601, Enums as their value, bytes in base64."""
    if isinstance(value, enum.Enum):
        return jsonable(value.value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {str(key): jsonable(entry) for key, entry in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(item) for item in cast("list[object]", value)]
    return str(value)
