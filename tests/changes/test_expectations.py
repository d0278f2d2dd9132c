"""Which change meets an expectation, and what it says of one that does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from unittest.mock import ANY

import pytest
from dirty_equals import IsDatetime, IsInt, IsPositiveFloat, IsStr
from recorded import Recorder, Status, change, made

from kailash_testkit.changes import Change, Expectation, created, deleted, updated

BEFORE = {"id": 1, "status": "open", "total": 1.5, "paid": False, "updated_at": 1}


def changed(**values: Any) -> Change:
    return change("updated", "Order", BEFORE, {**BEFORE, "updated_at": 2, **values})


def soft_deleted(**values: Any) -> Change:
    journal = Recorder()
    journal.update("products", {"id": 1, "name": "pen", "deleted_at": None}, deleted_at="2025-01-02", **values)
    (found,) = journal.net()
    return found


class Order:
    pass


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (created(Order), made("Order", id=1)),
        (created("Order", status="open"), made("Order", id=1, status="open", total=2.0)),
        (created("Order", status="paid"), made("Order", id=1, status=Status.PAID)),
        (created("Order", total=2), made("Order", id=1, total=2.0)),
        (created("Order", id=IsInt, status=IsStr(regex="o.*")), made("Order", id=1, status="open")),
        (created("Order", lines=[1, ANY]), made("Order", id=1, lines=[1, 2])),
        (created("Order", note=None), made("Order", id=1, note=None)),
        (created("Order", lines={"a": IsPositiveFloat}), made("Order", id=1, lines={"a": 0.5})),
        (updated(Order, 1), changed(status="paid", total=2.5)),
        (updated("Order", IsInt, status="paid"), changed(status="paid")),
        (updated("Order", 1, status="paid", total=IsPositiveFloat()), changed(status="paid", total=2.5)),
        (updated("Order", 1, status="paid", updated_at=2), changed(status="paid")),
        (updated("Order", 1, status="paid", total=1.5), changed(status="paid")),
        (deleted(Order, 1), change("deleted", "Order", BEFORE, None)),
        (deleted("Product", 1), soft_deleted()),
        (updated("Product", 1, deleted_at=IsDatetime, name="gone"), soft_deleted(name="gone")),
    ],
    ids=str,
)
def test_met(expected: Expectation, actual: Change) -> None:
    assert expected.problems(actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "problems"),
    [
        (created("Order"), made("Item", id=1), ["it is created Item 1"]),
        (created("Order"), changed(status="paid"), ["it is updated Order 1"]),
        (updated("Order", 2), changed(status="paid"), ["it is updated Order 1"]),
        (updated("Order", "1"), changed(status="paid"), ["it is updated Order 1"]),
        (updated("Order", True), changed(status="paid"), ["it is updated Order 1"]),
        (deleted("Order", 1), changed(status="paid"), ["it is updated Order 1"]),
        (created("Order", paid=1), made("Order", id=1, paid=True), ["paid: expected 1, got True"]),
        (created("Order", note=""), made("Order", id=1), ["note: expected '', but there is no such column"]),
        (created("Order", note=None), made("Order", id=1), ["note: expected None, but there is no such column"]),
        (
            created("Order", due=datetime(2025, 1, 2)),
            made("Order", id=1, due=datetime(2025, 1, 3)),
            ["due: expected 2025-01-02T00:00:00, got 2025-01-03T00:00:00"],
        ),
        (updated("Order", 1, status="paid"), changed(status="payed"), ["status: expected 'paid', got 'payed'"]),
        (
            updated("Order", 1, status="paid"),
            changed(status="paid", total=2.5),
            ["total: changed too, from 1.5 to 2.5"],
        ),
        (updated("Order", 1, status=IsStr(regex="p.*")), changed(status="open", total=2.0), None),
        (updated("Order", 1), changed(), ["only updated_at changed"]),
        (updated("Order", 1, status="open"), changed(), ["only updated_at changed"]),
        (updated("Order", 1, updated_at=3), changed(), ["updated_at: expected 3, got 2"]),
        (deleted("Product", 1), soft_deleted(name="gone"), ["name: changed too, from 'pen' to 'gone'"]),
        (updated("Product", 1, name="gone"), soft_deleted(name="gone"), ["it is deleted Product 1"]),
    ],
    ids=str,
)
def test_not_met(expected: Expectation, actual: Change, problems: list[str] | None) -> None:
    found = expected.problems(actual)
    assert found
    assert problems is None or found == problems


def test_of_long_texts_the_part_is_shown_where_they_differ() -> None:
    (problem,) = created("Order", note="x" * 500 + "a").problems(made("Order", id=1, note="x" * 500 + "b"))
    assert "xa'" in problem
    assert "xb'" in problem
    assert len(problem) < 200


def test_any_field_name_can_be_expected() -> None:
    fields: dict[str, Any] = {"model": "m", "row_id": 2, "kind": "k", "id": 1, "self": 3}
    assert created("Order", **fields).problems(made("Order", **fields)) == []


def test_as_text() -> None:
    assert str(created(Order, status="open")) == "created Order(status='open')"
    assert str(updated(Order, 1, status="paid", total=2.0)) == "updated Order(1, status='paid', total=2.0)"
    assert str(deleted("Order", "a")) == "deleted Order('a')"
    assert str(created("Order")) == "created Order()"
    assert len(str(created("Order", note="x" * 1000))) < 200
