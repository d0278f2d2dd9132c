"""What a series of recorded changes amounts to."""

from __future__ import annotations

from datetime import datetime

import pytest
from recorded import Recorder, Status

from kailash_testkit.changes import Change

OPEN = {"id": 1, "total": 1.5, "status": "open", "paid": 0, "lines": "[1, 2]", "due": "2025-01-02 03:04:05"}


@pytest.fixture
def journal() -> Recorder:
    return Recorder()


def only(journal: Recorder) -> Change:
    (change,) = journal.net()
    return change


def test_nothing(journal: Recorder) -> None:
    assert journal.net() == []


def test_a_created_row_has_only_an_after(journal: Recorder) -> None:
    journal.insert("orders", **OPEN)
    change = only(journal)
    assert (change.kind, change.model, change.id, change.before) == ("created", "Order", 1, None)
    assert change.after is not None
    assert change.after.as_dict() == {
        "id": 1,
        "total": 1.5,
        "status": Status.OPEN,
        "paid": False,
        "lines": [1, 2],
        "due": datetime(2025, 1, 2, 3, 4, 5),
    }
    assert change.columns == ("id", "total", "status", "paid", "lines", "due")


def test_a_deleted_row_has_only_a_before(journal: Recorder) -> None:
    journal.delete("orders", OPEN)
    change = only(journal)
    assert (change.kind, change.id, change.after) == ("deleted", 1, None)
    assert change.before is not None
    assert change.before.status is Status.OPEN


def test_an_update_names_the_columns_that_differ(journal: Recorder) -> None:
    journal.update("orders", OPEN, status="paid", paid=1)
    change = only(journal)
    assert (change.kind, change.columns) == ("updated", ("status", "paid"))


def test_several_updates_of_a_row_are_one(journal: Recorder) -> None:
    paid = journal.update("orders", OPEN, status="paid")
    journal.update("orders", paid, paid=1)
    change = only(journal)
    assert change.columns == ("status", "paid")
    assert change.before is not None
    assert change.before.paid is False


def test_an_update_that_is_taken_back_is_nothing(journal: Recorder) -> None:
    journal.update("orders", journal.update("orders", OPEN, status="paid"), status="open")
    assert journal.net() == []


def test_a_value_written_in_another_form_is_the_same(journal: Recorder) -> None:
    journal.update("orders", OPEN, lines="[1,2]", due="2025-01-02T03:04:05")
    assert journal.net() == []


def test_the_smallest_change_of_a_number_is_one(journal: Recorder) -> None:
    """Unlike an expected value, which may have been rounded to four bytes."""
    journal.update("orders", {**OPEN, "total": 1.1}, total=1.100000023841858)
    assert only(journal).columns == ("total",)


def test_an_insert_that_is_deleted_is_nothing(journal: Recorder) -> None:
    journal.insert("orders", **OPEN)
    journal.delete("orders", journal.update("orders", OPEN, status="paid"))
    assert journal.net() == []


def test_a_created_row_that_is_updated_is_created_as_it_is_now(journal: Recorder) -> None:
    journal.insert("orders", **OPEN)
    journal.update("orders", OPEN, status="paid")
    change = only(journal)
    assert change.kind == "created"
    assert change.after is not None
    assert change.after.status is Status.PAID


def test_an_updated_row_that_is_deleted_is_deleted_as_it_was(journal: Recorder) -> None:
    journal.delete("orders", journal.update("orders", OPEN, status="paid"))
    change = only(journal)
    assert change.kind == "deleted"
    assert change.before is not None
    assert change.before.status is Status.OPEN


def test_a_row_that_is_replaced_is_updated(journal: Recorder) -> None:
    journal.delete("orders", OPEN)
    journal.insert("orders", **{**OPEN, "total": 2.0})
    change = only(journal)
    assert (change.kind, change.columns) == ("updated", ("total",))


def test_a_deleted_row_that_comes_back_is_nothing(journal: Recorder) -> None:
    journal.delete("orders", OPEN)
    journal.insert("orders", **OPEN)
    assert journal.net() == []


def test_a_new_key_is_a_deletion_and_a_creation(journal: Recorder) -> None:
    journal.update("orders", OPEN, id=2)
    assert [(change.kind, change.id) for change in journal.net()] == [("deleted", 1), ("created", 2)]


def test_a_key_that_moves_away_and_back_is_nothing(journal: Recorder) -> None:
    journal.update("orders", journal.update("orders", OPEN, id=2), id=1)
    assert journal.net() == []


def test_keys_that_are_swapped_are_updates(journal: Recorder) -> None:
    one, two = OPEN, {**OPEN, "id": 2, "total": 9.0}
    away = journal.update("orders", one, id=-1)
    journal.update("orders", two, id=1)
    journal.update("orders", away, id=2)
    assert [(change.kind, change.id, change.columns) for change in journal.net()] == [
        ("updated", 1, ("total",)),
        ("updated", 2, ("total",)),
    ]


def test_rows_of_one_key_in_two_tables_are_two(journal: Recorder) -> None:
    journal.insert("orders", **OPEN)
    journal.insert("products", id=1, name="pen")
    assert [change.model for change in journal.net()] == ["Order", "Product"]


def test_a_soft_deletion_is_a_deletion_that_has_both_sides(journal: Recorder) -> None:
    journal.update("products", {"id": 1, "name": "pen", "deleted_at": None}, deleted_at="2025-01-02 03:04:05")
    change = only(journal)
    assert (change.kind, change.soft, change.columns) == ("deleted", True, ("deleted_at",))
    assert change.after is not None
    assert change.after.deleted_at == datetime(2025, 1, 2, 3, 4, 5)


def test_a_row_brought_back_from_soft_deletion_is_updated(journal: Recorder) -> None:
    journal.update("products", {"id": 1, "name": "pen", "deleted_at": "2025-01-02 03:04:05"}, deleted_at=None)
    assert only(journal).kind == "updated"


def test_a_soft_deletion_that_is_taken_back_is_nothing(journal: Recorder) -> None:
    gone = journal.update("products", {"id": 1, "name": "pen", "deleted_at": None}, deleted_at="2025-01-02")
    journal.update("products", gone, deleted_at=None)
    assert journal.net() == []


def test_a_column_named_deleted_at_means_nothing_without_soft_delete(journal: Recorder) -> None:
    journal.update("orders", {**OPEN, "deleted_at": None}, deleted_at="2025-01-02")
    assert only(journal).kind == "updated"


def test_updated_at_alone_is_not_worth_telling(journal: Recorder) -> None:
    journal.update("orders", {**OPEN, "updated_at": "2025-01-02 03:04:05"}, updated_at="2025-01-02 03:04:06")
    change = only(journal)
    assert (change.columns, change.reported_columns, change.is_reported) == (("updated_at",), (), False)


def test_a_table_without_a_model_keeps_its_name_and_stored_values(journal: Recorder) -> None:
    journal.update("audit", {"id": 1, "ok": 1}, ok=0)
    change = only(journal)
    assert (change.model, change.id) == ("audit", 1)
    assert change.after is not None
    assert change.after.as_dict() == {"id": 1, "ok": 0}


def test_a_stored_value_that_changes_its_type_differs(journal: Recorder) -> None:
    journal.update("audit", {"id": 1, "ok": 1}, ok=1.0)
    assert only(journal).columns == ("ok",)


@pytest.mark.parametrize(("key", "row_id"), [((7,), 7), ((7, "a"), (7, "a"))], ids=["simple", "composite"])
def test_without_an_id_the_key_says_which_row(journal: Recorder, key: tuple[object, ...], row_id: object) -> None:
    journal.insert("links", key=key, left=7, right="a")
    assert only(journal).id == row_id
