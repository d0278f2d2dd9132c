"""Whoever sends the request: the kit's clients, httpx with its ASGITransport, starlette's TestClient, a Nexus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from corpus import Handler
from nexus import Nexus
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette_client import TestClient

from kailash_testkit import ApiClient, Kit, SyncApiClient
from kailash_testkit.judge.allowances import Allowances
from kailash_testkit.judge.findings import Finding
from kailash_testkit.pytest_plugin.judging.verdicts import verdict_on
from kailash_testkit.pytest_plugin.other_clients import OtherClients

pytestmark = pytest.mark.databases("sqlite")

ROW = {"id": 7, "name": "new", "size": 2}


def findings(kit: Kit) -> list[Finding]:
    return verdict_on("test", [kit], Allowances())["findings"]


def told(kit: Kit) -> list[tuple[str, str]]:
    return [(finding["check"], finding["route"]) for finding in findings(kit)]


def application(kit: Kit) -> Starlette:
    async def refuse(_: Request) -> Response:
        await kit.dataflow.express.create("Item", ROW)
        return JSONResponse({}, 409)

    return Starlette(routes=[Route("/shelves/{number}/items", refuse, methods=["POST"])])


EXPECTED = [("refusal-wrote", "POST /shelves/{number}/items")]


@pytest.fixture
def other_clients(open_kit: Kit) -> Iterator[None]:
    clients = OtherClients(lambda: open_kit)
    clients.start()
    yield
    clients.stop()


@pytest.fixture
def sync_kit(open_kit: Kit) -> Iterator[Kit]:
    open_kit.explainer.forget()
    yield open_kit
    open_kit.reset_sync()


async def test_the_kits_client(kit: Kit) -> None:
    async with ApiClient(application(kit), kit=kit) as api:
        await api.post("/shelves/3/items")
    assert told(kit) == EXPECTED


def test_the_kits_synchronous_client(sync_kit: Kit) -> None:
    with SyncApiClient(application(sync_kit), kit=sync_kit) as api:
        api.post("/shelves/3/items")
    assert told(sync_kit) == EXPECTED


@pytest.mark.usefixtures("other_clients")
async def test_httpx_with_its_transport(kit: Kit) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(kit)), base_url="http://shop") as client:
        await client.post("/shelves/3/items")
    assert told(kit) == EXPECTED


@pytest.mark.usefixtures("other_clients")
def test_starlettes_test_client(sync_kit: Kit) -> None:
    with TestClient(application(sync_kit)) as client:
        client.post("/shelves/3/items")
    assert told(sync_kit) == EXPECTED


@pytest.mark.usefixtures("other_clients")
async def test_a_nexus(kit: Kit) -> None:
    app = Nexus(auto_discovery=False)

    @app.handler("place", description="stores and refuses")
    async def place(number: int) -> dict[str, Any]:
        await kit.dataflow.express.create("Item", ROW)
        raise ValueError("sold out")

    try:
        async with ApiClient(app, kit=kit) as api:
            await api.post("/workflows/place/execute", json={"inputs": {"number": 1}})
        assert [check for check, _ in told(kit)] == ["refusal-wrote"]
    finally:
        app.close()


@pytest.mark.usefixtures("other_clients")
async def test_what_the_application_asks_of_another_one_is_none_of_the_tests_requests(kit: Kit) -> None:
    inner = application(kit)

    async def outer(_: Request) -> Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(inner), base_url="http://other") as client:
            response = await client.post("/shelves/3/items")
        return JSONResponse({}, response.status_code)

    app = Starlette(routes=[Route("/outer", outer, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        await client.post("/outer")
    assert told(kit) == [("refusal-wrote", "POST /outer")]


async def test_of_requests_at_the_same_time_it_says_nothing_that_is_not_known(kit: Kit) -> None:
    import asyncio

    async def slow(_: Request) -> Response:
        await asyncio.sleep(0.05)
        return JSONResponse({}, 409)

    async def create(_: Request) -> Response:
        await kit.dataflow.express.create("Item", ROW)
        return JSONResponse(ROW, 201)

    app = Starlette(routes=[Route("/slow", slow), Route("/items", create, methods=["POST"])])
    async with ApiClient(app, kit=kit) as api:
        await asyncio.gather(api.get("/slow"), api.post("/items"))
    assert told(kit) == []


async def test_a_finding_has_no_secret(kit: Kit) -> None:
    async def refuse(request: Request) -> Response:
        await kit.dataflow.express.create("Item", {**ROW, "name": "s3cret-token"})
        return JSONResponse({}, 409)

    handler = Handler("refuse", lambda _, request: refuse(request), (("POST", "/items", None),), "/items")
    async with ApiClient(handler.application(kit.dataflow), kit=kit) as api:
        await api.post("/items?token=s3cret-token")
    assert told(kit) == [("refusal-wrote", "POST /items")]
    assert "s3cret-token" not in findings(kit)[0]["request"]
