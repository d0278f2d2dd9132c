"""`Row`: immutable, attribute and item access, typed values, comparison, JSON."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import ANY
from uuid import UUID

import pytest
from sample_app import Colour, Status

from kailash_testkit.models import read_model
from kailash_testkit.models.rows import Row, jsonable

USES: list[Callable[[Any], object]] = [list, tuple, set, dict, lambda row: row[0], lambda row: row[:1]]


@pytest.fixture
def row() -> Row:
    return Row("Order", {"id": 7, "status": Status.OPEN, "paid": False, "items": [1], "keys": "k", "json": "j"})


def test_columns_are_attributes_and_items(row: Row) -> None:
    assert row.id == row["id"] == 7
    assert "status" in row
    assert "nope" not in row


def test_columns_named_like_methods_of_a_mapping_are_columns(row: Row) -> None:
    assert (row.items, row.keys, row.json) == ([1], "k", "j")
    assert not hasattr(row, "get")


def test_a_column_named_like_a_method_of_the_row_is_reached_as_an_item() -> None:
    row = Row("Game", {"matches": 3})
    assert row["matches"] == 3
    assert callable(row.matches)


def test_a_misspelt_column_names_the_nearest(row: Row) -> None:
    with pytest.raises(AttributeError, match="Order row has no column 'sttaus': did you mean 'status'"):
        _ = row.sttaus
    with pytest.raises(KeyError, match="Order row has no column 'sttaus': did you mean 'status'"):
        _ = row["sttaus"]
    with pytest.raises(AttributeError, match="its columns are id, status"):
        _ = row.zzz


def test_a_row_cannot_be_changed(row: Row) -> None:
    with pytest.raises(AttributeError, match=r"immutable.*await kit.update\(Order, 7, status="):
        row.status = Status.PAID
    with pytest.raises(AttributeError, match="immutable"):
        del row.status
    row.as_dict()["status"] = Status.PAID
    assert row.status is Status.OPEN


def test_equality_compares_all_columns(row: Row) -> None:
    assert row == Row("Order", row.as_dict())
    assert row == row.as_dict()
    assert row != Row("Order", {**row.as_dict(), "keys": "other"})
    assert row != Row("Offer", row.as_dict())
    assert row != {"id": 7}
    assert row != 7


def test_equal_rows_are_one_in_a_set(row: Row) -> None:
    assert len({row, Row("Order", row.as_dict())}) == 1


def test_matches_compares_the_named_columns(row: Row) -> None:
    assert row.matches(id=7, status="open")
    assert row.matches(id=ANY, paid=ANY)
    assert not row.matches(id=7, status=Status.PAID)
    assert not row.matches(paid=0)
    with pytest.raises(KeyError, match="no column 'sttaus'"):
        row.matches(sttaus="open")


def test_rows_can_be_copied_and_pickled(row: Row) -> None:
    for copied in (copy.copy(row), copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert copied == row
        assert type(copied) is Row


@pytest.mark.parametrize("use", USES)
def test_what_takes_a_row_for_a_dict_or_a_list_is_told_what_gives_one(use: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match=r"Order row has columns.*row\.as_dict\(\).*row\.as_json\(\)"):
        use(Row("Order", {"id": 7, "status": Status.OPEN}))


def test_a_row_is_data(row: Row) -> None:
    plain = Row("Order", {"id": 7, "status": Status.OPEN})
    assert plain.as_dict() == plain
    assert dict(row.as_dict()) == row
    assert json.loads(json.dumps(row.as_json())) == row.as_json()


def test_columns_that_differ_in_each_run_are_left_out(row: Row) -> None:
    assert row.as_dict(exclude={"id", "items", "keys", "json"}) == {"status": Status.OPEN, "paid": False}
    assert row.as_json(exclude=["id", "items", "keys", "json"]) == {"status": "open", "paid": False}
    assert row.as_json(exclude="paid").keys() == {"id", "status", "items", "keys", "json"}
    with pytest.raises(KeyError, match="no column 'sttaus': did you mean 'status'"):
        row.as_json(exclude={"sttaus"})


def test_repr_is_short_and_names_the_model(row: Row) -> None:
    assert repr(Row("Order", {"id": 7, "note": "x"})) == "Order(id=7, note='x')"
    wide = repr(Row("Wide", {f"column{n}": n for n in range(20)}))
    assert "column7=7, ... 12 more columns)" in wide
    assert "20 characters" not in wide
    assert "(502 characters)" in repr(Row("Long", {"text": "x" * 500}))


def test_stored_values_are_decoded_by_the_model(shop_db: Any) -> None:
    kinds = read_model(shop_db, "Kinds")
    row = Row.decoded(kinds, {"flag": 1, "numbers": "[1]", "colour": "Colour.GREEN", "extra_column": "1"})
    assert row.flag is True
    assert row.numbers == [1]
    assert row.colour is Colour.GREEN
    assert row.extra_column == "1"


def test_as_json_shows_values_as_an_api_would() -> None:
    row = Row(
        "Kinds",
        {
            "at": datetime(2025, 1, 2, 3, 4),
            "day": date(2025, 1, 2),
            "status": Status.PAID,
            "colour": Colour.GREEN,
            "price": Decimal("1.10"),
            "uid": UUID(int=1),
            "data": b"\x00",
            "nested": {1: [Status.PAID, None, (1, 2)]},
        },
    )
    assert row.as_json() == {
        "at": "2025-01-02T03:04:00",
        "day": "2025-01-02",
        "status": "paid",
        "colour": 2,
        "price": "1.10",
        "uid": "00000000-0000-0000-0000-000000000001",
        "data": "AA==",
        "nested": {"1": ["paid", None, [1, 2]]},
    }


def test_a_str_enum_becomes_a_plain_text_in_json() -> None:
    assert type(jsonable(Status.PAID)) is str
