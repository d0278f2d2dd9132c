"""A cached result that does not show a row is proved by the same read without the cache."""

from __future__ import annotations

from typing import Any

import pytest
from database_kinds import Kind, Sql
from faulty_shop import Shop, run
from releases_of_kailash import needs_own_cache_keys

from kailash_testkit.explain import Cause


@pytest.fixture(params=["memory", pytest.param("redis", marks=needs_own_cache_keys)])
def options(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """DataFlow's cache: in memory, without the seconds that it takes to find no Redis; or on a Redis of our own."""
    from dataflow.cache import auto_detection
    from dataflow.core.config import DataFlowConfig

    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        monkeypatch.setattr(DataFlowConfig, "cache_redis_url", url, raising=False)
    else:
        monkeypatch.setattr(auto_detection, "redis", None)
    return {"cache_enabled": True}


@pytest.fixture
def behind(shop: Shop, database_kind: Kind) -> Sql:
    """Runs SQL behind DataFlow's back, as another process does."""
    return database_kind.sql(shop.kit.database.url)


async def listed(shop: Shop, **inputs: Any) -> Any:
    return (await run(shop.db.get_node("OrderListNode"), **inputs))["records"]


# The kind of database makes no difference to the caches, and Redis's is shown by the one.
sqlite_only = pytest.mark.databases("sqlite")

INSERT = "INSERT INTO orders (id, status, code) VALUES ('x', 'open', '')"


async def test_a_list_from_before_the_row(shop: Shop, behind: Sql) -> None:
    for limit in (10, 50):
        assert await listed(shop, limit=limit) == []
    behind(INSERT)
    assert await listed(shop, limit=50) == [], "the cache is on, or this test tests nothing"
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.STALE_CACHE, True)
    assert found.summary == "ListNode(limit=10) answers from the cache without the row"
    assert "cache_enabled=False" in (found.cure or "")


@sqlite_only
async def test_express_does_not_notice_what_a_node_writes(shop: Shop) -> None:
    assert await shop.db.express.list("Order") == []
    await shop.does(lambda: run(shop.db.get_node("OrderCreateNode"), id="x"))
    assert await shop.db.express.list("Order") == [], "it notices: the explanation may go"
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.STALE_CACHE, True)
    assert found.summary == "express.list answers from the cache without the row"


@sqlite_only
async def test_an_earlier_state_of_the_row(shop: Shop, behind: Sql) -> None:
    await shop.kit.create("Order", id="x")
    await shop.db.express.read("Order", "x")
    behind("UPDATE orders SET status = 'paid'")
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.STALE_CACHE, True)
    assert "express.read('x') answers from the cache with an earlier state" in found.summary
    assert "status 'open', stored 'paid'" in found.summary


@sqlite_only
async def test_an_earlier_state_in_a_filtered_list(shop: Shop, behind: Sql) -> None:
    await shop.kit.create("Order", id="x")
    await listed(shop, filter={"status": "open"}, limit=77, offset=0)
    behind("UPDATE orders SET status = 'paid'")
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.STALE_CACHE, True)


@sqlite_only
async def test_a_filtered_list_without_the_row_is_only_likely(shop: Shop, behind: Sql) -> None:
    assert await listed(shop, filter={"status": "open"}) == []
    behind(INSERT)
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.STALE_CACHE, False)
    assert "their filters may exclude the row" in found.unknown[0]


@sqlite_only
async def test_a_fresh_cache_is_no_cause_and_is_left_as_it_was(shop: Shop, behind: Sql) -> None:
    await shop.kit.create("Order", id="x")
    assert len(await listed(shop)) == 1
    assert (await shop.explained("Order", "x")).cause is Cause.VISIBLE
    behind("INSERT INTO orders (id, status, code) VALUES ('y', 'open', 'y')")
    assert len(await shop.db.express.list("Order")) == 2, "the explanation left results in the cache"
