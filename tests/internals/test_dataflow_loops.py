"""What DataFlow makes in an event loop: a pool that Kailash closes under the application and the kit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from kailash.nodes.data import async_sql

from kailash_testkit import Kit
from kailash_testkit.concurrency import sync

pytestmark = pytest.mark.databases("postgresql", "mysql")


async def close_idle_pools() -> None:
    """What Kailash does with the pools that nobody used for five minutes."""
    for key, adapter in list(async_sql._PROCESS_POOL_REGISTRY.items()):
        if key.partition("|")[0] == str(id(asyncio.get_running_loop())):
            await adapter.disconnect()
            del async_sql._PROCESS_POOL_REGISTRY[key]


async def test_after_kailash_has_closed_an_idle_pool_the_application_and_the_kit_go_on(
    shop_kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    customers: Any = shop_kit.factory("Customer")
    await customers.create(name="Ada", email="ada@example.org")
    await close_idle_pools()
    bob = {"id": "c-2", "name": "Bob", "email": "bob@example.org"}
    assert (await shop_kit.dataflow.express.create("Customer", bob))["name"] == "Bob"
    await close_idle_pools()
    assert await customers.count() == 2
    assert "Retrying" not in caplog.text


def test_and_so_do_synchronous_calls(sync_kit: Kit) -> None:
    customers: Any = sync_kit.factory("Customer")
    customers.create_sync(name="Ada", email="ada@example.org")
    sync.run(close_idle_pools())
    customers.create_sync(name="Bob", email="bob@example.org")
    assert customers.count_sync() == 2
