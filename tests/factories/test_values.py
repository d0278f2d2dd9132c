"""Values for required fields that nobody gave: readable, unique, the same in every run."""

# ruff: noqa: UP007, UP045 - types are written in every way that applications write them

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Optional, Union

import pytest
from sample_app import Colour, Status

from kailash_testkit.errors import MissingField
from kailash_testkit.factories.numbering import Number, Numbering
from kailash_testkit.factories.values import generator
from kailash_testkit.models import Field, Model
from kailash_testkit.models.types import accept

SECOND = Number(2, "2", 2)
OF_SESSION = Number(2, "s2", 1_600_000_002)


def value(annotation: object, name: str = "field", number: Number = SECOND, **options: Any) -> object:
    field = Field(name, annotation)
    return generator(Model("OrderLine", "order_lines", {name: field}, **options), field)(number)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (str, "OrderLine field 2"),
        (int, 2),
        (float, 2.0),
        (bool, False),
        (datetime, datetime(2025, 1, 1, 0, 2)),
        (dict, {}),
        (dict[str, int], {}),
        (list, []),
        (list[int], []),
        (Status, Status.OPEN),
        (Colour, Colour.RED),
        (Optional[int], 2),
        (Annotated[str, "x"], "OrderLine field 2"),
        (Union[complex, int], 2),
        (Union[int, str], "OrderLine field 2"),
        (object, "OrderLine field 2"),
    ],
)
def test_each_type_has_values(annotation: object, expected: object) -> None:
    made = value(annotation)
    assert made == expected
    assert type(made) is type(expected)
    assert accept(annotation, made) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("id", "order-line-2"),
        ("email", "order-line-2@example.com"),
        ("contact_email", "order-line-2@example.com"),
        ("website", "https://example.com/order-line-2"),
        ("image_url", "https://example.com/order-line-2"),
        ("first_name", "OrderLine first name 2"),
    ],
)
def test_texts_suit_the_name_of_their_field(name: str, expected: str) -> None:
    assert value(str, name) == expected


def test_rows_of_wider_fixtures_never_meet_those_of_a_test() -> None:
    assert value(str, "id", OF_SESSION) == "order-line-s2"
    assert value(str, "email", OF_SESSION) == "order-line-s2@example.com"
    assert value(int, "code", OF_SESSION, unique=(frozenset({"code"}),)) == 1_600_000_002


def test_an_int_is_small_and_readable_unless_it_must_be_unique() -> None:
    assert value(int, "quantity", OF_SESSION) == 2


def test_mutable_values_are_not_shared() -> None:
    assert value(dict) is not value(dict)
    assert value(list[int]) is not value(list[int])


def test_a_thousand_rows_differ_in_every_unique_kind() -> None:
    numbering = Numbering()
    numbers = [numbering.next("OrderLine") for _ in range(1000)]
    for kind in (str, int, float, datetime):
        assert len({value(kind, number=number) for number in numbers}) == 1000, kind


def test_a_type_without_values_must_be_given_and_the_message_names_it() -> None:
    with pytest.raises(MissingField) as caught:
        value(complex, "phase")
    assert str(caught.value).splitlines() == [
        "no value was given for OrderLine.phase",
        "  why: the field is required, and the kit cannot make a value of type complex",
        "  do:  give one: phase=..., or once for all tests: factory.using(phase=...)",
    ]
