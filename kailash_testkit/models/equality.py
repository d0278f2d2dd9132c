"""Whether two values are the same: a stored one and a requested one, two stored ones, or two columns of rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, cast
from uuid import UUID

from kailash_testkit.models.reals import same_real


def same(requested: object, stored: object) -> bool:
    """Whether a stored value is the requested one.

    Equal values are the same, with these rules: an int equals a float of the same value; a float equals
    what four bytes keep of it (a PostgreSQL ``REAL``); aware datetimes are compared as
    instants, and never equal naive ones; containers are compared item by item; True is not 1. What
    compares itself with anything (``unittest.mock.ANY`` and other matchers) decides for itself. A list or an object
    is the same as its JSON, which applications keep in columns of text.

    >>> same(["x"], '["x"]'), same(1, "1"), same(1, True)
    (True, False, False)
    """
    is_json = as_mapping(requested) is not None or as_items(requested) is not None
    return _same(requested, json_in_text(stored) if is_json and isinstance(stored, str) else stored)


PLAIN_TYPES: Final = frozenset({str, int, bool, float, type(None), bytes, datetime, date, Decimal, UUID})


def are_plain(values: Iterable[object]) -> bool:
    """Whether these are values that hold nothing else, and have no meaning but their own."""
    return all(type(value) in PLAIN_TYPES for value in values)


def is_plainly_same(requested: object, stored: object) -> bool:
    """Whether both are equal values of one plain type, which are the `same`; most are, and this is known at once."""
    return type(requested) is type(stored) and type(requested) in PLAIN_TYPES and requested == stored


def json_in_text(text: str) -> object:
    """The list or object whose JSON a text is; the text itself where it is of neither.

    >>> json_in_text('["x"]'), json_in_text("1")
    (['x'], '1')
    """
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _same(requested: object, stored: object) -> bool:
    if type(requested) is type(stored) and type(requested) in (str, int, bool):
        return requested == stored
    numbers = (bool, int, float)
    both = isinstance(requested, numbers) and isinstance(stored, numbers)
    if both and isinstance(requested, bool) != isinstance(stored, bool):
        return False
    if isinstance(requested, float) and isinstance(stored, (int, float)):
        return requested == stored or requested != requested != stored != stored or same_real(requested, stored)
    if isinstance(requested, Mapping) and isinstance(stored, Mapping):
        ours = cast("Mapping[object, object]", requested)
        theirs = cast("Mapping[object, object]", stored)
        return ours.keys() == theirs.keys() and all(_same(ours[key], theirs[key]) for key in ours)
    if isinstance(requested, (list, tuple)) and isinstance(stored, (list, tuple)):
        left, right = cast("list[object]", requested), cast("list[object]", stored)
        return len(left) == len(right) and all(map(_same, left, right))
    return requested == stored


def as_mapping(value: object) -> Mapping[object, object] | None:
    """The value if it is an object of JSON, or another mapping."""
    return cast("Mapping[object, object]", value) if isinstance(value, Mapping) else None


def as_items(value: object) -> Sequence[object] | None:
    """The value if it is a list or a tuple."""
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else None


def identical(one: object, other: object) -> bool:
    """Whether two values are equal to the last bit of their types: 1 is neither 1.0 nor True, however deep."""
    return type(one) is type(other) and _equal(one, other, identical)


def equal_columns(one: object, other: object) -> bool:
    """``==``, by which True is not 1, however deep: as `Row` compares its columns."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isinstance(one, bool) == isinstance(other, bool) and one == other
    return _equal(one, other, equal_columns)


def _equal(one: object, other: object, equal: Callable[[object, object], bool]) -> bool:
    ours, theirs = as_mapping(one), as_mapping(other)
    if ours is not None and theirs is not None:
        return ours.keys() == theirs.keys() and all(equal(ours[key], theirs[key]) for key in ours)
    left, right = as_items(one), as_items(other)
    if left is not None and right is not None and type(one) is type(other):
        return len(left) == len(right) and all(map(equal, left, right))
    return one == other
