"""Values for required fields that nobody gave: readable, unique, and the same in every run."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, cast, get_args, get_origin
from uuid import NAMESPACE_URL, UUID, uuid5

from kailash_testkit.errors import MissingField
from kailash_testkit.factories.numbering import Number
from kailash_testkit.models import Field, Model
from kailash_testkit.models.types import alternatives, type_name

_FIRST_MOMENT: Final = datetime(2025, 1, 1)
_WORD_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def generated(model: Model, field: Field, number: Number) -> object:
    """A value for a required field of the row with that number. Raises `MissingField` for an unknown type."""
    for kind in alternatives(field.annotation):
        maker = _maker(kind)
        if maker is not None:
            return maker(model, field, number)
    raise MissingField(
        f"no value was given for {model.name}.{field.name}",
        why=f"the field is required, and the kit cannot make a value of type {type_name(field.annotation)}",
        do=f"give one: {field.name}=..., or once for all tests: factory.using({field.name}=...)",
    )


_Maker = Callable[[Model, Field, Number], object]


def _maker(kind: object) -> _Maker | None:
    origin = get_origin(kind)
    if origin is Literal:
        return lambda model, field, number: get_args(kind)[0]
    if origin in (list, set, tuple, dict, frozenset):
        return lambda model, field, number: cast("type[object]", origin)()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return lambda model, field, number: next(iter(kind))
    return _MAKERS.get(kind)


def _text(model: Model, field: Field, number: Number) -> str:
    slug = f"{_WORD_BREAK.sub('-', model.name).lower()}-{number.text}"
    if field.name == "id":
        return slug
    if "email" in field.name:
        return f"{slug}@example.com"
    if field.name.endswith(("url", "uri", "website")):
        return f"https://example.com/{slug}"
    return f"{model.name} {field.name.replace('_', ' ')} {number.text}"


def _whole(model: Model, field: Field, number: Number) -> int:
    """Small and readable; where it must be unique, wide enough to be so across fixture scopes."""
    return number.unique if any(field.name in names for names in model.unique) else number.n


def _moment(model: Model, field: Field, number: Number) -> datetime:
    return _FIRST_MOMENT + timedelta(minutes=number.n)


_MAKERS: Final[dict[Any, _Maker]] = {
    str: _text,
    int: _whole,
    float: lambda model, field, number: float(_whole(model, field, number)),
    bool: lambda model, field, number: False,
    bytes: lambda model, field, number: _text(model, field, number).encode(),
    datetime: _moment,
    date: lambda model, field, number: _moment(model, field, number).date(),
    time: lambda model, field, number: time(minute=number.n % 60),
    Decimal: lambda model, field, number: Decimal(_whole(model, field, number)),
    UUID: lambda model, field, number: uuid5(NAMESPACE_URL, f"{model.name}/{field.name}/{number.text}"),
    dict: lambda model, field, number: {},
    list: lambda model, field, number: [],
    tuple: lambda model, field, number: (),
    set: lambda model, field, number: set[object](),
    Any: lambda model, field, number: _text(model, field, number),
    object: lambda model, field, number: _text(model, field, number),
}
