"""A user's tests with all that the kit offers, under strict settings, although kailash ships no types."""

from collections.abc import AsyncIterator

import pytest
from fixtures import fixture_order as fixture_order
from generated import OrderRow, create_customer, create_order, create_orders, customers
from kitchen.models import Order, db
from own import orders

from kailash_testkit import (
    ApiClient,
    Factory,
    Kit,
    Row,
    RowNotFound,
    SyncApiClient,
    created,
    derived,
    register,
    related,
    sequence,
    transient,
    updated,
)

register(customers)
plain = Factory(Order, note=sequence("note {}"), total=derived(lambda row: row.id * 2.0))
graph = Factory(Order, customer_id=related(customers), many=transient(1)).trait("paid", status="paid")


@pytest.fixture
async def order() -> AsyncIterator[OrderRow]:
    yield await create_order(note="from a fixture")


async def test_typed(kit: Kit, api: ApiClient, order: OrderRow) -> None:
    customer = await create_customer(name="Ada")
    first, second = await create_orders(2, customer_id=customer.id)
    with kit.changes() as changes:
        response = await api.expect(200).put(f"/orders/{first.id}", json={"status": "paid"})
    changes.assert_only(orders.updated(first.id, status="paid"), updated(Order, second.id, note="x"))
    assert response.json()["id"] == order.id
    assert [change.id for change in changes.updated(Order)] == [first.id]
    assert (await orders.paid().create()).total > 0
    assert len(await customers.rows(name={"$in": ["Ada", "Eve"]}, order_by="-name")) == 1
    await kit.reset()


async def test_untyped(kit: Kit) -> None:
    row: Row = await kit.create(Order, note="x")
    assert row.note == row["note"]
    assert row.as_dict() == row
    again = await kit.get("Order", row.id)
    assert again.matches(note="x")
    assert await kit.find(Order, note={"$gt": "a"}) == again
    assert [one.id for one in await kit.rows(Order, order_by="-id")] == [row.id]
    await kit.update(Order, row.id, note="y")
    await plain.using(note="z").create_many([{"note": "a"}, {"note": "b"}])
    with kit.changes() as changes:
        await kit.delete(Order, row.id)
    changes.assert_only(created(Order, note="x"))
    made: list[Row] = await graph.with_traits("paid").with_children(plain, 2, via="note").create_many(2)
    assert made
    with pytest.raises(RowNotFound):
        await plain.get(row.id)


async def test_without_pytest() -> None:
    async with Kit(db) as kit, ApiClient(object(), kit=kit) as api:
        assert (await api.get("/")).status_code == 200


def test_synchronous(kit: Kit, sync_api: SyncApiClient) -> None:
    response = sync_api.authenticated("t").expect(200, 201).post("/orders", json={"total": 1.5})
    assert response.json()["id"] == sync_api.resource("/orders", model=Order).get(1)["id"]
    with sync_api.stream("GET", "/orders") as streamed:
        assert b"".join(streamed.iter_raw())
    with SyncApiClient(object(), kit=kit, client=("a", 1), startup_timeout=None) as api:
        assert api.get("/").status_code == 200
    row = orders.create_sync(total=1.5)
    assert orders.get_sync(row.id).total == 1.5
    assert kit.count_sync(Order) == plain.count_sync() == 1
