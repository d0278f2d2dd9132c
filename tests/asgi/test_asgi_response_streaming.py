"""Responses are handed over as they are sent; a slow reader slows the application, a gone one is noticed."""

from __future__ import annotations

import asyncio

import pytest
from asgi_apps import body, client_of, respond, start
from own_clock import own_clock
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route


@own_clock
async def test_chunks_arrive_while_the_application_still_works():
    events = []
    read = asyncio.Event()

    async def app(scope, receive, send):
        await start(send)
        await body(send, b"first", more=True)
        await read.wait()  # would hang with a buffered response
        events.append("sends second")
        await body(send, b"second")

    async with client_of(app) as client, client.stream("GET", "/") as response:
        async for chunk in response.aiter_raw():
            events.append(f"read {chunk.decode()}")
            read.set()
    assert events == ["read first", "sends second", "read second"]


@own_clock
async def test_the_head_arrives_before_the_body():
    release = asyncio.Event()

    async def app(scope, receive, send):
        await start(send, 202)
        await release.wait()
        await body(send, b"done")

    async with client_of(app) as client, client.stream("GET", "/") as response:
        assert response.status_code == 202
        release.set()
        assert await response.aread() == b"done"


@own_clock
async def test_the_application_waits_for_a_reader_that_is_far_behind():
    sent = []

    async def app(scope, receive, send):
        await start(send)
        for number in range(10):
            await body(send, bytes(40_000), more=True)
            sent.append(number)
        await body(send, b"")

    async with client_of(app) as client, client.stream("GET", "/") as response:
        await asyncio.sleep(0.02)
        assert len(sent) == 2
        assert len(await response.aread()) == 400_000
    assert len(sent) == 10


@own_clock
async def test_closing_the_response_frees_the_application_and_it_hears_disconnect():
    events = []
    ended = asyncio.Event()

    async def app(scope, receive, send):
        await start(send)
        await receive()
        for _ in range(10):
            await body(send, bytes(40_000), more=True)
        events.append("all sent")  # to nobody: sending after the disconnect is no error
        events.append((await receive())["type"])
        ended.set()

    async with client_of(app) as client:
        async with client.stream("GET", "/"):
            await asyncio.sleep(0.02)
            assert events == []
        await asyncio.wait_for(ended.wait(), 2)
    assert events == ["all sent", "http.disconnect"]


@own_clock
async def test_starlette_stops_an_endless_stream_when_the_client_leaves():
    stopped = asyncio.Event()

    async def ticks():
        try:
            while True:
                yield b"tick"
                await asyncio.sleep(0.001)
        finally:
            stopped.set()

    async def endless(request):
        return StreamingResponse(ticks())

    app = Starlette(routes=[Route("/", endless)])
    async with client_of(app) as client:
        async with client.stream("GET", "/") as response:
            assert await anext(response.aiter_raw()) == b"tick"
        await asyncio.wait_for(stopped.wait(), 2)


@own_clock
async def test_a_cancelled_request_is_a_disconnect():
    heard = asyncio.Event()

    async def app(scope, receive, send):
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        heard.set()

    async with client_of(app) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.get("/"), 0.01)
        await asyncio.wait_for(heard.wait(), 2)


@pytest.mark.parametrize(
    ("method", "status", "content"), [("HEAD", 200, b"ignored"), ("GET", 204, b""), ("GET", 304, b"")]
)
@own_clock
async def test_a_response_that_has_no_body_gets_none(method, status, content):
    async def app(scope, receive, send):
        await start(send, status, [(b"content-length", b"7")])
        await body(send, content)

    async with client_of(app) as client:
        response = await client.request(method, "/")
    assert (response.status_code, response.content) == (status, b"")
    assert response.headers["content-length"] == "7"


@own_clock
async def test_repeated_headers_are_kept():
    async def app(scope, receive, send):
        await start(send, 200, [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"X-Case", b"Kept")])
        await body(send, b"")

    async with client_of(app) as client:
        response = await client.get("/")
        assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert (b"X-Case", b"Kept") in response.headers.raw
        assert dict(client.cookies) == {"a": "1", "b": "2"}


@own_clock
async def test_bytes_like_bodies_are_taken():
    async def app(scope, receive, send):
        await start(send)
        await body(send, memoryview(b"view"), more=True)
        buffer = bytearray(b"array")
        await body(send, buffer)
        buffer[:] = b"reuse"

    async with client_of(app) as client:
        assert (await client.get("/")).content == b"viewarray"


@own_clock
async def test_many_requests_at_once():
    async def app(scope, receive, send):
        await asyncio.sleep(0.001)
        await respond(send, scope["path"].encode())

    async with client_of(app) as client:
        responses = await asyncio.gather(*(client.get(f"/{number}") for number in range(50)))
    assert [response.text for response in responses] == [f"/{number}" for number in range(50)]
