"""The API with its faults, a client on it, and its orders as a resource that is checked in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from order_api import OrderApi

from kailash_testkit import ApiClient, Factory, Kit, Resource
from kailash_testkit.databases.sqlite import file_of


@pytest.fixture
def shop_api(shop_kit: Kit) -> OrderApi:
    return OrderApi(file_of(shop_kit.database.url))


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
