"""An application that breaks the protocol is told so, as a server would tell it."""

from __future__ import annotations

import pytest
from asgi_apps import body, client_of, outcome_of, respond, start

from kailash_testkit import http_library as httpx
from kailash_testkit.errors import ProtocolViolation, UnsupportedProtocol


async def silent(scope, receive, send):
    await receive()


async def unfinished(scope, receive, send):
    await start(send)
    await body(send, b"half", more=True)


async def body_first(scope, receive, send):
    await body(send, b"too early")


async def start_twice(scope, receive, send):
    await start(send)
    await start(send)


async def answer_twice(scope, receive, send):
    await respond(send)
    await respond(send)


async def too_long(scope, receive, send):
    await start(send, headers=[(b"content-length", b"2")])
    await body(send, b"abc")


async def too_short(scope, receive, send):
    await start(send, headers=[(b"Content-Length", b"5")])
    await body(send, b"abc")


@pytest.mark.parametrize(
    ("app", "what"),
    [
        (silent, "finished without sending a response"),
        (unfinished, "finished in the middle of its response"),
        (body_first, "sent 'http.response.body' where 'http.response.start' has to come"),
        (start_twice, "sent 'http.response.start' where 'http.response.body' has to come"),
        (answer_twice, "sent 'http.response.start' after its response was complete"),
        (too_long, "sent a body 1 bytes longer than its Content-Length"),
        (too_short, "sent a body 2 bytes shorter than its Content-Length"),
    ],
)
async def test_the_violation_is_raised_in_the_test(app, what):
    async with client_of(app) as client:
        with pytest.raises(ProtocolViolation) as raised:
            await client.get("/orders")
    assert str(raised.value).startswith(f"GET http://testserver/orders: the application {what}\n  do:  ")


async def test_as_a_server_no_response_is_a_500_and_half_of_one_is_broken():
    async with client_of(silent, raise_app_exceptions=False) as client:
        response = await client.get("/")
        assert response.status_code == 500
        assert isinstance(outcome_of(response).exception, ProtocolViolation)
    async with client_of(unfinished, raise_app_exceptions=False) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")


@pytest.mark.parametrize("url", ["ws://shop.test/live", "wss://shop.test/live"])
async def test_websocket_urls_are_refused(url):
    async with client_of(silent) as client:
        with pytest.raises(UnsupportedProtocol, match=r"do:  async with api.websocket\("):
            await client.get(url)


async def test_other_schemes_are_refused():
    async with client_of(silent) as client:
        with pytest.raises(UnsupportedProtocol, match="does not speak 'ftp'"):
            await client.get("ftp://shop.test/")
