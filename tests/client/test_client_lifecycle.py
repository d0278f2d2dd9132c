"""``async with`` starts the application and stops it; a shared server is started late and left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from asgi_apps import respond
from own_clock import own_clock
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.server import AppServer
from kailash_testkit.asgi.timeline import Timeline
from kailash_testkit.client import ApiClient
from kailash_testkit.errors import ConfigurationError, KitError, LifespanFailed


class Shop:
    """A Starlette application that writes down its lifespan events."""

    def __init__(self, *, fail_up: bool = False, fail_down: bool = False) -> None:
        self.events: list[str] = []
        self.fail_up, self.fail_down = fail_up, fail_down
        self.app = Starlette(routes=[Route("/", self.state)], lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[dict[str, str]]:
        if self.fail_up:
            raise RuntimeError("cannot start")
        self.events.append("up")
        yield {"pool": "open"}
        self.events.append("down")
        if self.fail_down:
            raise RuntimeError("cannot stop")

    async def state(self, request) -> JSONResponse:
        self.events.append("request")
        return JSONResponse({"pool": request.state.pool})


async def test_async_with_runs_the_lifespan_around_the_requests():
    shop = Shop()
    async with ApiClient(shop.app) as api:
        assert shop.events == ["up"]
        assert (await api.get("/")).json() == {"pool": "open"}
    assert shop.events == ["up", "request", "down"]


async def test_defaults_and_httpx_options():
    async def app(scope, receive, send):
        await respond(send)

    async with ApiClient(app) as api:
        assert str(api.base_url) == "http://testserver"
        assert api.timeout == httpx.Timeout(60)
        assert api.kit is None
    kit = SimpleNamespace(timeline=Timeline(lambda: None))
    options = {"base_url": "https://shop.test/v1", "timeout": 3, "headers": {"X-A": "1"}, "params": {"p": "2"}}
    async with ApiClient(app, kit=kit, **options) as api:
        request = (await api.get("/orders")).request
        assert str(request.url) == "https://shop.test/v1/orders?p=2"
        assert request.headers["x-a"] == "1"
        assert request.extensions["timeout"]["read"] == 3
        assert api.kit is kit


async def test_the_body_that_raises_still_stops_the_application():
    shop = Shop()
    with pytest.raises(ZeroDivisionError):
        async with ApiClient(shop.app):
            _ = 1 / 0
    assert shop.events == ["up", "down"]


@own_clock
async def test_a_cancelled_body_still_stops_the_application():
    shop = Shop()

    async def use() -> None:
        async with ApiClient(shop.app):
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(use(), 0.02)
    assert shop.events == ["up", "down"]


async def test_a_failed_shutdown_is_raised():
    shop = Shop(fail_down=True)
    with pytest.raises(LifespanFailed, match="cannot stop"):
        async with ApiClient(shop.app):
            pass


async def test_a_failed_shutdown_does_not_mask_the_bodys_exception():
    shop = Shop(fail_down=True)
    with pytest.raises(ZeroDivisionError) as raised:
        async with ApiClient(shop.app):
            _ = 1 / 0
    (note,) = raised.value.__notes__
    assert note.startswith(
        "and while the client was closed: the application's lifespan shutdown failed: RuntimeError: cannot stop"
    )


async def test_a_failed_startup_leaves_nothing_running():
    before = asyncio.all_tasks()
    api = ApiClient(Shop(fail_up=True).app)
    with pytest.raises(LifespanFailed, match="cannot start"):
        async with api:
            pytest.fail("the application did not start")
    assert asyncio.all_tasks() == before
    assert api.is_closed


@own_clock
async def test_a_cancelled_startup_leaves_nothing_running():
    ended = []

    @asynccontextmanager
    async def slow(app: Starlette) -> AsyncIterator[None]:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)
        yield

    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02), ApiClient(Starlette(lifespan=slow)):
            pytest.fail("the application did not start")
    assert ended == [True]
    assert asyncio.all_tasks() == before


async def test_aclose_stops_the_application_too():
    shop = Shop()
    api = await ApiClient(shop.app).__aenter__()
    await api.aclose()
    await api.aclose()
    assert shop.events == ["up", "down"]


async def test_without_async_with_the_message_says_what_to_do():
    api = ApiClient(Shop().app)
    with pytest.raises(KitError, match=r"do:  async with ApiClient\(app\) as api: \.\.\."):
        await api.get("/")


async def test_a_shared_server_starts_at_the_first_request_and_outlives_its_clients():
    shop = Shop()
    server = AppServer(shop.app)
    async with ApiClient(shop.app, server=server) as one:
        assert shop.events == []
        await asyncio.gather(one.get("/"), one.get("/"))
        assert shop.events == ["up", "request", "request"]
    async with ApiClient(shop.app, server=server) as two:
        assert (await two.get("/")).json() == {"pool": "open"}
    assert shop.events == ["up", "request", "request", "request"]
    await server.stop()
    assert shop.events[-1] == "down"


async def test_a_shared_server_needs_no_async_with():
    shop = Shop()
    server = AppServer(shop.app)
    api = ApiClient(shop.app, server=server)
    assert (await api.get("/")).status_code == 200
    await api.aclose()
    await server.stop()


async def test_the_server_has_to_run_the_clients_application():
    with pytest.raises(ConfigurationError, match=r"give `server\.app`"):
        ApiClient(Shop().app, server=AppServer(Shop().app))


async def test_streams_events_and_redirects_are_httpxs_own():
    seen = []

    async def app(scope, receive, send):
        if scope["path"] == "/old":
            await send({"type": "http.response.start", "status": 302, "headers": [(b"location", b"/new")]})
            await send({"type": "http.response.body"})
        else:
            await respond(send, b"new")

    async def note(response: httpx.Response) -> None:
        seen.append(response.status_code)

    async with ApiClient(app, follow_redirects=True, event_hooks={"response": [note]}) as api:
        assert (await api.get("/old")).text == "new"
        async with api.stream("GET", "/new") as response:
            assert [chunk async for chunk in response.aiter_text()] == ["new"]
    assert seen == [302, 200, 200]
