"""The timeline keeps the last requests of a kit's clients, and what each of them changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kailash_testkit import ApiClient, Kit
from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.timeline import CURRENT, Timeline


def application(kit: Kit) -> Starlette:
    async def create(request: Request) -> JSONResponse:
        for _ in range(int(request.query_params.get("rows", 1))):
            await kit.create("Order")
        return JSONResponse({"during": CURRENT.get().number}, 201)

    async def fail(request: Request) -> JSONResponse:
        raise ValueError("no")

    async def wait(request: Request) -> JSONResponse:
        await asyncio.sleep(60)
        return JSONResponse({})

    return Starlette(routes=[Route("/orders", create, methods=["POST"]), Route("/fail", fail), Route("/wait", wait)])


async def test_each_request_has_its_status_time_task_and_changes(shop_kit: Kit) -> None:
    shop_kit.timeline.clear()
    async with ApiClient(application(shop_kit), kit=shop_kit) as api:
        await shop_kit.create("Order")
        await api.post("/orders?rows=2")
        await api.get("/none")
        with pytest.raises(ValueError, match="no"):
            await api.get("/fail")
    created, absent, failed = shop_kit.timeline
    recorded, _ = shop_kit.sandbox.history()
    assert [created.covers(change.seq) for change in recorded] == [False, True, True]
    assert (created.status, absent.status, failed.status) == (201, 404, None)
    assert absent.first == absent.last
    assert str(failed) == "GET http://testserver/fail -> raised ValueError"
    assert created.task == "kailash_testkit POST /orders"
    assert all(request.seconds and request.seconds > 0 for request in shop_kit.timeline)
    assert [request.number for request in shop_kit.timeline] == [1, 2, 3]


async def test_the_application_knows_which_request_it_works_on(shop_kit: Kit) -> None:
    shop_kit.timeline.clear()
    async with ApiClient(application(shop_kit), kit=shop_kit) as api:
        first, second = await asyncio.gather(api.post("/orders"), api.with_headers({}).post("/orders"))
    assert {first.json()["during"], second.json()["during"]} == {1, 2}
    recorded, _ = shop_kit.sandbox.history()
    assert len(shop_kit.timeline.during(recorded[0].seq)) == 2, "both ran at that time"


async def test_a_timeout_is_told(shop_kit: Kit) -> None:
    async with ApiClient(application(shop_kit), kit=shop_kit, timeout=0.01) as api:
        with pytest.raises(httpx.ReadTimeout):
            await api.get("/wait")
    assert [*shop_kit.timeline][-1].failure == "raised ReadTimeout"


async def test_it_is_bounded_and_knows_how_many_there_were() -> None:
    timeline = Timeline(lambda: None)
    request = httpx.Request("GET", "http://shop/orders?token=s3cret")
    for _ in range(1000):
        with timeline.begin(request, app=object()) as running:
            running.answered(httpx.Response(200, request=request))
    assert timeline.count == 1000
    assert len(timeline) == 200
    assert "s3cret" not in str(next(iter(timeline)))


async def test_a_large_upload_is_not_kept() -> None:
    import gc
    import weakref

    timeline = Timeline(lambda: None)
    large, small = (httpx.Request("POST", "http://shop/files", content=b"x" * size) for size in (10**6, 10))
    references: list[weakref.ref[Any]] = []
    for request in (large, small):
        with timeline.begin(request, app=object()) as running:
            running.answered(httpx.Response(201, request=request))
        references.append(weakref.ref(request))
    del large, small, request
    gc.collect()
    assert [reference() is None for reference in references] == [True, False]
    assert [str(each) for each in timeline] == ["POST http://shop/files -> 201"] * 2


async def test_positions_are_forgotten_with_a_reset(shop_kit: Kit) -> None:
    shop_kit.timeline.clear()
    async with ApiClient(application(shop_kit), kit=shop_kit) as api:
        await api.post("/orders")
        await shop_kit.reset()
        await shop_kit.create("Order")
    recorded, _ = shop_kit.sandbox.history()
    assert shop_kit.timeline.during(recorded[-1].seq) == []
