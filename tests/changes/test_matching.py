"""As many expectations as possible find a change of their own, however general some of them are."""

from __future__ import annotations

import itertools
import time

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


def test_two_thousand_equal_expectations_take_no_time() -> None:
    actual = rows(*range(2000))
    started = time.perf_counter()
    assert len(matched([created("Item")] * 1999 + [created("Item", n=0)], actual)) == 2000
    assert time.perf_counter() - started < 2
