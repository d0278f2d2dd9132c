"""As many expectations as possible find a change of their own, however general some of them are."""

from __future__ import annotations

import itertools
import sys

from dirty_equals import IsInt
from hypothesis import given
from hypothesis import strategies as st
from recorded import made
from soak import examples

from kailash_testkit.changes import Change, Expectation, created
from kailash_testkit.changes.matching import matched


def rows(*numbers: int) -> list[Change]:
    return [made("Item", id=place, n=number) for place, number in enumerate(numbers)]


def test_each_finds_its_own() -> None:
    expected = [created("Item", n=2), created("Item", n=1)]
    assert matched(expected, rows(1, 2)) == {0: 1, 1: 0}


def test_one_change_does_not_meet_two_expectations() -> None:
    assert len(matched([created("Item", n=1), created("Item", n=1)], rows(1))) == 1
    assert matched([created("Item", n=1)], rows(1, 1)) == {0: 0}


def test_a_general_expectation_makes_room_for_a_special_one() -> None:
    expected = [created("Item"), created("Item", n=1)]
    assert matched(expected, rows(1, 2)) == {0: 1, 1: 0}


def test_room_is_made_over_several_steps() -> None:
    one_or_two, two_or_three = IsInt(lt=3), IsInt(gt=1)
    expected = [created("Item", n=one_or_two), created("Item", n=two_or_three), created("Item", n=1)]
    assert matched(expected, rows(1, 2, 3)) == {0: 1, 1: 2, 2: 0}


def test_nothing() -> None:
    assert matched([], rows(1)) == {}
    assert matched([created("Item")], []) == {}


@examples(100)
@given(st.lists(st.sets(st.integers(0, 4)), max_size=5), st.integers(0, 5))
def test_as_many_as_possible(wishes: list[set[int]], count: int) -> None:
    class OneOf:
        def __init__(self, numbers: set[int]) -> None:
            self.numbers = numbers

        def __eq__(self, other: object) -> bool:
            return other in self.numbers

        __hash__ = None  # type: ignore[assignment]

    expected: list[Expectation] = [created("Item", n=OneOf(wish)) for wish in wishes]
    pairs = matched(expected, rows(*range(count)))
    assert len(set(pairs.values())) == len(pairs)
    assert all(change in wishes[wanting] for wanting, change in pairs.items())
    most = max(
        sum(change is not None and change in wish for change, wish in zip(order, wishes, strict=False))
        for order in itertools.permutations([*range(count), *[None] * len(wishes)], len(wishes))
    )
    assert len(pairs) == most


def test_the_cost_grows_with_the_number_of_equal_expectations_not_with_its_square() -> None:
    assert calls_to_match(2000) < 5 * calls_to_match(500)


def calls_to_match(count: int) -> int:
    """How many functions are called to match as many equal expectations, and one that only the first row meets."""
    actual = rows(*range(count))
    expected = [*[created("Item")] * (count - 1), created("Item", n=0)]
    calls = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        pairs = matched(expected, actual)
    finally:
        sys.setprofile(None)
    assert len(pairs) == count
    return calls
