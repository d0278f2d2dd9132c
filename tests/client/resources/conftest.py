"""The API with its faults, a client on it, and its orders as a resource that is checked in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from database_kinds import Kind
from order_api import OrderApi

from kailash_testkit import ApiClient, Factory, Kit, Resource


@pytest.fixture
def shop_api(shop_kit: Kit, database_kind: Kind) -> OrderApi:
    return OrderApi(database_kind, shop_kit.database.url)


@pytest.fixture
async def client(shop_kit: Kit, shop_api: OrderApi) -> AsyncIterator[ApiClient]:
    async with ApiClient(shop_api.app, kit=shop_kit) as api:
        yield api


@pytest.fixture
def resource(client: ApiClient) -> Resource:
    return client.resource("/orders", model="Order")


@pytest.fixture
def orders(shop_kit: Kit) -> Factory:
    return shop_kit.factory("Order", customer_id="ada", total=1.5)
