"""What is read about a model from the DataFlow instance that registered it."""

# ruff: noqa: UP045 - types are written in every way that applications write them

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

import pytest
from releases_of_kailash import needs_soft_delete
from sample_app import Status, register

from kailash_testkit.errors import UnknownField, UnknownModel
from kailash_testkit.models import read_model
from kailash_testkit.models.model import MISSING


def test_fields_have_their_types_and_defaults(shop_db: Any) -> None:
    order = read_model(shop_db, "Order")
    assert list(order.fields) == ["id", "customer_id", "total", "status", "note"]
    assert order.fields["status"].annotation is Status
    assert order.fields["status"].default is Status.OPEN
    assert order.fields["total"].default is MISSING
    assert order.fields["total"].required
    assert not order.fields["note"].required


def test_a_default_of_none_is_a_default(shop_db: Any) -> None:
    nickname = read_model(shop_db, "Customer").fields["nickname"]
    assert nickname.default is None
    assert nickname.nullable
    assert not nickname.required


def test_the_table_is_dataflows(shop_db: Any) -> None:
    assert read_model(shop_db, "Entry").table == "entries"


@needs_soft_delete
def test_columns_include_what_dataflow_adds(shop_db: Any) -> None:
    product = read_model(shop_db, "Product")
    assert set(product.columns) == {"id", "name", "created_at", "updated_at", "deleted_at"}
    assert product.columns["created_at"] is datetime
    assert "deleted_at" not in read_model(shop_db, "Order").columns


def test_declared_timestamps_keep_their_declared_type_and_take_no_value(shop_db: Any) -> None:
    stamped = read_model(shop_db, "Stamped")
    assert stamped.columns["created_at"] is str
    assert list(stamped.writable) == ["id", "name"]


def test_unique_indexes_are_known_and_the_id_is_one(shop_db: Any) -> None:
    assert set(read_model(shop_db, "Customer").unique) == {frozenset({"id"}), frozenset({"email"})}


@pytest.mark.parametrize(
    ("model", "automatic"), [("Order", True), ("Event", True), ("Customer", False), ("Stamped", False)]
)
def test_who_gives_ids(shop_db: Any, model: str, automatic: bool) -> None:
    assert read_model(shop_db, model).id_is_automatic is automatic


def test_an_optional_int_id_is_automatic(new_db: Any) -> None:
    db = new_db()
    register(db, "Loose", id=(Optional[int], None), text=str)
    assert read_model(db, "Loose").id_is_automatic


@needs_soft_delete
def test_kinds_of_models(shop_db: Any) -> None:
    assert read_model(shop_db, "Product").soft_delete
    assert read_model(shop_db, "Entry").append_only
    assert not read_model(shop_db, "Order").soft_delete
    assert not read_model(shop_db, "Order").append_only
    assert not read_model(shop_db, "Order").tenant


def test_annotations_written_as_text_are_resolved(new_db: Any) -> None:
    db = new_db()
    model = register(db, "Textual", id="int", flag="bool")
    assert read_model(db, model).columns["flag"] is bool


def test_an_unknown_model_names_the_nearest(shop_db: Any) -> None:
    with pytest.raises(UnknownModel) as caught:
        read_model(shop_db, "Custommer")
    assert "no model 'Custommer'" in str(caught.value)
    assert "did you mean 'Customer'?" in str(caught.value)
    assert "registered are: Customer, Order" in str(caught.value)


def test_a_class_that_was_never_registered_is_unknown(shop_db: Any) -> None:
    class Forgotten:
        id: int

    with pytest.raises(UnknownModel, match=r"(?s)'Forgotten'.*@db\.model"):
        read_model(shop_db, Forgotten)


def test_an_unknown_column_names_the_nearest(shop_db: Any) -> None:
    with pytest.raises(UnknownField, match=r"(?s)Order has no field 'sttaus': did you mean 'status'\?.*find nothing"):
        read_model(shop_db, "Order").column("sttaus")
