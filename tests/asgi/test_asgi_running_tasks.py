"""The transport knows which requests still run, and ends them when it closes."""

from __future__ import annotations

import asyncio

import pytest
from asgi_apps import body, respond, start
from own_clock import own_clock

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.transport import AppTransport
from kailash_testkit.errors import KitError


@own_clock
async def test_running_requests_are_known_until_they_end():
    release = asyncio.Event()

    async def app(scope, receive, send):
        await release.wait()
        await respond(send)

    transport = AppTransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        request = asyncio.create_task(client.get("/"))
        await asyncio.sleep(0.01)
        assert len(transport.running) == 1
        release.set()
        await request
        assert transport.running == set()


@own_clock
async def test_closing_lets_short_work_finish():
    finished = []

    async def app(scope, receive, send):
        await start(send)
        await body(send, b"", more=True)
        await asyncio.sleep(0.05)
        finished.append(True)

    transport = AppTransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
    async with client.stream("GET", "/"):
        pass
    await client.aclose()
    assert finished == [True]
    assert transport.running == set()


@own_clock
async def test_closing_cancels_what_does_not_end():
    cancelled = []

    async def app(scope, receive, send):
        await start(send)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    transport = AppTransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
    async with client.stream("GET", "/"):
        pass
    began = asyncio.get_running_loop().time()
    await client.aclose()
    assert cancelled == [True]
    assert asyncio.get_running_loop().time() - began == pytest.approx(1)
    assert transport.running == set()


@own_clock
async def test_closing_ends_responses_that_are_still_read():
    async def app(scope, receive, send):
        await start(send)
        await receive()
        await receive()

    transport = AppTransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
    async with client.stream("GET", "/") as response:
        reading = asyncio.create_task(response.aread())
        await asyncio.sleep(0.01)
        await client.aclose()
        with pytest.raises(httpx.ReadError, match="closed before the response was complete"):
            await reading


@own_clock
async def test_a_task_that_is_cancelled_from_outside_fails_its_request():
    async def app(scope, receive, send):
        await asyncio.sleep(60)

    transport = AppTransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        request = asyncio.create_task(client.get("/"))
        for _ in range(10):  # until its task exists, which may not have had its first step
            await asyncio.sleep(0)
            if transport.running:
                break
        for task in transport.running:
            task.cancel()
        with pytest.raises(KitError, match="ended with CancelledError"):
            await request


@own_clock
async def test_a_closed_transport_refuses_requests():
    async def app(scope, receive, send):
        await respond(send)

    transport = AppTransport(app)
    await transport.aclose()
    with pytest.raises(KitError, match="the client was closed"):
        await transport.handle_async_request(httpx.Request("GET", "http://testserver/"))
