"""A request that hangs fails its test, and the application is cancelled where it hung."""

from __future__ import annotations

import asyncio

import pytest
from asgi_apps import body, client_of, respond, start
from own_clock import own_clock

from kailash_testkit import http_library as httpx


def hanging(*, starts: bool):
    ended = []

    async def app(scope, receive, send):
        if starts:
            await start(send)
            await body(send, b"first", more=True)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    return app, ended


@pytest.mark.parametrize("starts", [False, True])
@own_clock
async def test_a_hanging_application_is_a_read_timeout_that_says_where(starts):
    app, ended = hanging(starts=starts)
    async with client_of(app, timeout=0.05) as client:
        with pytest.raises(httpx.ReadTimeout) as raised:
            await client.get("/orders")
        assert ended == [True]
    message = str(raised.value)
    assert message.startswith(
        "GET http://testserver/orders: the application sent nothing for 0.05 s and was cancelled at "
    )
    assert message.endswith("in app: await asyncio.sleep(60)")
    assert raised.value.request.url.path == "/orders"


@own_clock
async def test_a_background_task_that_never_ends_is_named_as_such():
    async def app(scope, receive, send):
        await respond(send)
        await asyncio.sleep(60)

    async with client_of(app, timeout=0.05) as client:
        with pytest.raises(httpx.ReadTimeout, match=r"sent its response but goes on \(a background task\?\)"):
            await client.get("/")


@own_clock
async def test_the_time_counts_from_the_last_sign_of_life():
    async def slow_content():
        for _ in range(4):
            await asyncio.sleep(0.04)
            yield b"x"

    async def app(scope, receive, send):
        while (await receive())["more_body"]:
            pass
        await start(send)
        for _ in range(4):
            await asyncio.sleep(0.04)
            await body(send, b"y", more=True)
        await body(send, b"")

    async with client_of(app, timeout=0.12) as client:
        assert (await client.post("/", content=slow_content())).text == "yyyy"


@own_clock
async def test_without_a_timeout_nothing_is_cancelled():
    async def app(scope, receive, send):
        await asyncio.sleep(0.05)
        await respond(send, b"late")

    async with client_of(app, timeout=None) as client:
        assert (await client.get("/")).text == "late"


@own_clock
async def test_a_timeout_of_the_test_stays_the_tests():
    app, _ = hanging(starts=False)
    async with client_of(app, timeout=60) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await client.get("/")
        for task in client._transport.running:
            task.cancel()


@own_clock
async def test_a_timeout_error_of_the_application_stays_the_applications():
    async def app(scope, receive, send):
        raise TimeoutError("the application's own")

    async with client_of(app) as client:
        with pytest.raises(TimeoutError, match="the application's own"):
            await client.get("/")
