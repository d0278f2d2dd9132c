"""No exception of the application gets lost, whenever it is raised and whatever the client asked for."""

from __future__ import annotations

import asyncio
import logging
import traceback

import pytest
from asgi_apps import body, client_of, outcome_of, respond, start
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.outcome import RAISE_APP_EXCEPTIONS
from kailash_testkit.errors import ProtocolViolation


async def read_into(read: list[bytes], response: httpx.Response) -> None:
    async for chunk in response.aiter_raw():
        read.append(chunk)  # noqa: PERF401 - what came before the exception counts


async def before(scope, receive, send):
    raise LookupError("before")


async def mid_body(scope, receive, send):
    await start(send, 206)
    await body(send, b"half", more=True)
    raise LookupError("mid body")


async def after(scope, receive, send):
    await respond(send, b"whole")
    raise LookupError("after")


async def failing_job() -> None:
    await asyncio.sleep(0.01)
    raise LookupError("background")


async def with_background(request):
    return PlainTextResponse("accepted", background=BackgroundTask(failing_job))


async def failing_handler(request):
    raise LookupError("handler")


background = Starlette(routes=[Route("/", with_background)])
handler = Starlette(routes=[Route("/", failing_handler)])


@pytest.mark.parametrize(
    ("app", "text"),
    [
        (before, "before"),
        (mid_body, "mid body"),
        (after, "after"),
        (background, "background"),
        (handler, "handler"),
    ],
)
async def test_the_original_exception_is_raised_with_its_traceback(app, text):
    async with client_of(app) as client:
        with pytest.raises(LookupError, match=f"^{text}") as raised:
            await client.get("/")
    assert f'raise LookupError("{text}")' in "".join(traceback.format_tb(raised.tb))


async def test_before_the_response_it_is_raised_where_the_response_is_asked_for():
    async with client_of(before) as client:
        with pytest.raises(LookupError):
            async with client.stream("GET", "/"):
                pytest.fail("there is no response")


async def test_in_mid_body_it_is_raised_after_what_was_sent():
    read = []
    async with client_of(mid_body) as client, client.stream("GET", "/") as response:
        with pytest.raises(LookupError):
            await read_into(read, response)
    assert read == [b"half"]


async def test_an_unanswered_exception_says_which_request_it_belongs_to():
    async with client_of(background) as client:
        with pytest.raises(LookupError) as raised:
            await client.get("/?token=s3cret")
    (note,) = raised.value.__notes__
    assert note.startswith("raised after the response to GET http://testserver/?token=*** had begun")


async def test_as_a_server_an_exception_before_the_response_is_a_bare_500():
    async with client_of(before, raise_app_exceptions=False) as client:
        response = await client.get("/")
        head = await client.head("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert (head.status_code, head.text) == (500, "")
    outcome = outcome_of(response)
    assert isinstance(outcome.exception, LookupError)
    assert outcome.answered


async def test_as_a_server_a_broken_body_is_a_protocol_error():
    read = []
    async with (
        client_of(mid_body, raise_app_exceptions=False) as client,
        client.stream("GET", "/") as response,
    ):
        with pytest.raises(httpx.RemoteProtocolError, match="206 response in mid-body") as raised:
            await read_into(read, response)
    assert read == [b"half"]
    assert isinstance(raised.value.__cause__, LookupError)


@pytest.mark.parametrize(("app", "text"), [(after, "whole"), (background, "accepted")])
async def test_as_a_server_a_failure_after_the_body_leaves_the_response_and_is_kept(app, text):
    async with client_of(app, raise_app_exceptions=False) as client:
        response = await client.get("/")
    assert (response.status_code, response.text) == (200, text)
    outcome = outcome_of(response)
    assert isinstance(outcome.exception, LookupError)
    assert not outcome.answered


async def test_an_error_handlers_response_answers_the_exception():
    async def on_error(request, error):
        return JSONResponse({"sorry": str(error)}, status_code=503)

    app = Starlette(routes=[Route("/", failing_handler)], exception_handlers={Exception: on_error})
    async with client_of(app, raise_app_exceptions=False) as client:
        response = await client.get("/")
    assert response.json() == {"sorry": "handler"}
    assert outcome_of(response).answered


async def test_the_outcome_is_empty_while_nothing_failed():
    async def app(scope, receive, send):
        await respond(send)

    async with client_of(app) as client:
        assert outcome_of(await client.get("/")).exception is None


async def test_one_request_can_override_the_client():
    async with client_of(before) as client:
        response = await client.get("/", extensions={RAISE_APP_EXCEPTIONS: False})
        assert response.status_code == 500
    async with client_of(before, raise_app_exceptions=False) as client:
        with pytest.raises(LookupError):
            await client.get("/", extensions={RAISE_APP_EXCEPTIONS: True})


async def test_what_nobody_was_told_is_logged_without_secrets(caplog):
    async with client_of(before, raise_app_exceptions=False) as client:
        await client.get("/?api_key=k3y-k3y")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    lines = record.getMessage().splitlines()
    assert lines[0] == "GET http://testserver/?api_key=***: exception in the application"
    assert lines[-1] == "  LookupError: before"


async def test_a_failure_after_the_client_left_is_logged(caplog):
    async def app(scope, receive, send):
        await start(send)
        await receive()
        await receive()
        raise LookupError("alone")

    async with client_of(app) as client, client.stream("GET", "/"):
        pass
    assert "LookupError: alone" in caplog.text


async def test_what_was_raised_is_not_logged(caplog):
    async with client_of(after) as client:
        with pytest.raises(LookupError):
            await client.get("/")
    assert not [record for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError()])
async def test_what_would_end_the_tests_own_task_fails_it_instead(error):
    async def app(scope, receive, send):
        raise error

    async with client_of(app) as client:
        with pytest.raises(ProtocolViolation, match=rf"task ended with {type(error).__name__}") as raised:
            await client.get("/")
        assert raised.value.__cause__ is error
        assert (await client.get("/", extensions={RAISE_APP_EXCEPTIONS: False})).status_code == 500


async def test_pytest_fail_in_the_application_fails_the_test():
    async def app(scope, receive, send):
        pytest.fail("never call this")

    async with client_of(app) as client:
        with pytest.raises(pytest.fail.Exception, match="never call this"):
            await client.get("/")
