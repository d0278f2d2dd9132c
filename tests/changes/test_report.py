"""The text of a failed expectation is what its reader works with."""

from __future__ import annotations

from typing import Any

from recorded import Recorder, change, made

from kailash_testkit.changes import Change, created, deleted, updated
from kailash_testkit.changes.report import described, listing, unmet

BEFORE = {"id": 1, "status": "open", "total": 1.5}


def changed(**values: Any) -> Change:
    return change("updated", "Order", BEFORE, {**BEFORE, **values})


def test_a_created_row_shows_its_values() -> None:
    row = made("Order", id=1, status="open", created_at="2025", updated_at="2025")
    assert described(row) == "created Order 1: status='open'"
    assert described(made("Order", id="a")) == "created Order 'a'"


def test_an_updated_row_shows_the_columns_that_differ() -> None:
    assert described(changed(status="paid", total=2.5)).splitlines() == [
        "updated Order 1",
        "  status: 'open' -> 'paid'",
        "  total: 1.5 -> 2.5",
    ]


def test_long_texts_show_where_they_differ() -> None:
    line = described(change("updated", "Order", {"id": 1, "note": "x" * 999 + "a"}, {"id": 1, "note": "x" * 999 + "b"}))
    assert "xa'" in line
    assert "xb'" in line
    assert len(line) < 200


def test_a_deleted_row_is_one_line() -> None:
    assert described(change("deleted", "Order", BEFORE, None)) == "deleted Order 1"


def test_a_soft_deletion_says_so_and_shows_what_else_changed() -> None:
    journal = Recorder()
    pen = {"id": 1, "name": "pen", "deleted_at": None}
    journal.update("products", pen, deleted_at="2025-01-02")
    journal.update("products", {**pen, "id": 2}, deleted_at="2025-01-02", name="gone")
    assert listing(journal.net()) == [
        "soft-deleted Product 1",
        "soft-deleted Product 2",
        "  name: 'pen' -> 'gone'",
    ]


def test_no_difference() -> None:
    assert unmet([], []) == []
    assert unmet([updated("Order", 1, status="paid")], [changed(status="paid")]) == []


def test_expected_and_actual_side_by_side_and_what_matched_is_only_counted() -> None:
    expected = [
        created("Item"),
        updated("Order", 1, status="paid"),
        deleted("Order", 9),
        created("Item", name="pen"),
    ]
    actual = [
        made("Item", id=1, name="a"),
        changed(status="payed", total=2.5),
        made("Item", id=2, name="pin"),
        change("updated", "Order", {**BEFORE, "id": 3}, {**BEFORE, "id": 3, "status": "late", "total": 0.0}),
        change("deleted", "Customer", {"id": "c"}, None),
    ]
    assert unmet(expected, actual) == [
        "1 as expected",
        "different:  updated Order(1, status='paid')",
        "              status: expected 'paid', got 'payed'",
        "              total: changed too, from 1.5 to 2.5",
        "missing:    deleted Order(9)",
        "different:  created Item(name='pen')   (nearest: 2)",
        "              name: expected 'pen', got 'pin'",
        "unexpected: updated Order 3",
        "              status: 'open' -> 'late'",
        "              total: 1.5 -> 0.0",
        "unexpected: deleted Customer 'c'",
    ]


def test_an_expectation_is_held_against_the_change_that_comes_nearest() -> None:
    actual = [made("Item", id=1, a=1, b=1), made("Item", id=2, a=2, b=1)]
    lines = unmet([created("Item", a=2, b=2)], actual)
    assert lines[:2] == ["different:  created Item(a=2, b=2)   (nearest: 2)", "              b: expected 2, got 1"]
    assert lines[2:] == ["unexpected: created Item 1: a=1, b=1"]


def test_what_is_not_worth_telling_is_no_difference_and_may_be_expected() -> None:
    touched = change("updated", "Order", {"id": 1, "updated_at": 1}, {"id": 1, "updated_at": 2})
    assert unmet([], [touched]) == []
    assert unmet([updated("Order", 1, updated_at=2)], [touched]) == []
    assert unmet([updated("Order", 1)], [touched]) == ["missing:    updated Order(1)"]
    assert unmet([updated("Order", 1, updated_at=3)], [touched]) == ["missing:    updated Order(1, updated_at=3)"]


def test_hundreds_of_differences_do_not_fill_the_screen() -> None:
    lines = unmet([], [made("Item", id=number) for number in range(500)])
    assert len(lines) < 30
    assert lines[-1] == "... and 0 more expected, 480 more found"
