"""Values for required fields that nobody gave: readable, unique, and the same in every run."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast, get_origin

from kailash_testkit.errors import MissingField
from kailash_testkit.factories.limits import Limits, NoValuesError, limited_float, limited_int, limited_text
from kailash_testkit.factories.numbering import Number
from kailash_testkit.internals.dataflow import rewrites_text
from kailash_testkit.models import Field, Model
from kailash_testkit.models.moments import Moments
from kailash_testkit.models.types import alternatives, type_name

_FIRST_MOMENT: Final = Moments.datetime(2025, 1, 1)
_WORD_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

Generator = Callable[[Number], object]
"""Makes a field's value for the row with that number."""


def generator(model: Model, field: Field) -> Generator:
    """What makes values for a required field. Raises `MissingField` when the kit cannot make any."""
    limits = Limits.of(field.annotation)
    unique = any(field.name in names for names in model.unique)
    problem = f"the kit cannot make a value of type {type_name(field.annotation)}"
    try:
        if limits.unknown:
            raise NoValuesError(f"the kit cannot make a value that meets {limits.unknown}")
        for kind in _by_preference(field.annotation):
            found = _generator(kind, model, field, limits, unique)
            if found is not None:
                return found if limits == Limits() else _guarded(found, model, field)
    except NoValuesError as error:
        problem = str(error)
    raise missing(model, field, problem)


def _guarded(make: Generator, model: Model, field: Field) -> Generator:
    """Within narrow limits unique values come to an end."""

    def guarded(number: Number) -> object:
        try:
            return make(number)
        except NoValuesError as error:
            raise missing(model, field, str(error)) from None

    return guarded


def missing(model: Model, field: Field, problem: str) -> MissingField:
    """The error for a required field without a value."""
    return MissingField(
        f"no value was given for {model.name}.{field.name}",
        why=f"the field is required, and {problem}",
        do=f"give one: {field.name}=..., or once for all tests: factory.using({field.name}=...)",
    )


def _by_preference(annotation: object) -> list[object]:
    """Of a union, text first: the column of ``int | str`` is one of text, and returns text."""
    return sorted(alternatives(annotation), key=lambda kind: kind is not str)


def _generator(kind: object, model: Model, field: Field, limits: Limits, unique: bool) -> Generator | None:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _members(list(kind), unique)
    if (get_origin(kind) or kind) in (dict, list):
        empty = cast("Callable[[], object]", get_origin(kind) or kind)
        return lambda number: empty()
    if kind in (str, object) and field.name.endswith("_json") and not unique:
        return lambda number: "{}"  # the application keeps JSON in it, and will parse it
    if kind in (str, object):
        return limited_text(_text(model, field), limits, unique)
    if kind is bool:
        return _members([False, True], unique)
    if kind is int:
        return limited_int(limits, unique)
    if kind is float:
        return limited_float(limits, unique)
    if kind is Moments.datetime:
        return _moment if not unique else lambda number: _FIRST_MOMENT + timedelta(seconds=number.unique)
    return None


def _moment(number: Number) -> datetime:
    return _FIRST_MOMENT + timedelta(minutes=number.n)


def _members(options: Sequence[object], unique: bool) -> Generator:
    if not options:
        raise NoValuesError("its type has no members")
    first = options[0]
    return (lambda number: options[(number.n - 1) % len(options)]) if unique else lambda number: first


_SUFFIXES: Final[Mapping[str, Callable[[str], tuple[str, str]]]] = {
    "email": lambda slug: (f"{slug}-", "@example.com"),
    "url": lambda slug: (f"https://example.com/{slug}-", ""),
    "uri": lambda slug: (f"https://example.com/{slug}-", ""),
    "website": lambda slug: (f"https://example.com/{slug}-", ""),
    "slug": lambda slug: (f"{slug}-", ""),
}


def _text(model: Model, field: Field) -> tuple[str, str]:
    """What stands before and after the row's number."""
    slug = _WORD_BREAK.sub("-", model.name).lower()
    if field.name == "id":
        return f"{slug}-", ""
    if "email" in field.name:
        return _SUFFIXES["email"](slug)
    for suffix, parts in _SUFFIXES.items():
        if field.name.endswith(suffix):
            return parts(slug)
    before = f"{model.name} {field.name.replace('_', ' ')} "
    return (before.replace(" ", "-"), "") if rewrites_text(f"{before}1") else (before, "")
