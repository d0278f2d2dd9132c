"""Types of filters: what ``rows(total={"$gt": 3})`` may say about a column of some type.

One TypedDict for each type, because a TypedDict whose keys are no identifiers cannot be generic.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol, SupportsIndex, TypedDict, TypeVar, Union

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

OrderBy = Union[T, list[T], None]  # noqa: UP007 - of a type variable
"""How `rows` may be ordered: by a column, by several, or by the id."""


class Options(Protocol[T_co]):
    """A list, a tuple, or what behaves like one; a str does not, because ``"a" in text`` is all it allows."""

    def __contains__(self, value: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[T_co]: ...
    def __getitem__(self, index: SupportsIndex, /) -> T_co: ...


StrOperators = TypedDict(
    "StrOperators",
    {
        "$eq": str | None,
        "$ne": str | None,
        "$gt": str,
        "$gte": str,
        "$lt": str,
        "$lte": str,
        "$between": Options[str],
        "$in": Options[str | None],
        "$nin": Options[str | None],
        "$null": bool,
        "$contains": str,
        "$startswith": str,
        "$endswith": str,
        "$iequals": str,
        "$icontains": str,
        "$istartswith": str,
        "$iendswith": str,
    },
    total=False,
)

IntOperators = TypedDict(
    "IntOperators",
    {
        "$eq": int | None,
        "$ne": int | None,
        "$gt": int,
        "$gte": int,
        "$lt": int,
        "$lte": int,
        "$between": Options[int],
        "$in": Options[int | None],
        "$nin": Options[int | None],
        "$null": bool,
    },
    total=False,
)

FloatOperators = TypedDict(
    "FloatOperators",
    {
        "$eq": float | None,
        "$ne": float | None,
        "$gt": float,
        "$gte": float,
        "$lt": float,
        "$lte": float,
        "$between": Options[float],
        "$in": Options[float | None],
        "$nin": Options[float | None],
        "$null": bool,
    },
    total=False,
)

BoolOperators = TypedDict(
    "BoolOperators",
    {
        "$eq": bool | None,
        "$ne": bool | None,
        "$gt": bool,
        "$gte": bool,
        "$lt": bool,
        "$lte": bool,
        "$between": Options[bool],
        "$in": Options[bool | None],
        "$nin": Options[bool | None],
        "$null": bool,
    },
    total=False,
)

DatetimeOperators = TypedDict(
    "DatetimeOperators",
    {
        "$eq": datetime | None,
        "$ne": datetime | None,
        "$gt": datetime,
        "$gte": datetime,
        "$lt": datetime,
        "$lte": datetime,
        "$between": Options[datetime],
        "$in": Options[datetime | None],
        "$nin": Options[datetime | None],
        "$null": bool,
    },
    total=False,
)
