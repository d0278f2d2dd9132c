"""The same requests, to the same application, under the client and under a real uvicorn: the same observations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from parity_probe import under_uvicorn
from probe import eventually, marker
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from kailash_testkit import http_library as httpx
from kailash_testkit.client import ApiClient


class Probe:
    """An application that writes down what it observes."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        handlers = [self.context, self.echo, self.stream, self.before, self.half, self.late, self.twice]
        handlers += [self.endless, self.empty, self.state, self.upload]
        routes = [Route(f"/{handler.__name__}", handler, methods=["GET", "POST", "PUT"]) for handler in handlers]
        self.starlette = Starlette(routes=routes, lifespan=self.lifespan)

    async def __call__(self, scope, receive, send) -> None:
        bare = {"/silent": self.silent, "/unfinished": self.unfinished, "/exit": self.exit, "/scope": self.scope}
        app = bare.get(scope.get("path", ""), self.starlette)
        await app(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[dict[str, Any]]:
        self.events.append("up")
        marker.set("lifespan")
        yield {"pool": "open"}
        self.events.append(f"down {marker.get()}")

    async def context(self, request: Request) -> Response:
        before = marker.get()
        marker.set("request")
        return PlainTextResponse(before)

    async def echo(self, request: Request) -> Response:
        headers = [f"{name}={value}" for name, value in request.headers.items() if name.startswith("x-")]
        return JSONResponse([request.method, (await request.body()).decode(), headers, str(request.url.query)])

    async def upload(self, request: Request) -> Response:
        sizes = [len(chunk) async for chunk in request.stream()]
        return JSONResponse({"total": sum(sizes), "pieces": len(sizes) > 2})

    async def stream(self, request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for number in range(3):
                yield b"part%d" % number
                await asyncio.sleep(0.02)

        return StreamingResponse(parts())

    async def before(self, request: Request) -> Response:
        raise LookupError("before")

    async def half(self, request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            await asyncio.sleep(0.02)
            raise LookupError("mid body")

        return StreamingResponse(parts(), status_code=206)

    async def late(self, request: Request) -> Response:
        def job() -> None:
            self.events.append("job")
            raise LookupError("background")

        return PlainTextResponse("accepted", status_code=202, background=BackgroundTask(job))

    async def twice(self, request: Request) -> Response:
        response = PlainTextResponse("cookies")
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    async def endless(self, request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"tick"
                    await asyncio.sleep(0.005)
            finally:
                self.events.append("stopped")

        return StreamingResponse(parts())

    async def empty(self, request: Request) -> Response:
        return Response(status_code=204)

    async def state(self, request: Request) -> Response:
        had = sorted(request.state._state)
        request.state.mine = 1
        return JSONResponse(had)

    async def silent(self, scope, receive, send) -> None:
        await receive()

    async def unfinished(self, scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    async def exit(self, scope, receive, send) -> None:
        raise SystemExit(3)

    async def scope(self, scope, receive, send) -> None:
        names = (
            "type",
            "http_version",
            "method",
            "scheme",
            "path",
            "raw_path",
            "query_string",
            "root_path",
            "state",
        )
        seen = {name: scope[name] for name in names} | {"asgi": scope["asgi"], "keys": sorted(scope)}
        seen["headers"] = [name for name, _ in scope["headers"]]
        seen["client"] = scope["client"][0]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": repr(seen).encode()})


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Probe, str]]:
    probe = Probe()
    with under_uvicorn(probe) as url:
        yield probe, url


Scenario = Callable[[httpx.AsyncClient, Probe], Awaitable[object]]


async def read(client: httpx.AsyncClient, method: str, url: str, **options: Any) -> object:
    """Status, body as far as it came, and the error that ended it."""
    received = bytearray()
    try:
        async with client.stream(method, url, **options) as response:
            async for chunk in response.aiter_raw():
                received += chunk
    except httpx.HTTPError as error:
        return response.status_code, bytes(received), type(error).__name__
    return response.status_code, bytes(received), response.headers.get("content-type")


async def the_scope(client: httpx.AsyncClient, probe: Probe) -> object:
    return await read(client, "GET", "/scope?q=%20&q=2", headers={"X-Mixed-Case": "Value"})


async def context_isolation(client: httpx.AsyncClient, probe: Probe) -> object:
    marker.set("test")
    return [await read(client, "GET", "/context"), await read(client, "GET", "/context"), marker.get()]


async def request_body_and_headers(client: httpx.AsyncClient, probe: Probe) -> object:
    headers = [("X-A", "1"), ("X-A", "2"), ("X-B", "b")]
    return await read(client, "PUT", "/echo?a=%C3%A9", content=b"body", headers=headers)


async def large_request_body(client: httpx.AsyncClient, probe: Probe) -> object:
    return await read(client, "POST", "/upload", content=bytes(3_000_000))


async def streamed_request_body(client: httpx.AsyncClient, probe: Probe) -> object:
    async def content() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"%d" % number
            await asyncio.sleep(0.005)

    return await read(client, "POST", "/echo", content=content())


async def streaming_order(client: httpx.AsyncClient, probe: Probe) -> object:
    async with client.stream("GET", "/stream") as response:
        return [chunk async for chunk in response.aiter_raw()]


async def exception_before_the_response(client: httpx.AsyncClient, probe: Probe) -> object:
    return await read(client, "GET", "/before")


async def exception_in_mid_body(client: httpx.AsyncClient, probe: Probe) -> object:
    return await read(client, "GET", "/half")


async def failed_background_task(client: httpx.AsyncClient, probe: Probe) -> object:
    return await read(client, "GET", "/late"), await eventually(probe)


async def no_response(client: httpx.AsyncClient, probe: Probe) -> object:
    return await read(client, "GET", "/silent")


async def unfinished_response(client: httpx.AsyncClient, probe: Probe) -> object:
    return await read(client, "GET", "/unfinished")


async def system_exit(client: httpx.AsyncClient, probe: Probe) -> object:
    return await read(client, "GET", "/exit")


async def head_request(client: httpx.AsyncClient, probe: Probe) -> object:
    response = await client.head("/twice")
    return response.status_code, response.content, response.headers["content-length"]


async def no_content(client: httpx.AsyncClient, probe: Probe) -> object:
    return await read(client, "GET", "/empty")


async def repeated_headers(client: httpx.AsyncClient, probe: Probe) -> object:
    response = await client.get("/twice")
    return response.headers.get_list("set-cookie"), sorted(client.cookies.items())


async def disconnect(client: httpx.AsyncClient, probe: Probe) -> object:
    async with client.stream("GET", "/endless") as response:
        first = await anext(response.aiter_raw())
    return first[:4], await eventually(probe)


async def state_is_copied_per_request(client: httpx.AsyncClient, probe: Probe) -> object:
    return [await read(client, "GET", "/state"), await read(client, "GET", "/state")]


async def not_found_and_method_not_allowed(client: httpx.AsyncClient, probe: Probe) -> object:
    return [await read(client, "GET", "/nothing"), await read(client, "DELETE", "/echo")]


SCENARIOS = [
    the_scope, context_isolation, request_body_and_headers, large_request_body, streamed_request_body,
    streaming_order, exception_before_the_response, exception_in_mid_body, failed_background_task, no_response,
    unfinished_response, system_exit, head_request, no_content, repeated_headers, disconnect,
    state_is_copied_per_request, not_found_and_method_not_allowed,
]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_the_client_observes_what_a_client_of_uvicorn_observes(
    scenario: Scenario, served: tuple[Probe, str]
) -> None:
    probe, url = served
    probe.events.clear()
    async with httpx.AsyncClient(base_url=url) as client:
        on_uvicorn = await scenario(client, probe)
    probe = Probe()
    async with ApiClient(probe, raise_app_exceptions=False, base_url=url) as client:
        probe.events.clear()
        assert await scenario(client, probe) == on_uvicorn


async def test_lifespan_events() -> None:
    def serve(probe: Probe) -> list[Any]:
        with under_uvicorn(probe) as url:
            probe.events.append(httpx.get(f"{url}/state").json())
        return probe.events

    probe = Probe()
    async with ApiClient(probe) as client:
        probe.events.append((await client.get("/state")).json())
    assert probe.events == await asyncio.to_thread(serve, Probe()) == ["up", ["pool"], "down lifespan"]
