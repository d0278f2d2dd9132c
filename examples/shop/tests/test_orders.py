from importlib.metadata import version
from typing import Any

import pytest

from kailash_testkit import ApiClient, Kit
from tests.factories import customers, order_lines, orders, products

# Before, DataFlow's nodes write each by itself, also within a TransactionScopeNode.
needs_transactions = pytest.mark.skipif(
    version("kailash-dataflow").startswith("2.13."), reason="needs kailash-dataflow 2.14"
)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@needs_transactions
@pytest.mark.testkit(failpoints=True)  # again for each row that it writes, which the database then refuses
async def test_a_customer_places_an_order(api: ApiClient) -> None:
    customer = await customers.create(name="Ada", token="ada-token")
    tea = await products.create(name="Tea", price=4.25)

    response = await api.post(
        "/orders",
        json={"lines": [{"product_id": tea.id, "quantity": 3}], "note": "no sugar"},
        headers=bearer("ada-token"),
    )

    assert response.status_code == 201
    order = await orders.get(response.json()["id"])
    assert order.matches(customer_id=customer.id, status="open", note="no sugar")
    (line,) = await order_lines.rows(order_id=order.id)
    assert line.matches(product_id=tea.id, quantity=3, unit_price=4.25)


@needs_transactions
async def test_an_order_is_visible_to_the_next_request(api: ApiClient) -> None:
    await customers.create(token="t")
    tea = await products.create()
    body = {"lines": [{"product_id": tea.id, "quantity": 1}]}

    placed = await api.expect(201).post("/orders", json=body, headers=bearer("t"))
    read = await api.expect(200).get(f"/orders/{placed.json()['id']}", headers=bearer("t"))

    assert read.json() == placed.json()


async def test_paying_changes_that_order_only(api: ApiClient) -> None:
    customer = await customers.create(token="t")
    first, second = await orders.create_many(2, customer_id=customer.id)

    response = await api.put(f"/orders/{first.id}", json={"status": "paid"}, headers=bearer("t"))

    assert response.status_code == 200
    assert (await orders.get(first.id)).status == "paid"
    assert (await orders.get(second.id)).status == "open"


async def test_a_shipped_order_cannot_be_changed(api: ApiClient) -> None:
    customer = await customers.create(token="t")
    order = await orders.create(customer_id=customer.id, status="shipped")

    await api.expect(409).put(f"/orders/{order.id}", json={"status": "open"}, headers=bearer("t"))

    assert await orders.get(order.id) == order


async def test_paying_leaves_the_lines_as_they_are(kit: Kit, api: ApiClient) -> None:
    customer = await customers.create(token="t")
    order = await orders.with_children(order_lines, 3).create(customer_id=customer.id)

    with kit.changes() as changes:
        await api.expect(200).put(f"/orders/{order.id}", json={"status": "paid"}, headers=bearer("t"))

    changes.assert_only(orders.updated(order.id, status="paid"))
    assert await order_lines.count(order_id=order.id) == 3


async def test_orders_need_a_token(api: ApiClient) -> None:
    for headers in ({}, bearer("wrong")):
        await api.expect(401).post("/orders", json={"lines": []}, headers=headers)
    assert await orders.count() == 0


async def test_another_customers_order_is_not_found(api: ApiClient) -> None:
    ada, _ = await customers.create_many([{"token": "ada"}, {"token": "eve"}])
    order: Any = await orders.create(customer_id=ada.id)

    await api.expect(404).get(f"/orders/{order.id}", headers=bearer("eve"))
