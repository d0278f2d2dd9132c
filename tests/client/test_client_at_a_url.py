"""The same client, on a server at a URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.live import LiveServer
from kailash_testkit.client import ApiClient
from kailash_testkit.errors import ConfigurationError, LifespanFailed, UnexpectedStatus


async def echo(request: Request) -> JSONResponse:
    return JSONResponse(
        {
            "authorization": request.headers.get("authorization"),
            "cookies": request.cookies,
            "q": str(request.query_params),
        }
    )


async def fail(request: Request) -> JSONResponse:
    raise LookupError("no stock")


app = Starlette(routes=[Route("/echo", echo), Route("/fail", fail)])


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with LiveServer(app) as running:
        yield running


async def test_helpers_work_over_http(server: LiveServer) -> None:
    async with ApiClient(server.url) as api:
        response = await api.with_cookies({"a": "1"}).authenticated("t").expect(200).get("/echo?x=1")
        assert response.json() == {"authorization": "Bearer t", "cookies": {"a": "1"}, "q": "x=1"}
        assert api.app is None
        assert api.transport.running == set()
        with pytest.raises(UnexpectedStatus, match=rf"GET {server.url}/fail: expected 200, got 500"):
            await api.expect(200).get("/fail")
        with pytest.raises(UnexpectedStatus, match="got 404"):
            await api.resource("/nothing").get(1)


async def test_a_request_after_a_failed_one_has_a_connection_of_its_own(server: LiveServer) -> None:
    """uvicorn closes a failed request's connection after its response: reusing it loses now and then."""
    async with ApiClient(server.url) as api:
        for _ in range(100):
            assert (await api.get("/fail")).status_code == 500
            assert (await api.get("/echo")).status_code == 200


async def test_what_is_no_url_of_a_server() -> None:
    for url in ("shop.api:app", "ftp://shop", "http://"):
        with pytest.raises(ConfigurationError, match="not the URL of a server"):
            ApiClient(url)
    with pytest.raises(ConfigurationError, match="has no dependencies"), ApiClient("http://x").overriding(echo, 1):
        pass


async def test_a_server_that_does_not_run() -> None:
    async with ApiClient("http://127.0.0.1:1") as api:
        with pytest.raises(httpx.ConnectError):
            await api.get("/")


def test_a_server_whose_application_does_not_start() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no key"})

    with pytest.raises(LifespanFailed, match="uvicorn did not start it"), LiveServer(broken):
        pass


def test_a_server_stops_with_its_block() -> None:
    with LiveServer(app) as server:
        assert httpx.get(f"{server.url}/echo").status_code == 200
        assert server.is_running
        assert server.wait_until_idle(30)
    assert not server.is_running
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_a_server_that_was_never_started_need_not_stop() -> None:
    server = LiveServer(app)
    server.stop()
    assert not server.is_running
