"""What a declared type means for values: accepted, read back, compared."""

# ruff: noqa: UP007, UP045 - types are written in every way that applications write them

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional, TypedDict, Union
from unittest.mock import ANY
from uuid import UUID

import pytest
from dirty_equals import IsPositiveInt
from sample_app import Colour, Level, Status

from kailash_testkit.models.equality import same
from kailash_testkit.models.types import (
    TypeMismatchError,
    accept,
    alternatives,
    decode,
    is_nullable,
    type_name,
)

UTC = UTC
NOON = datetime(2025, 1, 2, 12, 0, tzinfo=UTC)


class Address(TypedDict):
    street: str


# --- annotations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, (int,)),
        (Optional[int], (int,)),
        (int | None, (int,)),
        (Union[int, str], (int, str)),
        (Annotated[int | None, "cents"], (int,)),
        (Annotated[list[int] | None, "x"], (list[int],)),
        (Union[Annotated[int, "x"], None], (int,)),
    ],
)
def test_alternatives_are_the_members_of_a_union_without_none(annotation: object, expected: object) -> None:
    assert alternatives(annotation) == expected


@pytest.mark.parametrize("annotation", [Optional[int], int | None, None, type(None), Any, object, Union[str, Any]])
def test_nullable(annotation: object) -> None:
    assert is_nullable(annotation)


@pytest.mark.parametrize("annotation", [int, Union[int, str], list[None], Literal["a"], Status])
def test_not_nullable(annotation: object) -> None:
    assert not is_nullable(annotation)


@pytest.mark.parametrize(
    ("annotation", "name"),
    [(int, "int"), (list[int], "list[int]"), (int | None, "int | None"), (Optional[str], "Optional[str]"),
     (Status, "Status"), (Literal["a", "b"], "Literal['a', 'b']")],
)  # fmt: skip
def test_a_type_is_named_as_its_author_wrote_it(annotation: object, name: str) -> None:
    assert type_name(annotation) == name


# --- accepting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str, ""),
        (int, -1),
        (float, 1),
        (float, 1.5),
        (bool, False),
        (bytes, b""),
        (datetime, NOON),
        (date, date(2025, 1, 2)),
        (time, time(1)),
        (Decimal, Decimal("1.10")),
        (UUID, UUID(int=1)),
        (dict, {"a": object()}),
        (list, [1, "a"]),
        (list[int], []),
        (dict[str, list[int]], {"a": [1]}),
        (tuple[int, ...], (1, 2, 3)),
        (tuple[int, str], (1, "a")),
        (tuple[()], ()),
        (set[str], {"a"}),
        (Optional[int], None),
        (int | str, "a"),
        (Literal["a", 1], 1),
        (Any, object),
        (Address, {"street": "Main"}),
        (Annotated[int, "cents"], 3),
        (Status, Status.PAID),
        (Callable[[int], str], "whatever it is"),
    ],
)
def test_values_of_the_type_are_accepted_as_they_are(annotation: object, value: object) -> None:
    accepted = accept(annotation, value)
    assert accepted == value
    assert type(accepted) is type(value)


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        (str, 1, "str, got 1 (int)"),
        (int, "1", "int, got '1' (str)"),
        (int, 1.0, "int, got 1.0 (float)"),
        (int, True, "int, got True (bool)"),
        (float, True, "float, got True (bool)"),
        (bool, 1, "bool, got 1 (int)"),
        (date, NOON, "date, got"),
        (datetime, date(2025, 1, 2), "datetime, got"),
        (str, None, "str, not None"),
        (list[int], (1,), "list[int], got (1,) (tuple)"),
        (list[int], [1, "a"], "inside it: expected int, got 'a' (str)"),
        (dict[str, int], {"a": "b"}, "inside it: expected int, got 'b' (str)"),
        (dict[str, int], {1: 1}, "inside it: expected str, got 1 (int)"),
        (list[list[int]], [[True]], "expected int, got True (bool)"),
        (tuple[int, str], ("a", 1), "inside it: expected int, got 'a' (str)"),
        (tuple[int, str], (1,), "inside it: expected 2 items, got (1,) (tuple)"),
        (Literal["a", "b"], "c", "one of 'a', 'b', got 'c' (str)"),
        (Literal[1], True, "one of 1, got True (bool)"),
        (Status, "payd", "Status (Status.OPEN, Status.PAID), got 'payd' (str)"),
        (int | str, 1.5, "int | str, got 1.5 (float)"),
        (Optional[int], "1", "int, got '1' (str)"),
    ],
)
def test_other_values_are_refused_with_both_types(annotation: object, value: object, words: str) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        accept(annotation, value)
    assert words in str(caught.value)


def test_the_value_of_an_enum_stands_for_its_member() -> None:
    assert accept(Status, "paid") is Status.PAID
    assert accept(Colour, 2) is Colour.GREEN
    assert accept(list[Status], ["paid"]) == [Status.PAID]


def test_an_accepted_container_is_a_copy() -> None:
    given = {"a": [1]}
    assert accept(dict[str, list[int]], given) is not given


# --- reading back --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "stored", "value"),
    [
        (bool, 1, True),
        (bool, 0, False),
        (bool | None, 1, True),
        (float, 3, 3.0),
        (str, "1", "1"),
        (datetime, "2025-01-02 03:04:05", datetime(2025, 1, 2, 3, 4, 5)),
        (datetime, "2025-01-02T03:04:05.000006+00:00", datetime(2025, 1, 2, 3, 4, 5, 6, UTC)),
        (Optional[datetime], "2025-01-02 03:04:05", datetime(2025, 1, 2, 3, 4, 5)),
        (date, "2025-01-02", date(2025, 1, 2)),
        (time, "03:04:00", time(3, 4)),
        (Decimal, "1.10", Decimal("1.10")),
        (Decimal, 1.5, Decimal("1.5")),
        (UUID, "00000000-0000-0000-0000-000000000001", UUID(int=1)),
        (bytes, memoryview(b"a"), b"a"),
        (dict, '{"a": null}', {"a": None}),
        (list, "[1]", [1]),
        (list[int], "[1]", [1]),
        (dict[str, list[int]], '{"a": [1]}', {"a": [1]}),
        (list[datetime], '["2025-01-02T00:00:00"]', [datetime(2025, 1, 2)]),
        (list[Status], '["paid"]', [Status.PAID]),
        (tuple[int, str], '[1, "a"]', (1, "a")),
        (set[int], "[1, 1]", {1}),
        (Status, "paid", Status.PAID),
        (Colour, "Colour.GREEN", Colour.GREEN),
        (Level, "2", Level.HIGH),
        (Level, 2, Level.HIGH),
        (list[Level], "[2]", [Level.HIGH]),
        (dict[str, Status], '{"a": "paid"}', {"a": Status.PAID}),
        (Literal["a", 2], 2, 2),
        (dict | str, "hello", "hello"),
        (int | None, None, None),
    ],
)
def test_stored_values_become_values_of_the_type(annotation: object, stored: object, value: object) -> None:
    decoded = decode(annotation, stored)
    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("annotation", "stored"),
    [
        (bool, 2),
        (int, "x"),
        (datetime, "yesterday"),
        (Decimal, "much"),
        (UUID, "x"),
        (dict, "not json"),
        (dict, "[1]"),
        (list[int], '["a"]'),
        (tuple[int, str], "[1]"),
        (bytes, "b'1'"),
        (Status, "gone"),
        (Status, "Status.PAID"),  # str(member), and the column's default as DataFlow writes it
        (Status, "PAID"),
        (Level, "Level.HIGH"),
        (Level, True),
        (Colour, "2"),  # the value of a member that is stored as its text
        (list[Status], '["Status.PAID"]'),
        (Literal["a"], "b"),
    ],
)
def test_what_is_no_value_of_the_type_stays_as_it_is_stored(annotation: object, stored: object) -> None:
    assert decode(annotation, stored) is stored


# --- comparing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requested", "stored"),
    [
        (1, 1.0),
        (1.0, 1),
        (1.1, 1.100000023841858),  # a PostgreSQL REAL
        (math.nan, math.nan),
        (math.inf, math.inf),
        (NOON, datetime(2025, 1, 2, 14, 0, tzinfo=timezone(timedelta(hours=2)))),
        ({"a": [1, {"b": 1.1}]}, {"a": [1, {"b": 1.100000023841858}]}),
        ((1, 2), [1, 2]),
        (Status.PAID, "paid"),
        (None, None),
        (ANY, True),
        (ANY, None),
        (IsPositiveInt, 3),
        ({"a": ANY}, {"a": False}),
    ],
)
def test_same(requested: object, stored: object) -> None:
    assert same(requested, stored)


@pytest.mark.parametrize(
    ("requested", "stored"),
    [
        (True, 1),
        (1, True),
        (0.0, False),
        ([True], [1]),
        ({"a": 1}, {"a": True}),
        (1, "1"),
        (1.1, 1.1001),
        (1e308, 1.0),
        (math.nan, None),
        (NOON, NOON.replace(tzinfo=None)),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([1, 2], [1]),
        (b"a", "b'a'"),
        (None, "None"),
        (None, False),
        (IsPositiveInt, -3),
    ],
)
def test_not_same(requested: object, stored: object) -> None:
    assert not same(requested, stored)
