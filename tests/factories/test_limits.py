"""Values within the limits that a type declares, unique where they must be, for every row and scope."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import pytest
from annotated_types import Ge, Gt, Interval, Le, Len, Lt, MaxLen, MinLen, MultipleOf, Predicate
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field as PydanticField

from kailash_testkit.errors import MissingField
from kailash_testkit.factories.numbering import Number, Numbering, ScopeName
from kailash_testkit.factories.values import generator
from kailash_testkit.models import Field, Model

SCOPES: tuple[ScopeName, ...] = ("function", "class", "module", "package", "session")
UNIQUE = (frozenset({"field"}),)


def maker(annotation: object, *, name: str = "field", unique: bool = False) -> Any:
    field = Field(name, annotation)
    return generator(Model("Order", "orders", {name: field}, unique=UNIQUE if unique else ()), field)


def numbers(count: int, scope: ScopeName = "function") -> list[Number]:
    numbering = Numbering(scope)
    return [numbering.next("Order") for _ in range(count)]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Annotated[int, Gt(0), Le(3)], [1, 2, 3, 1, 2]),
        (Annotated[int, Ge(10)], [10, 11, 12, 13, 14]),
        (Annotated[int, Lt(0)], [-1, -1, -1, -1, -1]),
        (Annotated[int, Interval(ge=5, lt=7)], [5, 6, 5, 6, 5]),
        (Annotated[int, MultipleOf(5)], [5, 10, 15, 20, 25]),
        (Annotated[int, MultipleOf(5), Ge(7), Le(21)], [10, 15, 20, 10, 15]),
        (Annotated[int, PydanticField(gt=2, le=4)], [3, 4, 3, 4, 3]),
        (Optional[Annotated[int, Ge(7)]], [7, 8, 9, 10, 11]),  # noqa: UP045 - as applications write it
        (Annotated[float, Ge(0), Le(1)], [0.0625, 0.1875, 0.3125, 0.4375, 0.5625]),
        (Annotated[float, MultipleOf(0.5 * 2)], [1.0, 2.0, 3.0, 4.0, 5.0]),
    ],
)
def test_numbers_are_within_their_limits(annotation: object, expected: list[float]) -> None:
    made = [maker(annotation)(number) for number in numbers(5)]
    assert made == expected
    assert {type(value) for value in made} == {type(expected[0])}


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 50), st.integers(1, 500))
def test_ints_are_within_any_limits(low: int, span: int, n: int) -> None:
    high = min(low + span, 2**31 - 1)
    made = maker(Annotated[int, Ge(low), Le(high)])(Number(n, str(n), n))
    assert low <= made <= high


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e6), st.integers(1, 500))
def test_floats_are_strictly_within_any_limits(low: float, span: float, n: int) -> None:
    made = maker(Annotated[float, Gt(low), Lt(low + span)])(Number(n, str(n), n))
    assert low < made < low + span


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 300), st.integers(1, 300), st.sampled_from(SCOPES), st.integers(1, 10**6), st.booleans())
def test_texts_have_any_length(shortest: int, longest: int, scope: ScopeName, n: int, unique: bool) -> None:
    if min(longest, 255) < max(shortest, 2):
        return
    offset = SCOPES.index(scope) * 400_000_000
    number = Number(n, f"{scope[:1] if scope != 'function' else ''}{n}", offset + n)
    annotation = Annotated[str, Len(shortest, longest)]
    try:
        made = maker(annotation, unique=unique)(number)
    except MissingField:
        assert unique
        assert longest < 6  # of so few characters there are not enough different texts
    else:
        assert shortest <= len(made) <= min(longest, 255)


def test_a_short_text_ends_with_its_number() -> None:
    assert maker(Annotated[str, MaxLen(20)])(Number(12, "12", 12)) == "r field 12"
    assert maker(Annotated[str, MaxLen(20)])(Number(12, "s12", 12)).endswith("s12")
    assert maker(Annotated[str, MinLen(30)])(Number(3, "3", 3)).endswith("Order field 3")
    assert maker(Annotated[str, MaxLen(3)])(Number(3, "3", 3)) == "003"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("annotation", "count"),
    [
        (str, 1_000_000),
        (int, 1_000_000),
        (float, 200_000),
        (Annotated[str, MaxLen(40)], 50_000),
        (Annotated[str, MaxLen(12)], 50_000),
        (Annotated[str, MaxLen(6)], 50_000),
        (Annotated[int, Ge(1), Le(2**31 - 1)], 50_000),
        (Annotated[int, Ge(0), Lt(20_000_000)], 50_000),
        (Annotated[float, Ge(0), Lt(1)], 50_000),
    ],
    ids=str,
)
def test_the_rows_of_a_test_and_those_of_wider_fixtures_are_all_different(annotation: object, count: int) -> None:
    make = maker(annotation, unique=True)
    seen: set[object] = set()
    for scope in SCOPES:
        numbering = Numbering(scope)
        seen.update(make(numbering.next("Order")) for _ in range(count if scope == "function" else 1000))
    last = Number(1_000_000, "1000000", 1_000_000)
    assert len(seen) == count + 4000
    assert (make(last) in seen) == (count == 1_000_000)


def test_unique_floats_differ_in_four_bytes() -> None:
    import struct

    make = maker(float, unique=True)
    made = [make(number) for scope in SCOPES for number in (*numbers(2000, scope), Number(10**6, "", 10**6))]
    assert {struct.unpack("f", struct.pack("f", value))[0] for value in made} == set(made)


def test_texts_of_one_length_are_different_too() -> None:
    make = maker(Annotated[str, Len(8, 8)], unique=True)
    made = [make(number) for scope in SCOPES for number in numbers(50, scope)]
    assert {len(text) for text in made} == {8}
    assert len(set(made)) == len(made)


def test_when_unique_values_come_to_an_end_the_message_says_how_many_there_are() -> None:
    make = maker(Annotated[int, Ge(1), Le(10)], unique=True)
    assert [make(number) for number in numbers(2)] == [1, 2]
    assert make(numbers(1, "session")[0]) == 9
    with pytest.raises(MissingField, match="of the 10 values within ge 1, le 10 each scope of fixtures has 2"):
        make(Number(3, "3", 3))


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Annotated[int, Gt(1), Lt(2)], "no whole number is within gt 1, lt 2"),
        (Annotated[str, MinLen(300)], "no text is within min_length 300"),
        (Annotated[str, PydanticField(pattern="^a+$")], "cannot make a value that meets"),
        (Annotated[int, Predicate(bool)], "cannot make a value that meets Predicate"),
        (complex, "cannot make a value of type complex"),
        (Annotated[float, Gt(1), MultipleOf(0.3)], "the kit knows no number within gt 1, multiple_of 0.3"),
        (Annotated[float, Ge(2), Le(1)], "the kit knows no number within ge 2, le 1"),
    ],
    ids=str,
)
def test_what_cannot_be_made_must_be_given(annotation: object, words: str) -> None:
    with pytest.raises(MissingField, match=words):
        maker(annotation)


def test_metadata_that_limits_nothing_is_ignored() -> None:
    assert maker(Annotated[str, "the note", PydanticField(description="a note")])(numbers(1)[0]) == "Order field 1"
