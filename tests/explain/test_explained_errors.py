"""Errors about rows say why the row is not there, and never fail to be told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from database_kinds import Kind, Sql
from faulty_shop import Shop, run
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kailash_testkit import ApiClient, ReadYourWritesError, RowNotFound, SeedingFailed
from kailash_testkit.databases.sqlite.connection import file_of
from kailash_testkit.errors import NodeFailed
from kailash_testkit.explain import Cause
from kailash_testkit.store.failures import seeding_failed

pytestmark = pytest.mark.databases("sqlite")  # what is told is the same on all; how it is known, is shown elsewhere


async def test_row_not_found_names_the_request_that_deleted_it(shop: Shop) -> None:
    await shop.does(lambda: run("OrderCreateNode", id="x"))
    await shop.does(lambda: run("OrderDeleteNode", filter={"id": "x"}))
    with pytest.raises(RowNotFound) as caught:
        await shop.kit.get("Order", "x")
    assert "why: Order 'x' was deleted during POST http://testserver/do" in str(caught.value)


async def test_row_not_found_names_a_create_that_failed(shop: Shop) -> None:
    async def create_twice() -> None:
        for row_id in ("first", "second"):
            await run("OrderCreateNode", id=row_id, code="same")

    await shop.does(create_twice)
    with pytest.raises(RowNotFound, match=r"never written: UNIQUE constraint failed: orders\.code"):
        await shop.kit.get("Order", "second")


async def test_row_not_found_is_told_also_when_explaining_fails(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("disk on fire")

    monkeypatch.setattr(shop.kit.sandbox, "history", broken)
    with pytest.raises(RowNotFound, match="not known: why: OSError: disk on fire"):
        await shop.kit.get("Order", "x")


async def test_seeding_names_who_locks_the_database(shop: Shop) -> None:
    failure = NodeFailed("OrderCreateNode reported success: False", why="database is locked")  # after ten seconds
    with closing(sqlite3.connect(file_of(shop.kit.database.url), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        told = seeding_failed(shop.kit.store.model("Order"), {"id": "x"}, failure, None, shop.kit.database)
    assert "held by: sqlite3.Connection at" in str(told)


async def test_seeding_names_what_took_the_row_away(shop: Shop) -> None:
    with closing(sqlite3.connect(file_of(shop.kit.database.url), isolation_level=None)) as connection:
        connection.execute(
            "CREATE TRIGGER swallow AFTER INSERT ON orders BEGIN DELETE FROM orders WHERE id = new.id; END"
        )
    shop.kit.sandbox.journal.refresh()
    with pytest.raises(SeedingFailed, match="is not in table orders") as caught:
        await shop.kit.create("Order", id="x")
    assert "written (change 1 of 2 in the journal), and deleted by change 2 of 2" in str(caught.value)


class TestStaleLists:
    @pytest.fixture
    def options(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        from dataflow.cache import auto_detection

        monkeypatch.setattr(auto_detection, "redis", None)
        return {"cache_enabled": True}

    @pytest.fixture
    def behind(self, shop: Shop, database_kind: Kind) -> Sql:
        return database_kind.sql(shop.kit.database.url)

    async def test_a_list_that_lacks_a_row_names_the_proved_cache(self, shop: Shop) -> None:
        async with ApiClient(lists(shop), kit=shop.kit) as api:
            orders = api.resource("/orders", model="Order")
            await orders.list()
            await shop.kit.create("Order", id="x")
            with pytest.raises(ReadYourWritesError) as caught:
                await orders.list()
        assert caught.value.row_id == "x"
        assert "why: a stale cached result: express.list answers from the cache without the row" in str(caught.value)
        assert "the same read without the cache shows it" in str(caught.value)

    async def test_a_list_that_shows_a_deleted_row_names_the_cached_result(self, shop: Shop, behind: Sql) -> None:
        async with ApiClient(lists(shop), kit=shop.kit) as api:
            orders = api.resource("/orders", model="Order")
            await shop.kit.create("Order", id="x")
            await orders.list()
            behind("DELETE FROM orders")
            with pytest.raises(ReadYourWritesError) as caught:
                await orders.list()
        assert "why: a stale cached result: a cached result still has Order 'x'" in str(caught.value)
        assert "cached: {'id': 'x', " in str(caught.value)

    async def test_a_row_in_an_earlier_state_names_the_proved_cache(self, shop: Shop, behind: Sql) -> None:
        async with ApiClient(lists(shop), kit=shop.kit) as api:
            orders = api.resource("/orders", model="Order")
            await shop.kit.create("Order", id="x")
            await orders.get("x")
            behind("UPDATE orders SET status = 'paid'")
            with pytest.raises(ReadYourWritesError) as caught:
                await orders.get("x")
        assert "express.read('x') answers from the cache with an earlier state" in str(caught.value)

    async def test_cached_counts_say_nothing_of_a_row(self, shop: Shop, behind: Sql) -> None:
        assert await shop.db.express.count("Order") == 0
        behind("INSERT INTO orders (id, status, code) VALUES ('x', 'open', '')")
        assert (await shop.explained("Order", "x")).cause is Cause.VISIBLE


def lists(shop: Shop) -> Starlette:
    """An application that answers what express reads."""

    async def listed(request: Request) -> JSONResponse:
        return JSONResponse(await shop.db.express.list("Order"))

    async def read(request: Request) -> JSONResponse:
        return JSONResponse(await shop.db.express.read("Order", request.path_params["id"]))

    return Starlette(routes=[Route("/orders", listed), Route("/orders/{id}", read)])


async def test_values_that_a_row_never_had_are_not_blamed_on_a_copy(shop: Shop) -> None:
    async def read(request: Request) -> JSONResponse:
        return JSONResponse({"id": "x", "status": "on its way"})

    async with ApiClient(Starlette(routes=[Route("/orders/{id}", read)]), kit=shop.kit) as api:
        await shop.kit.create("Order", id="x")
        await shop.kit.update("Order", "x", status="paid")
        with pytest.raises(ReadYourWritesError, match="shows values that Order 'x' never had in this test"):
            await api.resource("/orders", model="Order").get("x")


async def test_a_list_that_a_default_limit_cut_says_so(shop: Shop) -> None:
    async def listed(request: Request) -> JSONResponse:
        return JSONResponse((await run("OrderListNode"))["records"])

    for number in range(12):
        await shop.kit.create("Order", id=f"x{number}", code=str(number))
    async with ApiClient(Starlette(routes=[Route("/orders", listed)]), kit=shop.kit) as api:
        with pytest.raises(ReadYourWritesError) as caught:
            await api.resource("/orders", model="Order").list()
    assert "OrderListNode returned 10 rows, its default limit; the table has 12" in str(caught.value)
