"""The example applications as they are, under clients of a suite's own: the judge sees them, and alleges nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from inner_session import Project

pytestmark = [pytest.mark.slow, pytest.mark.databases("sqlite")]

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENTS = """
    import contextlib
    import inspect
    import warnings
    import httpx
    import pytest

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without httpx2, starlette warns
        from starlette.testclient import TestClient

    @pytest.fixture(params=["httpx", "starlette"])
    async def client(request):
        if request.param == "starlette":
            with TestClient(APP, raise_server_exceptions=False) as client:
                yield client
            return
        async with contextlib.AsyncExitStack() as stack:
            if LIFESPAN:  # httpx has none
                await stack.enter_async_context(APP.router.lifespan_context(APP))
            transport = httpx.ASGITransport(APP)
            yield await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://own"))

    @pytest.fixture
    def send(client):
        async def send(method, path, status, **options):
            response = client.request(method, path, **options)
            if inspect.isawaitable(response):
                response = await response
            assert response.status_code == status, response.text
            return response.json() if response.content else None

        return send
"""
SHOP = """
    from shop.api import app as APP
    from tests.factories import customers, orders

    LIFESPAN = True
    ADA = {"Authorization": "Bearer ada"}

    async def test_products(send):
        product = await send("POST", "/products", 201, json={"name": "Tea", "price": 4.5})
        await send("POST", "/products", 422, json={"name": "Tea", "price": -1})
        path = f"/products/{product['id']}"
        await send("GET", path, 200)
        await send("DELETE", path, 204)
        await send("GET", path, 404)

    async def test_orders(send):
        await customers.create(token="ada")
        tea = await send("POST", "/products", 201, json={"name": "Tea", "price": 4.5})
        lines = {"lines": [{"product_id": tea["id"], "quantity": 3}]}
        await send("POST", "/orders", 401, json=lines)
        order = await send("POST", "/orders", 201, json=lines, headers=ADA)
        path = f"/orders/{order['id']}"
        for status, code in [("paid", 200), ("paid", 200), ("shipped", 200), ("open", 409)]:
            await send("PUT", path, code, json={"status": status}, headers=ADA)
        assert (await orders.get(order["id"])).status == "shipped"
        await send("GET", path, 200, headers=ADA)
        await send("GET", "/orders/999", 404, headers=ADA)
"""
STOCK = """
    from stock.app import app
    from kailash_testkit import Factory

    APP, LIFESPAN = app.fastapi_app, False
    items = Factory("Item")

    async def test_stock(send):
        async def workflow(name, /, status=200, **inputs):
            path, headers = f"/workflows/{name}/execute", {"X-Durable": "false"}
            return await send("POST", path, status, json={"inputs": inputs}, headers=headers)

        await workflow("create_item", name="Tea", quantity=3)
        (tea,) = await items.rows(name="Tea")
        await workflow("take_item", id=tea.id, quantity=2)
        await workflow("take_item", id=tea.id, quantity=2, status=500)
        assert (await items.get(tea.id)).quantity == 1
        coffee = {"inputs": {"name": "Coffee"}}  # answered from Nexus's record in the second test, and further runs
        await send("POST", "/workflows/create_item/execute", 200, json=coffee)
"""


@pytest.mark.parametrize(("example", "tests", "number"), [("shop", SHOP, 4), ("nexus_app", STOCK, 2)])
def test_no_alarm_under_other_clients(project: Project, example: str, tests: str, number: int) -> None:
    shutil.copytree(EXAMPLES / example, project.path, dirs_exist_ok=True)
    project.write({"tests/test_own_client.py": tests + CLIENTS})
    outcome = project.run("tests/test_own_client.py", "--testkit-judge=error", "--testkit-failpoints")
    assert f"{number} passed" in outcome.output
    section = outcome.output.partition("what requests did to the database")[2]
    assert re.search(r"^failpoints: \d+ writes of \d tests? refused$", section, re.MULTILINE), "it saw the requests"
    assert not re.search(r"^(\w+-\w+|not \w+:) .*", section, re.MULTILINE)
    assert outcome.result.ret == 0


def test_an_order_without_its_transaction_is_named(project: Project) -> None:
    shutil.copytree(EXAMPLES / "shop", project.path, dirs_exist_ok=True)
    api = project.path / "shop" / "api.py"
    by_itself = api.read_text().replace("async with transaction(request) as together:", "if not (together := {}):")
    assert "if not (together" in by_itself
    api.write_text(by_itself)
    outcome = project.run("-v", "-k", "places_an_order")
    assert "1 passed" in outcome.output
    assert (
        "failpoint-left-rows  POST /orders (Order): answered 409 when the database refused to create OrderLine, "
        "and left what it had written before; tests/test_orders.py::test_a_customer_places_an_order" in outcome.output
    )
    assert re.search(r"^    at shop/api\.py:\d+ in place_order$", outcome.output, re.MULTILINE)
    assert outcome.result.ret == 1
