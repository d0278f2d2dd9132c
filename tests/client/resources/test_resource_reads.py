"""Reads through a resource: an API that does not show what is stored is found out."""

from __future__ import annotations

from typing import Any

import pytest
from order_api import OrderApi

from kailash_testkit import ApiClient, Factory, Resource
from kailash_testkit.errors import ReadYourWritesError, UnexpectedResponse, UnexpectedStatus


async def test_get_shows_the_row_as_it_is_stored(resource: Resource, orders: Factory) -> None:
    order = await orders.create(note="n")
    assert (await resource.get(order.id))["note"] == "n"
    with pytest.raises(UnexpectedStatus, match="got 404"):
        await resource.get(99)


async def test_a_404_for_a_row_that_is_in_the_database(resource: Resource, shop_api: OrderApi, orders: Factory) -> None:
    shop_api.faults = {"hides"}
    order = await orders.create()
    with pytest.raises(ReadYourWritesError) as failure:
        await resource.get(order.id)
    text = str(failure.value)
    assert "got 404 Not Found, and the row is in the database\n" in text
    assert f"stored: Order(id={order.id}, customer_id='ada'" in text
    assert "cache" in text


async def test_an_old_state_of_a_row(
    resource: Resource, shop_api: OrderApi, orders: Factory, client: ApiClient
) -> None:
    shop_api.faults = {"caches"}
    order = await orders.create()
    await resource.get(order.id)
    await resource.update(order.id, {"status": "paid"})
    with pytest.raises(ReadYourWritesError, match="status: the response has 'open', stored is 'paid'") as failure:
        await resource.get(order.id)
    assert (
        "why: most likely a copy that the application keeps itself: the answer shows Order 1 as it was before it was "
        f"changed during PUT http://testserver/orders/{order.id}"
    ) in str(failure.value).replace(f"Order {order.id}", "Order 1")
    assert "DataFlow's cache is off" in str(failure.value)
    await client.resource("/orders", model="Order", server_set={"status"}).get(order.id)
    await resource.delete(order.id)
    with pytest.raises(ReadYourWritesError, match="for a row that is not there: table orders has no row"):
        await resource.get(order.id)


async def test_another_row_than_asked_for(client: ApiClient, shop_api: OrderApi, orders: Factory) -> None:
    order = await orders.create()
    shop_api.wrap = lambda row: {**row, "id": 7000}
    with pytest.raises(UnexpectedResponse, match="with another row: id is 7000"):
        await client.resource("/orders").get(order.id)


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda rows: rows,
        lambda rows: {"items": rows},
        lambda rows: {"data": rows, "total": len(rows)},
        lambda rows: {"records": rows, "count": len(rows)},
        lambda rows: {"results": rows, "next": None},
        lambda rows: {"data": {"items": rows}},
        lambda rows: {"orders": rows, "ok": True},
    ],
)
async def test_list_knows_the_usual_envelopes(
    resource: Resource, shop_api: OrderApi, orders: Factory, wrapped: Any
) -> None:
    shop_api.wrap_list = lambda rows, request: wrapped(rows)
    assert await resource.list() == []
    created = await orders.create_many(3)
    assert [order["id"] for order in await resource.list()] == [order.id for order in created]


@pytest.mark.parametrize("key", ["data", "item", "record", "result", "order"])
async def test_objects_in_the_usual_envelopes(resource: Resource, shop_api: OrderApi, key: str) -> None:
    shop_api.wrap = lambda row: {key: row, "ok": True}
    order = await resource.create({"customer_id": "ada", "total": 1})
    assert (await resource.get(order["id"]))["total"] == 1
    assert (await resource.patch(order["id"], {"total": 3}))["total"] == 3


async def test_envelopes_id_field_and_paths_can_be_chosen(
    client: ApiClient, shop_api: OrderApi, orders: Factory
) -> None:
    def renamed(row: dict[str, Any]) -> dict[str, Any]:
        return {"key" if name == "id" else name: value for name, value in row.items()}

    shop_api.wrap = lambda row: {"payload": {"order": renamed(row)}, "data": {"id": 0}}
    shop_api.wrap_list = lambda rows, request: {"page": {"entries": [renamed(row) for row in rows]}, "items": []}
    resource = client.resource(
        "/orders",
        model="Order",
        id_field="key",
        envelope="payload.order",
        list_envelope="page.entries",
        item_path="/orders/{id}",
    )
    order = await resource.create({"customer_id": "ada", "total": 1})
    assert (await resource.get(order["key"]))["customer_id"] == "ada"
    assert await resource.list() == [order]
    with pytest.raises(UnexpectedResponse, match="no object at 'nowhere'"):
        await client.resource("/orders", envelope="nowhere").get(order["key"])
    with pytest.raises(UnexpectedResponse, match="no list of objects at 'nowhere'"):
        await client.resource("/orders", list_envelope="nowhere").list()


async def test_a_stale_cached_list_is_named_as_such(resource: Resource, shop_api: OrderApi, orders: Factory) -> None:
    shop_api.faults = {"caches"}
    order = await orders.create()
    await resource.list()
    new = await orders.create()
    with pytest.raises(ReadYourWritesError) as failure:
        await resource.list()
    text = str(failure.value)
    assert text.startswith("GET http://testserver/orders: the list does not show the stored Order rows: 1 missing")
    assert f"missing: Order(id={new.id}" in text
    assert "why: most likely a copy that the application keeps itself: the same request was answered before" in text
    await orders.update(order.id, status="paid")
    await orders.delete(new.id)
    with pytest.raises(ReadYourWritesError, match="1 stale") as failure:
        await resource.list()
    assert f"Order {order.id}: status: the response has 'open', stored is 'paid'" in str(failure.value)
    await orders.delete(order.id)
    with pytest.raises(ReadYourWritesError, match=f"not stored: Order {order.id}") as failure:
        await resource.list()
    assert "was deleted" in str(failure.value)


async def test_a_list_that_says_it_is_cached(resource: Resource, shop_api: OrderApi, orders: Factory) -> None:
    shop_api.wrap_list = lambda rows, request: {"records": [], "_cache": {"hit": True}}
    await orders.create()
    with pytest.raises(ReadYourWritesError, match=r"comes from DataFlow's query cache \(_cache.hit\)"):
        await resource.list()


@pytest.mark.databases("sqlite", "mysql")  # PostgreSQL lists rows in any order, so that any may be missing
async def test_a_list_of_ten_rows(resource: Resource, shop_api: OrderApi, orders: Factory) -> None:
    shop_api.faults = {"lists ten"}
    await orders.create_many(10)
    assert len(await resource.list()) == 10
    await orders.create_many(2)
    with pytest.raises(ReadYourWritesError, match="2 missing") as failure:
        await resource.list()
    text = str(failure.value)
    assert "why: most likely beyond the default limit: the list shows 10 rows, and ListNode returns 10 unless" in text


async def test_filters_and_nested_lists(client: ApiClient, resource: Resource, orders: Factory) -> None:
    mine, paid, _ = await orders.create_many([{}, {"status": "paid"}, {"customer_id": "eve"}])
    assert [order["id"] for order in await resource.list(status="paid")] == [paid.id]
    nested = client.resource("/customers/ada/orders", model="Order", where={"customer_id": "ada"})
    assert {order["id"] for order in await nested.list()} == {mine.id, paid.id}
    with pytest.raises(ReadYourWritesError, match=r"for a list of some rows only: api.resource\(path, where="):
        await client.resource("/customers/ada/orders", model="Order").list()


async def test_a_list_that_says_there_is_more_and_not_where(
    resource: Resource, shop_api: OrderApi, orders: Factory
) -> None:
    shop_api.wrap_list = lambda rows, request: {"items": rows[:2], "total": len(rows)}
    await orders.create_many(3)
    with pytest.raises(ReadYourWritesError, match="the response says that there are 3; it shows 2"):
        await resource.list()


async def test_what_is_no_json(client: ApiClient) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<p>hello"})

    from kailash_testkit.asgi.server import AppServer

    async with ApiClient(app, server=AppServer(app)) as api:
        with pytest.raises(UnexpectedResponse, match="its body is not JSON\n  response: <p>hello"):
            await api.resource("/x").get(1)
