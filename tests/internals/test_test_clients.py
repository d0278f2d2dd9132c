"""Requests of clients that are not the kit's are told of, and are what they were."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette_client import TestClient

from kailash_testkit import ApiClient
from kailash_testkit.internals.test_clients import TestClients

pytestmark = pytest.mark.databases("sqlite")

Told = list[tuple[str, str, int | str]]


class Running:
    def __init__(self) -> None:
        self.status: int | str = "none"

    def answered(self, response: Any, /) -> None:
        self.status = response.status_code


@pytest.fixture
def told() -> Iterator[Told]:
    """Method, path and status of each request that was told of."""
    told: Told = []

    @contextlib.contextmanager
    def running(request: httpx.Request) -> Generator[Running, None, None]:
        running = Running()
        try:
            yield running
        except Exception as error:
            running.status = type(error).__name__
            raise
        finally:
            told.append((request.method, request.url.path, running.status))

    clients = TestClients(lambda request, app: running(request) if app is APP else None)
    before = httpx.Client.send, httpx.AsyncClient.send
    clients.start()
    yield told
    clients.stop()
    assert (httpx.Client.send, httpx.AsyncClient.send) == before


async def echo(request: Request) -> Response:
    return JSONResponse({"sent": (await request.body()).decode(), "path": request.url.path})


async def fail(_: Request) -> Response:
    raise RuntimeError("no stock")


async def elsewhere(_: Request) -> Response:
    return RedirectResponse("/echo")


async def stream(_: Request) -> Response:
    async def parts() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    return StreamingResponse(parts())


APP = Starlette(
    routes=[
        Route("/echo", echo, methods=["GET", "POST"]),
        Route("/fail", fail),
        Route("/elsewhere", elsewhere),
        Route("/stream", stream),
    ]
)


def asynchronous(app: Any = APP) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop", follow_redirects=True)


async def test_a_transport_of_httpx(told: Told) -> None:
    async with asynchronous() as client:
        assert (await client.post("/echo", content="a")).json() == {"sent": "a", "path": "/echo"}
        assert (await client.get("/elsewhere")).json()["path"] == "/echo"
        with pytest.raises(RuntimeError, match="no stock"):
            await client.get("/fail")
        async with client.stream("GET", "/stream") as response:
            assert [part async for part in response.aiter_raw()] == [b"ab"]  # httpx waits for the end
    assert told == [
        ("POST", "/echo", 200),
        ("GET", "/elsewhere", 200),  # followed to the end
        ("GET", "/fail", "RuntimeError"),
        ("GET", "/stream", 200),
    ]


def test_a_client_of_starlette(told: Told) -> None:
    with TestClient(APP) as client:
        assert client.post("/echo", content="a").json() == {"sent": "a", "path": "/echo"}
        with pytest.raises(RuntimeError, match="no stock"):
            client.get("/fail")
        with client.stream("GET", "/stream") as response:
            assert "".join(response.iter_text()) == "ab"
    assert told == [("POST", "/echo", 200), ("GET", "/fail", "RuntimeError"), ("GET", "/stream", 200)]


async def test_requests_elsewhere_are_not_told_of(told: Told) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(204))) as client:
        assert (await client.get("http://shop/echo")).status_code == 204
    async with asynchronous(Starlette()) as client:
        assert (await client.get("/echo")).status_code == 404
    assert told == []


async def test_the_kits_own_client_tells_by_itself(told: Told) -> None:
    async with ApiClient(APP) as api:
        await api.post("/echo")
    assert told == []


async def test_a_base_class_may_have_another_transport(told: Told) -> None:
    class Own(httpx.ASGITransport):
        pass

    async with httpx.AsyncClient(transport=Own(APP), base_url="http://shop") as client:
        await client.get("/echo")
    assert told == [("GET", "/echo", 200)]
