"""Numbers of rows: per model, from 1 in each test, apart for wider fixtures."""

from __future__ import annotations

import itertools

import pytest

from kailash_testkit import sequence
from kailash_testkit.errors import FieldTypeError
from kailash_testkit.factories import numbering
from kailash_testkit.factories.numbering import Number, Numbering
from kailash_testkit.kit import Kit


def test_a_test_may_set_the_next_rows_number(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order", note=sequence("{:04d}"))
    orders.reset_sequence(100)
    assert [row["note"] for row in orders.build_many(2)] == ["0100", "0101"]
    orders.using(total=1.0).reset_sequence()
    assert orders.build()["note"] == "0001"
    for wrong in (0, -1, True, 400_000_000):
        with pytest.raises(FieldTypeError, match="give the number of the next row"):
            orders.reset_sequence(wrong)


def test_each_model_is_numbered_from_one() -> None:
    numbers = Numbering()
    assert [numbers.next("Order").n for _ in range(3)] == [1, 2, 3]
    assert numbers.next("Customer") == Number(1, "1", 1, "function here")


@pytest.mark.parametrize(("scope", "text"), [("class", "c1"), ("module", "m1"), ("package", "p1"), ("session", "s1")])
def test_wider_scopes_have_a_prefix_and_ints_of_their_own(scope: numbering.ScopeName, text: str) -> None:
    number = Numbering(scope).next("Order")
    assert (number.n, number.text) == (1, text)
    assert number.unique > 400_000_000


def test_no_two_scopes_meet_and_all_ints_fit_four_bytes() -> None:
    scopes: list[numbering.ScopeName] = ["function", "class", "module", "package", "session"]
    firsts = [Numbering(scope).next("Order").unique for scope in scopes]
    assert all(later - earlier >= 400_000_000 for earlier, later in itertools.pairwise(firsts))
    assert firsts[-1] + 400_000_000 < 2**31


@pytest.mark.parametrize(
    ("scope", "node_id", "text"),
    [
        ("package", "tests", "p1"),
        ("package", "tests/api", "p2-1"),
        ("package", ".", "p8-1"),
        ("class", "tests/test_a.py::TestA", "c1"),
        ("class", "tests/test_a.py::TestA::TestB", "c2-1"),
        ("module", "tests/api/test_a.py", "m1"),
    ],
)
def test_packages_in_packages_and_classes_in_classes_have_numbers_of_their_own(
    scope: numbering.ScopeName, node_id: str, text: str
) -> None:
    number = Numbering(scope, node_id).next("Order")
    assert number.text == text
    assert number.unique // numbering.OF_A_SCOPE == Numbering(scope).next("Order").unique // numbering.OF_A_SCOPE
    assert (number.unique == Numbering(scope).next("Order").unique) == ("-" not in text)


def test_a_wider_scope_numbers_its_own_rows_and_then_the_test_goes_on() -> None:
    assert numbering.next_number("Probe").text == "1"
    session = Numbering("session")
    with numbering.within(session):
        assert numbering.next_number("Probe").text == "s1"
        with numbering.within(Numbering("class")):
            assert numbering.next_number("Probe").text == "c1"
        assert numbering.next_number("Probe").text == "s2"
    assert numbering.next_number("Probe").text == "2"


def test_the_scope_ends_with_an_error_too() -> None:
    with pytest.raises(ValueError, match="no"), numbering.within(Numbering("session")):
        raise ValueError("no")
    assert numbering.next_number("Probe").text == "1"


@pytest.mark.parametrize("run", [1, 2])
def test_every_test_starts_at_one(run: int) -> None:
    assert numbering.next_number("Probe").text == "1"
