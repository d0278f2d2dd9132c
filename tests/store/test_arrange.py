"""update, delete, execute: checked like a create, and a missing row is an error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from database_kinds import Kind, Meddle
from releases_of_kailash import needs_soft_delete
from sample_app import Colour, Level, Status, register

from kailash_testkit.errors import (
    AppendOnlyModel,
    FieldTypeError,
    ManagedField,
    NodeFailed,
    RowNotFound,
    StoredRowMismatch,
    UnknownField,
    UnknownOperation,
)
from kailash_testkit.kit import Kit

Sql = Callable[..., list[Any]]


# --- update --------------------------------------------------------------------------------------


async def test_update_changes_the_given_fields_and_returns_the_stored_row(shop_kit: Kit, sql: Sql) -> None:
    order, other = await shop_kit.factory("Order").create_many(2, note="old")
    changed = await shop_kit.update("Order", order.id, note="new", status="paid")
    assert changed.matches(id=order.id, note="new", status=Status.PAID, total=order.total)
    assert changed == await shop_kit.get("Order", order.id)
    assert sql("SELECT note, status FROM orders ORDER BY id") == [("new", "paid"), ("old", "open")]
    assert await shop_kit.get("Order", other.id) == other


async def test_update_takes_every_kind_of_value(shop_kit: Kit, database_kind: Kind) -> None:
    row = await shop_kit.create("Kinds", maybe=3)
    values: dict[str, Any] = {
        "whole": 5,
        "real": 2,
        "flag": True,
        "moment": datetime(2021, 1, 1, 1, 1, 1, 5 if database_kind.microseconds else 0),
        "mapping": {"x": [1]},
        "numbers": [5, 6],
        "status": Status.PAID,
        "colour": Colour.GREEN,
        "level": Level.HIGH,
        "maybe": None,
    }
    changed = await shop_kit.update("Kinds", row.id, **values)
    assert {name: changed[name] for name in values} == values
    assert [row.id for row in await shop_kit.rows("Kinds", colour=Colour.GREEN)] == [row.id]


@pytest.mark.parametrize("row_id", [2, 99])
async def test_update_of_a_missing_row_fails_where_dataflow_says_updated(shop_kit: Kit, row_id: int) -> None:
    await shop_kit.create("Order")
    with pytest.raises(RowNotFound, match=f"no Order with id {row_id}\n  why: .*1 row; closest ids: 1"):
        await shop_kit.update("Order", row_id, note="x")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"note": 1}, FieldTypeError),
        ({"noet": "x"}, UnknownField),
        ({"updated_at": "2025-01-01"}, FieldTypeError),
        ({"id": 99}, ManagedField),
        ({"note": None}, FieldTypeError),
    ],
)
async def test_update_refuses_what_create_refuses_and_a_new_id(
    shop_kit: Kit, fields: Any, error: type[Exception]
) -> None:
    order = await shop_kit.create("Order")
    with pytest.raises(error):
        await shop_kit.update("Order", order.id, **fields)
    assert await shop_kit.rows("Order") == [order]


async def test_an_update_that_violates_a_constraint_fails_with_the_databases_words(
    shop_kit: Kit, database_kind: Kind
) -> None:
    await shop_kit.create("Customer", email="a@example.com")
    eve = await shop_kit.create("Customer")
    with pytest.raises(NodeFailed) as caught:
        await shop_kit.update("Customer", eve.id, email="a@example.com")
    message = str(caught.value)
    assert message.startswith(f"update of Customer '{eve.id}' failed: {database_kind.duplicate}")
    assert "give another value" in message


async def test_a_failure_is_given_no_cure_that_does_not_fit(new_db: Any) -> None:
    """DataFlow mistakes the parameter ``fields`` for the field of that name, and says "blocked"."""
    db = new_db()
    register(db, "Form", id=int, fields=str)
    async with Kit(db) as kit:
        form = await kit.create("Form")
        with pytest.raises(NodeFailed, match="type confusion blocked") as caught:
            await kit.update("Form", form.id, fields="x")
    assert caught.value.do is None


async def test_an_update_that_is_stored_otherwise_is_told(own_kit: Kit, meddle: Meddle) -> None:
    order = await own_kit.create("Order")
    meddle("UPDATE", total=0)
    with pytest.raises(StoredRowMismatch, match=r"Order 1 was updated, but not as requested: total"):
        await own_kit.update("Order", order.id, total=5.0)


# --- delete --------------------------------------------------------------------------------------


async def test_delete_removes_that_row_only(shop_kit: Kit, sql: Sql) -> None:
    order, other = await shop_kit.factory("Order").create_many(2)
    assert await shop_kit.delete("Order", order.id) is None  # type: ignore[func-returns-value]
    assert sql("SELECT id FROM orders") == [(other.id,)]


async def test_delete_of_a_missing_row_fails(shop_kit: Kit) -> None:
    order = await shop_kit.create("Order")
    await shop_kit.delete("Order", order.id)
    with pytest.raises(
        RowNotFound, match=r"(?s)Order with id 1\n.*orders has no rows at all\n  why: Order 1 was deleted"
    ):
        await shop_kit.delete("Order", order.id)


@needs_soft_delete
async def test_a_soft_delete_keeps_the_row_and_a_second_one_fails(shop_kit: Kit, sql: Sql) -> None:
    product = await shop_kit.create("Product")
    await shop_kit.delete("Product", product.id)
    ((deleted_at,),) = sql("SELECT deleted_at FROM products")
    assert deleted_at is not None
    for verb in (shop_kit.delete("Product", product.id), shop_kit.update("Product", product.id, name="x")):
        with pytest.raises(RowNotFound, match="soft-deleted at"):
            await verb
    assert sql("SELECT name FROM products") == [(product.name,)]


@pytest.mark.databases("sqlite", "postgresql")  # triggers of MariaDB and MySQL cannot skip a row
async def test_a_delete_that_did_not_happen_is_told(own_kit: Kit, own_sql: Sql, database_kind: Kind) -> None:
    order = await own_kit.create("Order")
    for statement in database_kind.skipping("DELETE", "orders"):
        own_sql(statement)
    with pytest.raises(NodeFailed, match=r"(?s)delete of Order 1: .*still there.*Order\(id=1.*trigger"):
        await own_kit.delete("Order", order.id)


# --- append-only models --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda kit: kit.update("Entry", 1, amount=4),
        lambda kit: kit.delete("Entry", 1),
        lambda kit: kit.execute("Entry", "BulkDelete", {}),
        lambda kit: kit.execute("Entry", "Upsert", {}),
    ],
    ids=["update", "delete", "BulkDelete", "Upsert"],
)
async def test_rows_of_an_append_only_model_are_created_and_never_changed(
    shop_kit: Kit, change: Callable[[Kit], Any]
) -> None:
    entry = await shop_kit.create("Entry", amount=3)
    with pytest.raises(AppendOnlyModel, match=r"(?s)of Entry, which is append-only.*create a further row"):
        await change(shop_kit)
    assert await shop_kit.rows("Entry") == [entry]


# --- execute -------------------------------------------------------------------------------------


async def test_execute_runs_any_generated_node_and_returns_its_result(shop_kit: Kit) -> None:
    await shop_kit.factory("Order").create_many(3, note="old")
    result = await shop_kit.execute("Order", "BulkUpdate", {"filter": {"note": "old"}, "fields": {"note": "new"}})
    assert result["success"] is True
    assert await shop_kit.count("Order", note="new") == 3


async def test_execute_without_inputs(shop_kit: Kit) -> None:
    assert (await shop_kit.execute("Order", "Count"))["count"] == 0


async def test_execute_raises_what_the_node_reports(shop_kit: Kit) -> None:
    with pytest.raises(NodeFailed) as caught:
        await shop_kit.execute("Order", "Create", {"note": "x"})
    assert str(caught.value) == (
        "OrderCreateNode reported success: False\n  why: no value for the required field customer_id"
    )


async def test_execute_raises_what_the_node_raises_without_terminal_codes(shop_kit: Kit) -> None:
    with pytest.raises(NodeFailed) as caught:
        await shop_kit.execute("Order", "Read", {"id": 987})
    assert str(caught.value) == "OrderReadNode raised\n  why: Record with id=987 not found in Order table"


async def test_an_operation_that_dataflow_does_not_generate_names_the_nearest(shop_kit: Kit) -> None:
    with pytest.raises(UnknownOperation, match=r"(?s)no OrderBulkupdateNode: did you mean 'BulkUpdate'.*BulkUpsert"):
        await shop_kit.execute("Order", "Bulkupdate", {})
