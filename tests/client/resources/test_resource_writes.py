"""Writes through a resource: what the API says is held against what the database holds."""

from __future__ import annotations

import pytest
from order_api import OrderApi
from releases_of_kailash import needs_soft_delete

from kailash_testkit import ApiClient, Factory, Kit, Resource
from kailash_testkit.errors import (
    ConfigurationError,
    StoredRowMismatch,
    UnconfirmedWrite,
    UnexpectedChanges,
    UnexpectedResponse,
    UnexpectedStatus,
    UnknownField,
)

NEW = {"customer_id": "ada", "total": 1.5, "note": "soon"}


async def test_create_returns_the_object_and_has_checked_the_row(resource: Resource, orders: Factory) -> None:
    order = await resource.create(NEW)
    assert order | NEW == order
    assert (await orders.get(order["id"])).matches(**NEW, status="open")


async def test_a_create_that_stores_nothing(resource: Resource, shop_api: OrderApi) -> None:
    shop_api.faults = {"stores nothing"}
    with pytest.raises(UnconfirmedWrite) as failure:
        await resource.create(NEW)
    text = str(failure.value)
    assert text.startswith("POST http://testserver/orders answered 201, and no Order 4711 was stored\n")
    assert "the database did not change during the request" in text
    assert "why: table orders has no row with id 4711" in text
    assert "success: False" in text


async def test_a_create_that_answers_with_a_row_of_before(
    resource: Resource, shop_api: OrderApi, orders: Factory
) -> None:
    shop_api.faults = {"stores nothing"}
    await orders.create(id=4711)
    with pytest.raises(UnconfirmedWrite, match="a row with this id was there before"):
        await resource.create(NEW)


async def test_a_create_that_stores_another_value(resource: Resource, shop_api: OrderApi) -> None:
    shop_api.faults = {"changes the total"}
    with pytest.raises(StoredRowMismatch, match=r"is not stored as it was sent\n  total: sent 1.5, stored 2.5"):
        await resource.create(NEW)


async def test_a_create_that_changes_more(resource: Resource, shop_api: OrderApi, client: ApiClient) -> None:
    shop_api.faults = {"writes another table"}
    with pytest.raises(UnexpectedChanges, match=r"changed more than Order \d+\n  created Product 'p'"):
        await resource.create(NEW)
    shop_api.sql("DELETE FROM products")
    await client.resource("/orders", model="Order", allow={"Product"}).create(NEW)


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("answers another note", "note: sent 'soon', the response has 'another'"),
        ("answers without the note", "note: sent 'soon', not in the response"),
    ],
)
async def test_a_create_whose_answer_is_not_what_was_sent(
    resource: Resource, shop_api: OrderApi, client: ApiClient, fault: str, line: str
) -> None:
    shop_api.faults = {fault}
    with pytest.raises(UnexpectedResponse) as failure:
        await resource.create(NEW)
    assert f"  {line}\n" in str(failure.value)
    assert "why: the row is stored as it was sent; only the response is wrong" in str(failure.value)
    with pytest.raises(UnexpectedResponse, match="note: sent 'soon'"):
        await client.resource("/orders").create(NEW)
    await client.resource("/orders", server_set={"note"}).create(NEW)
    await client.resource("/orders", write_only={"note"}).create(NEW)


async def test_a_create_whose_answer_has_no_id(resource: Resource, shop_api: OrderApi) -> None:
    shop_api.faults = {"answers without an id"}
    with pytest.raises(UnexpectedResponse, match=r"its body has no 'id'") as failure:
        await resource.create(NEW)
    assert "was stored; CreateNode returns no automatic id on SQLite" in str(failure.value)


async def test_update_and_patch_return_the_new_state(resource: Resource, orders: Factory) -> None:
    first, second = await orders.create_many(2)
    assert (await resource.update(first.id, {"total": 2, "note": "x"}))["total"] == 2
    assert (await resource.patch(first.id, {"status": "paid"}))["status"] == "paid"
    assert (await orders.get(first.id)).matches(total=2, note="x")
    assert await orders.get(second.id) == second


@pytest.mark.parametrize("verb", ["update", "patch"])
async def test_an_update_of_a_missing_row_that_the_api_calls_successful(
    resource: Resource, shop_api: OrderApi, verb: str
) -> None:
    shop_api.faults = {"believes UpdateNode"}
    with pytest.raises(UnconfirmedWrite) as failure:
        await getattr(resource, verb)(99, {"status": "paid"})
    text = str(failure.value)
    assert "/orders/99 answered 200, and there is no Order 99\n" in text
    assert "UpdateNode reports updated: True also when no row matched" in text
    assert "answer 404 when there is none" in text


@pytest.mark.slow
async def test_an_update_of_a_missing_row_that_the_api_refuses(resource: Resource) -> None:
    with pytest.raises(UnexpectedStatus, match="expected a success, got 404 Not Found"):
        await resource.update(99, {"status": "paid"})


async def test_an_update_that_stores_nothing(resource: Resource, shop_api: OrderApi, orders: Factory) -> None:
    shop_api.faults = {"stores nothing", "answers updated"}
    order = await orders.create()
    with pytest.raises(UnconfirmedWrite, match="status: sent 'paid', stored 'open'") as failure:
        await resource.update(order.id, {"status": "paid"})
    assert "why: the row did not change" in str(failure.value)


async def test_an_update_that_answers_with_the_old_state(
    resource: Resource, shop_api: OrderApi, orders: Factory
) -> None:
    shop_api.faults = {"answers the old state"}
    order = await orders.create()
    with pytest.raises(UnexpectedResponse, match="status: sent 'paid', the response has 'open'"):
        await resource.update(order.id, {"status": "paid"})


async def test_an_update_whose_answer_shows_no_row_returns_the_stored_one(
    resource: Resource, shop_api: OrderApi, orders: Factory
) -> None:
    shop_api.faults = {"answers updated"}
    order = await orders.create()
    changed = await resource.update(order.id, {"status": "paid"})
    assert (changed["id"], changed["status"], changed["total"]) == (order.id, "paid", 1.5)


async def test_an_update_that_changes_other_columns_or_rows(
    resource: Resource, shop_api: OrderApi, orders: Factory, client: ApiClient
) -> None:
    order, _ = await orders.create_many(2)
    shop_api.faults = {"touches the note"}
    with pytest.raises(UnexpectedChanges, match=r"columns that were not sent\n  note: '' -> 'touched'"):
        await resource.update(order.id, {"status": "paid"})
    await client.resource("/orders", model="Order", server_set={"note"}).update(order.id, {"status": "open"})
    shop_api.faults = {"updates all rows"}
    with pytest.raises(UnexpectedChanges, match=rf"changed more than Order {order.id}\n  updated Order"):
        await resource.update(order.id, {"status": "paid"})


async def test_delete_is_verified_in_the_database(resource: Resource, shop_api: OrderApi, orders: Factory) -> None:
    order, other = await orders.create_many(2)
    await resource.delete(order.id)
    assert await orders.rows() == [other]
    shop_api.faults = {"stores nothing"}
    with pytest.raises(UnconfirmedWrite, match="is still in the database") as failure:
        await resource.delete(other.id)
    assert f"stored: Order(id={other.id}" in str(failure.value)


@pytest.mark.slow
async def test_a_delete_of_a_missing_row_that_the_api_calls_successful(resource: Resource, shop_api: OrderApi) -> None:
    shop_api.faults = {"believes DeleteNode"}
    with pytest.raises(UnconfirmedWrite, match="DeleteNode reports deleted: True also when no row matched"):
        await resource.delete(99)


async def test_a_delete_that_deletes_more(resource: Resource, shop_api: OrderApi, orders: Factory) -> None:
    order, other = await orders.create_many(2)
    shop_api.faults = {"deletes all rows"}
    with pytest.raises(UnexpectedChanges, match=f"deleted Order {other.id}"):
        await resource.delete(order.id)


@needs_soft_delete
async def test_a_soft_deleted_row_counts_as_deleted_and_is_not_there_again(client: ApiClient, shop_kit: Kit) -> None:
    product = await shop_kit.create("Product", name="Tea")
    products = client.resource("/products", model="Product")
    await products.delete(product.id)
    with pytest.raises(UnconfirmedWrite, match="is soft-deleted: deleted_at is 2025-01-01"):
        await products.delete(product.id)


async def test_statuses_can_be_chosen(client: ApiClient) -> None:
    await client.resource("/orders", statuses={"create": 201}).create(NEW)
    with pytest.raises(UnexpectedStatus, match="expected 200 or 202, got 201"):
        await client.resource("/orders", statuses={"create": (200, 202)}).create(NEW)


async def test_a_refused_write_shows_what_changed(client: ApiClient) -> None:
    with pytest.raises(UnexpectedStatus) as failure:
        await client.expect(200).post("/orders", json=NEW)
    text = str(failure.value)
    assert "  changed in the database during the request:\n    created Order " in text
    assert "note='soon'" in text
    with pytest.raises(UnexpectedStatus, match="the database did not change during the request"):
        await client.expect(200).get("/nothing")


async def test_settings_that_cannot_be_used(client: ApiClient, shop_api: OrderApi) -> None:
    with pytest.raises(ConfigurationError, match="has no place for the id"):
        client.resource("/orders", item_path="/order")
    with pytest.raises(UnknownField, match="did you mean 'customer_id'"):
        client.resource("/orders", model="Order", where={"custommer_id": 1})
    with pytest.raises(ConfigurationError, match="this client has no kit"):
        ApiClient(shop_api.app).resource("/orders", model="Order")
