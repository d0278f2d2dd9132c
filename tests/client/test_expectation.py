"""``api.expect(status)`` checks the status where the request is made."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from kailash_testkit.client import ApiClient
from kailash_testkit.errors import ConfigurationError, UnexpectedStatus

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]


async def echo(request):
    return JSONResponse({"method": request.method, "body": (await request.body()).decode()}, status_code=202)


async def boom(request):
    raise LookupError("no such order")


async def late(request):
    def job() -> None:
        raise LookupError("the mail was not sent")

    return PlainTextResponse("accepted", background=BackgroundTask(job))


async def broken(request):
    async def parts():
        yield b"half"
        raise LookupError("cursor closed")

    return StreamingResponse(parts())


async def forgiving(request, error):
    return JSONResponse({"sorry": str(error)}, status_code=400)


ROUTES = [
    Route("/echo", echo, methods=METHODS),
    Route("/boom", boom),
    Route("/late", late),
    Route("/broken", broken),
]
app = Starlette(routes=ROUTES)


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_sends_what_httpx_would_send(method):
    async with ApiClient(app) as api:
        send = getattr(api.expect(202), method.lower())
        options = {"json": {"a": 1}} if method in {"POST", "PUT", "PATCH"} else {"params": {"a": 1}}
        response = await send("/echo", **options)
        assert response.request.method == method
        if method != "HEAD":
            assert response.json() == {"method": method, "body": '{"a":1}' if "json" in options else ""}
        assert (await api.expect(202).request(method, "/echo")).status_code == 202


async def test_one_of_several_statuses_will_do():
    async with ApiClient(app) as api:
        await api.expect(200, 202).get("/echo")
        with pytest.raises(UnexpectedStatus, match="expected 200 or 201, got 202 Accepted"):
            await api.expect(200, 201).get("/echo")


async def test_the_failure_is_a_kit_error_and_an_assertion():
    async with ApiClient(app) as api:
        with pytest.raises(AssertionError, match=r"^GET http://testserver/nothing: expected 200, got 404 Not Found"):
            await api.expect(200).get("/nothing")


async def test_an_exception_counts_as_the_500_that_it_is_to_a_client():
    async with ApiClient(app) as api:
        assert (await api.expect(500).get("/boom")).text == "Internal Server Error"
        with pytest.raises(UnexpectedStatus, match="LookupError: no such order"):
            await api.expect(200).get("/boom")
        with pytest.raises(LookupError):
            await api.get("/boom")


async def test_an_exception_that_was_answered_counts_as_its_answer():
    async with ApiClient(Starlette(routes=ROUTES, exception_handlers={Exception: forgiving})) as api:
        assert (await api.expect(400).get("/boom")).json() == {"sorry": "no such order"}


async def test_a_failed_background_task_surfaces_although_the_status_is_right():
    async with ApiClient(app) as api:
        with pytest.raises(LookupError, match="the mail was not sent"):
            await api.expect(200).get("/late")


async def test_a_broken_response_is_no_success():
    async with ApiClient(app) as api:
        with pytest.raises(UnexpectedStatus) as failure:
            await api.expect(200).get("/broken")
    message = str(failure.value)
    assert "expected 200, got the application broke off its 200 response in mid-body" in message
    assert "LookupError: cursor closed" in message


async def test_extensions_of_the_request_are_kept():
    async with ApiClient(app) as api:
        response = await api.expect(202).get("/echo", extensions={"mine": 1})
    assert response.request.extensions["mine"] == 1


@pytest.mark.parametrize("status", [0, 99, 600])
async def test_what_is_no_status_is_refused(status):
    async with ApiClient(app) as api:
        with pytest.raises(ConfigurationError, match="has no HTTP status"):
            api.expect(status)


async def test_expect_works_on_views():
    async with ApiClient(app) as api:
        await api.authenticated("t").expect(202).get("/echo")
