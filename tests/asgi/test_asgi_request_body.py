"""Request bodies reach the application as a server would hand them over, and no sooner than it asks."""

from __future__ import annotations

import asyncio

import pytest
from asgi_apps import client_of, respond
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kailash_testkit import http_library as httpx


def recorder():
    messages: list[dict] = []

    async def app(scope, receive, send):
        while True:
            messages.append(await receive())
            if not messages[-1].get("more_body"):
                break
        await respond(send)
        messages.append(await receive())

    return app, messages


async def test_a_small_body_is_one_message_and_then_the_disconnect_follows():
    app, messages = recorder()
    async with client_of(app) as client:
        await client.post("/", json={"a": 1})
    assert messages == [
        {"type": "http.request", "body": b'{"a":1}', "more_body": False},
        {"type": "http.disconnect"},
    ]


async def test_no_body_is_one_empty_message():
    app, messages = recorder()
    async with client_of(app) as client:
        await client.get("/")
    assert messages[0] == {"type": "http.request", "body": b"", "more_body": False}


async def test_a_large_body_comes_in_pieces():
    app, messages = recorder()
    content = bytes(range(256)) * 1000
    async with client_of(app) as client:
        await client.post("/", content=content)
    pieces = [message["body"] for message in messages[:-1]]
    assert [len(piece) for piece in pieces] == [65_536, 65_536, 65_536, 59_392]
    assert b"".join(pieces) == content


async def test_a_generator_is_read_as_the_application_asks():
    events = []

    async def content():
        for number in (1, 2):
            events.append(f"give {number}")
            yield str(number).encode()

    async def app(scope, receive, send):
        while (message := await receive())["more_body"]:
            events.append(f"got {message['body'].decode()}")
        await respond(send)

    async with client_of(app) as client:
        await client.post("/", content=content())
    assert events == ["give 1", "got 1", "give 2", "got 2"]


async def test_a_generator_with_a_content_length_ends_with_its_last_byte():
    async def content():
        yield b"ab"
        yield b"cd"

    app, messages = recorder()
    async with client_of(app) as client:
        await client.post("/", content=content(), headers={"Content-Length": "4"})
    assert [(message["body"], message["more_body"]) for message in messages[:-1]] == [
        (b"ab", True),
        (b"cd", False),
    ]


@pytest.mark.parametrize(("declared", "problem"), [("3", "1 bytes longer"), ("5", "1 bytes shorter")])
async def test_a_body_that_does_not_fit_its_content_length_is_the_tests_mistake(declared, problem):
    async def content():
        yield b"abcd"

    app, _ = recorder()
    async with client_of(app) as client:
        with pytest.raises(httpx.LocalProtocolError, match=problem):
            await client.post("/", content=content(), headers={"Content-Length": declared})


async def test_a_generator_that_fails_fails_the_request_and_the_application_hears_disconnect():
    heard = []

    async def content():
        yield b"first"
        raise LookupError("the test's own mistake")

    async def app(scope, receive, send):
        while (message := await receive())["type"] != "http.disconnect":
            pass
        heard.append(message)

    async with client_of(app) as client:
        with pytest.raises(LookupError, match="the test's own mistake"):
            await client.post("/", content=content())
    assert heard == [{"type": "http.disconnect"}]


async def test_pytest_fail_in_a_generator_fails_the_test():
    async def content():
        yield b"first"
        pytest.fail("stop here")

    app, _ = recorder()
    async with client_of(app) as client:
        with pytest.raises(pytest.fail.Exception, match="stop here"):
            await client.post("/", content=content())


async def test_a_cancelled_receive_loses_nothing():
    release = asyncio.Event()

    async def content():
        yield b"one"
        await release.wait()
        yield b"two"

    async def app(scope, receive, send):
        parts = [(await receive())["body"]]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.01)
        release.set()
        parts.append((await receive())["body"])
        await respond(send, b"-".join(parts))

    async with client_of(app) as client:
        assert (await client.post("/", content=content())).text == "one-two"


async def test_forms_and_files_arrive():
    async def echo(request: Request) -> JSONResponse:
        async with request.form() as form:
            upload = form["file"]
            return JSONResponse({"name": form["name"], "file": (await upload.read()).decode()})

    app = Starlette(routes=[Route("/", echo, methods=["POST"])])
    async with client_of(app) as client:
        response = await client.post("/", data={"name": "Ada"}, files={"file": ("a.txt", b"content")})
    assert response.json() == {"name": "Ada", "file": "content"}


async def test_a_body_that_nobody_reads_does_no_harm():
    closed = []

    async def content():
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    async def app(scope, receive, send):
        await receive()
        await respond(send, b"enough", status=413)

    async with client_of(app) as client:
        assert (await client.post("/", content=content())).status_code == 413
