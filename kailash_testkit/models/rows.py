"""`Row`: one stored row, immutable, its values in the types that the model declares."""

from __future__ import annotations

import base64
import enum
import sys
from collections import deque
from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, cast, dataclass_transform

from kailash_testkit import looks
from kailash_testkit.models import Model
from kailash_testkit.models.enums import Misfit, misfit
from kailash_testkit.models.equality import equal_columns, same
from kailash_testkit.redaction import fields, is_secret
from kailash_testkit.text import closest_match, comma_join, display

_SHOWN_COLUMNS = 8

_failed: deque[tuple[str, int, BaseRow, Mapping[str, object]]] = deque(maxlen=16)
NO_MISFITS: Final[Mapping[str, Misfit]] = {}


class BaseRow:
    """What all rows have whatever their model: the part of `Row` that names no column."""

    __slots__ = ("_misfits", "_model", "_values")
    _model: str
    _values: Mapping[str, object]
    _misfits: Mapping[str, Misfit]

    def __init__(self, model: str, values: Mapping[str, object], misfits: Mapping[str, Misfit] = NO_MISFITS, /) -> None:
        object.__setattr__(self, "_model", model)
        object.__setattr__(self, "_values", dict(values))
        object.__setattr__(self, "_misfits", misfits)

    def __contains__(self, name: object, /) -> bool:
        return name in self._values

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(
            f"{self._model} row is immutable: {name} cannot be set. To change the stored row, use "
            f"await kit.update({self._model}, {self._values.get('id')!r}, {name}=...)"
        )

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self._model} row is immutable: {name} cannot be deleted")

    def as_dict(self, *, exclude: Collection[str] = ()) -> dict[str, Any]:
        """The columns and their values, in a new dict, without those named. Raises KeyError for an unknown name."""
        left_out = self._names_of(exclude)
        if looks.observer is not None:
            looks.row_read(self._model, self._values, self._values.keys() - left_out)
        return {name: value for name, value in self._values.items() if name not in left_out}

    def as_json(self, *, exclude: Collection[str] = ()) -> dict[str, Any]:
        """The columns as a JSON API would show them: datetimes in ISO 8601, Enums as their value.

        exclude: columns to leave out, such as those that differ in each run. Raises KeyError for an unknown name.

        >>> Row("Order", {"id": 7, "status": "open"}).as_json(exclude={"id"})
        {'status': 'open'}
        """
        left_out = self._names_of(exclude)
        if looks.observer is not None:
            looks.row_read(self._model, self._values, self._values.keys() - left_out)
        return {name: jsonable(value) for name, value in self._values.items() if name not in left_out}

    def _names_of(self, given: Collection[str]) -> frozenset[str]:
        names = frozenset([given] if isinstance(given, str) else given)  # a text is one name, not its letters
        for name in names:
            if name not in self._values:
                raise KeyError(self._no_column(name))
        return names

    def __eq__(self, other: object, /) -> bool:
        if looks.observer is not None:
            looks.row_read(self._model, self._values, self._values)
        if isinstance(other, BaseRow):
            return self._model == other._model and equal_columns(self._values, other._values)
        if isinstance(other, Mapping):
            return equal_columns(self._values, cast("Mapping[str, object]", other))
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self._model, str(self._values.get("id"))))

    def __repr__(self) -> str:
        shown = shown_columns(self)
        hidden = len(shown) - _SHOWN_COLUMNS
        if hidden > 1:
            shown = [*shown[:_SHOWN_COLUMNS], f"... {hidden} more columns"]
        return f"{self._model}({', '.join(shown)})"

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self._model, self._values, self._misfits))

    def _no_column(self, name: str) -> str:
        guess = closest_match(name, self._values)
        hint = f": did you mean {guess!r}?" if guess else f"; its columns are {comma_join(self._values)}"
        return f"{self._model} row has no column {name!r}{hint}"


def values_of(row: BaseRow, /) -> Mapping[str, object]:
    """The columns and their values, to be read only: no copy of them, as `BaseRow.as_dict` makes."""
    return row._values  # pyright: ignore[reportPrivateUsage] - a row keeps its attributes free for columns


def model_of(row: BaseRow, /) -> str:
    """The name of the row's model."""
    return row._model  # pyright: ignore[reportPrivateUsage] - a row keeps its attributes free for columns


def misfits_of(row: BaseRow, /) -> Mapping[str, Misfit]:
    """The columns whose Enum has no member that is stored so: why, and what to do."""
    return row._misfits  # pyright: ignore[reportPrivateUsage]


def shown_columns(row: BaseRow, names: Collection[str] | None = None, /) -> list[str]:
    """The named columns, or all, each as ``name=value`` without secrets; what is no member of its Enum says so."""
    misfits = misfits_of(row)
    values = fields(row.as_dict(), model_of(row))
    return [
        f"{name}={display(value)}" + (" (no member)" if name in misfits else "")
        for name, value in values.items()
        if names is None or name in names
    ]


def failed_matches(file: str, line: int) -> list[tuple[BaseRow, Mapping[str, object]]]:
    """The last calls of `Row.matches` in a line that were False: the row, and what it was to match."""
    found = [(row, expected) for where, number, row, expected in _failed if (where, number) == (file, line)]
    return found[-1:]


def retyped(row: BaseRow, kind: type[AnyRow], model: str, /) -> AnyRow:
    """The row as one of another class."""
    return kind(model, row.as_dict(), misfits_of(row))


AnyRow = TypeVar("AnyRow", bound=BaseRow)


class Row(BaseRow):
    """One stored row: ``row.status``, ``row["status"]``, ``"status" in row``.

    Immutable, and not a Mapping, so that columns named ``items``, ``keys``, ``get`` or ``json`` are
    attributes like all others. (The four methods below win over columns of their names; ``row["matches"]``
    reaches such a column.) ``row == other`` and ``row == {...}`` compare all columns; `as_dict` has them.

    >>> row = Row("Order", {"id": "a", "status": "open"})
    >>> row.status, row["status"], "status" in row, row.matches(status="paid")
    ('open', 'open', True, False)
    """

    __slots__ = ()

    @classmethod
    def decoded(cls, model: Model, stored: Mapping[str, object], /) -> Row:
        """The row for what a database or a DataFlow node returned, columns unknown to the model as stored."""
        columns, decoders, enums = model.columns, model.decoders, model.enum_columns
        values: dict[str, object] = {}
        misfits: dict[str, Misfit] = {}
        for name, value in stored.items():
            # Most values are of the declared type itself, and a ledger has many.
            if value is None or name not in columns or cast("object", type(value)) is columns[name]:
                values[name] = value
            else:
                held = values[name] = decoders[name](value)
                found = misfit(columns[name], held) if name in enums and not is_secret(name, model.name) else None
                if found is not None:
                    misfits[name] = found
        return cls(model.name, values, misfits or NO_MISFITS)

    def __getattr__(self, name: str) -> Any:
        values = object.__getattribute__(self, "_values")
        if name in values:
            if looks.observer is not None:
                looks.row_read(self._model, values, (name,))
            return values[name]
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(self._no_column(name))

    def __getitem__(self, name: str, /) -> Any:
        if not isinstance(cast("object", name), str):
            raise TypeError(
                f"{self._model} row has columns, no items to count or to iterate over: row.as_dict() gives them in a "
                "dict, row.as_json() as JSON has them"
            )
        if looks.observer is not None:
            looks.row_read(self._model, self._values, (name,))
        try:
            return self._values[name]
        except KeyError:
            raise KeyError(self._no_column(name)) from None

    def matches(self, /, **expected: object) -> bool:
        """Whether the named columns have these values. An unknown column raises KeyError."""
        if looks.observer is not None:
            looks.row_read(self._model, self._values, expected)
        matches = all(same(value, self[name]) for name, value in expected.items())
        if not matches:
            caller = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - documented
            _failed.append((caller.f_code.co_filename, caller.f_lineno, self, expected))
        return matches


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
