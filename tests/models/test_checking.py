"""Values and ids are checked before anything runs."""

# ruff: noqa: UP045 - types are written in every way that applications write them

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

import pytest
from sample_app import Status, register

from kailash_testkit.errors import FieldTypeError, ManagedField, UnknownField
from kailash_testkit.models import Model, read_model
from kailash_testkit.models.checking import checked_id, checked_operand, checked_values
from kailash_testkit.models.rows import Row


@pytest.fixture(scope="module")
def order(shop_db: Any) -> Model:
    return read_model(shop_db, "Order")


@pytest.fixture(scope="module")
def customer(shop_db: Any) -> Model:
    return read_model(shop_db, "Customer")


def test_right_values_pass_in_the_declared_types(order: Model) -> None:
    values = checked_values(order, {"total": 3, "status": "paid"})
    assert values == {"total": 3, "status": Status.PAID}
    assert values["status"] is Status.PAID


def test_a_misspelt_field_is_named_with_the_nearest(order: Model) -> None:
    with pytest.raises(UnknownField) as caught:
        checked_values(order, {"totl": 1.0})
    message = str(caught.value)
    assert "Order has no field 'totl': did you mean 'total'?" in message
    assert "store nothing" in message
    assert "id, customer_id, total, status, note" in message


def test_a_field_like_no_other_is_named_without_a_guess(order: Model) -> None:
    with pytest.raises(UnknownField) as caught:
        checked_values(order, {"zzz": 1.0})
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize("model", ["Order", "Stamped"])
def test_timestamps_are_moments_declared_or_not(shop_db: Any, model: str) -> None:
    checked = checked_values(read_model(shop_db, model), {"created_at": datetime(2025, 1, 1)})
    assert checked == {"created_at": datetime(2025, 1, 1)}
    with pytest.raises(FieldTypeError, match=f"{model}.updated_at: expected datetime, got 'yesterday'"):
        checked_values(read_model(shop_db, model), {"updated_at": "yesterday"})


def test_an_id_that_is_not_declared_cannot_be_given(shop_db: Any) -> None:
    with pytest.raises(ManagedField, match=r"(?s)Event.id cannot be given.*declares no id.*`id: int`"):
        checked_values(read_model(shop_db, "Event"), {"id": 7})


def test_a_wrong_type_names_field_expected_and_given(order: Model) -> None:
    with pytest.raises(FieldTypeError, match=r"wrong type for Order.total: expected float, got '3' \(str\)"):
        checked_values(order, {"total": "3"})


def test_none_for_a_required_optional_field_is_refused_because_the_column_is_not_null(new_db: Any) -> None:
    db = new_db()
    register(db, "Strict", id=int, text=Optional[str])
    with pytest.raises(FieldTypeError, match=r"(?s)Strict.text cannot be None.*NOT NULL.*= None"):
        checked_values(read_model(db, "Strict"), {"text": None})


def test_none_for_an_optional_field_with_a_default_passes(customer: Model) -> None:
    assert checked_values(customer, {"nickname": None}) == {"nickname": None}


def test_an_id_has_the_declared_type(order: Model, customer: Model, shop_db: Any) -> None:
    assert checked_id(order, 7) == 7
    assert checked_id(customer, "7") == "7"
    assert checked_id(read_model(shop_db, "Event"), 7) == 7
    with pytest.raises(FieldTypeError, match=r"Order.id: expected int, got '7' \(str\)"):
        checked_id(order, "7")
    with pytest.raises(FieldTypeError, match=r"Customer.id: expected str, got 7 \(int\)"):
        checked_id(customer, 7)


def test_a_row_in_place_of_an_id_is_told_to_give_its_id(order: Model) -> None:
    with pytest.raises(FieldTypeError, match=r"do:  give row\.id"):
        checked_id(order, Row("Order", {"id": 7}))


def test_operands_have_the_columns_type_or_are_none(order: Model) -> None:
    assert checked_operand(order, "total", None) is None
    assert checked_operand(order, "status", "paid") is Status.PAID
    with pytest.raises(FieldTypeError, match=r"Order.created_at: expected datetime"):
        checked_operand(order, "created_at", "today")
