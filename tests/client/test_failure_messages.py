"""A failed expectation shows what is needed to understand it, in few lines and without secrets."""

from __future__ import annotations

import asyncio
import time

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from kailash_testkit import http_library as httpx
from kailash_testkit.client import ApiClient
from kailash_testkit.errors import UnexpectedStatus

SECRET = "hunter2-hunter2"


async def answer(request):
    return JSONResponse({"detail": "no"}, status_code=422)


async def leaky(request):
    headers = request.headers
    values = [await request.body(), *headers.values(), request.url.query, *request.cookies.values()]
    values.append(headers.get("authorization", "").split(" ")[-1])
    text = " ".join(value.decode() if isinstance(value, bytes) else value for value in values)
    raise PermissionError(f"refused: {text}")


async def html(request):
    return HTMLResponse("\n".join(f"<p>line {number}</p>" for number in range(100)), status_code=400)


async def binary(request):
    return Response(b"\x89PNG\0\0\0\0", status_code=400, media_type="image/png")


async def long(request):
    return JSONResponse({"text": "x" * 5000}, status_code=400)


async def deep(request):
    def descend(level: int) -> None:
        if level == 0:
            raise ValueError("\x1b[91mat the\nbottom\x1b[0m") from KeyError("cause")
        descend(level - 1)

    descend(30)


async def moved(request):
    return RedirectResponse("/answer")


ROUTES = [
    Route(f"/{handler.__name__}", handler, methods=["GET", "POST"])
    for handler in (answer, leaky, html, binary, long, deep, moved)
]
app = Starlette(routes=ROUTES)


async def message_of(url: str, *, method: str = "POST", **options) -> str:
    async with ApiClient(app) as api:
        with pytest.raises(UnexpectedStatus) as failure:
            await api.expect(200).request(method, url, **options)
    message = str(failure.value)
    assert len(message.splitlines()) <= 25
    return message


async def test_a_whole_message():
    message = await message_of("/answer?page=2", json={"name": "Ada", "password": SECRET})
    assert message.splitlines() == [
        f"POST http://testserver/answer?page=2: expected 200, got 422 {httpx.codes.get_reason_phrase(422)}",
        '  request:  {"name": "Ada", "password": "***"}',
        '  response: {"detail": "no"}',
        "  do:  compare the request with the fields that the endpoint declares",
    ]


async def test_a_server_error_shows_the_applications_own_frames():
    message = await message_of("/leaky", method="GET")
    lines = message.splitlines()
    assert lines[0] == "GET http://testserver/leaky: expected 200, got 500 Internal Server Error"
    at = lines.index("  server traceback, last frame last:")
    assert "test_failure_messages.py:" in lines[at + 1]
    assert 'in leaky: raise PermissionError(f"refused: {text}")' in lines[at + 1]
    assert lines[at + 2].startswith("    PermissionError: refused: ")
    assert lines[-1] == "  do:  fix what raised PermissionError; if it is meant, expect(500)"
    assert "site-packages" not in message


@pytest.mark.parametrize(
    "key", ["password", "new_password", "token", "accessToken", "client_secret", "api_key", "apiKey"]
)
@pytest.mark.parametrize("kind", ["json", "data", "params"])
async def test_secrets_are_masked_wherever_they_come_back(key, kind):
    message = await message_of("/leaky", **{kind: {key: SECRET, "name": "Ada"}})
    assert SECRET not in message
    assert "Ada" in message
    assert "***" in message


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {SECRET}"},
        {"Cookie": f"theme=dark; sid={SECRET}; lang=en"},
        {"X-Api-Key": SECRET},
    ],
)
async def test_secret_headers_are_not_shown(headers):
    assert SECRET not in await message_of("/leaky", headers=headers)


async def test_a_secret_in_nested_json_and_in_json_that_is_none():
    assert SECRET not in await message_of("/leaky", json={"users": [{"login": {"password": SECRET}}]})
    broken = f'{{"password": "{SECRET}", '
    assert SECRET not in await message_of("/leaky", content=broken, headers={"Content-Type": "application/json"})


async def test_a_validation_errors_input_is_masked():
    async def validate(request):
        error = {"loc": ["body", "password"], "msg": "too short", "input": "pw1"}
        return JSONResponse({"detail": [error]}, status_code=422)

    async with ApiClient(Starlette(routes=[Route("/", validate)])) as api:
        with pytest.raises(UnexpectedStatus) as failure:
            await api.expect(200).get("/")
    assert '"input": "***"' in str(failure.value)


async def test_bodies_are_cut():
    message = await message_of("/long", content="y" * 5000)
    assert len(message) < 2600
    assert "... (5000 bytes)" in message
    message = await message_of("/html", method="GET")
    assert "<p>line 3</p>... (" in message
    assert "<p>line 4</p>" not in message


async def test_what_is_no_text_is_described():
    message = await message_of("/binary", files={"file": ("a.bin", b"\0\1\2", "application/octet-stream")})
    assert "request:  (streamed, multipart/form-data)" in message
    assert "response: (image/png, 8 bytes)" in message


async def test_a_streamed_request_is_said_to_be_one():
    async def content():
        yield b"x"

    assert "request:  (streamed)" in await message_of("/answer", content=content())


async def test_a_deep_traceback_shows_its_end_without_colours():
    message = await message_of("/deep", method="GET")
    frames = [line for line in message.splitlines() if " in descend: " in line]
    assert len(frames) == 7
    assert frames[-1].endswith('raise ValueError("\\x1b[91mat the\\nbottom\\x1b[0m") from KeyError("cause")')
    assert "\x1b" not in message
    assert "    ValueError: at the\n    bottom\n    caused by KeyError: 'cause'\n" in message


async def test_redirects_are_told():
    message = await message_of("/moved", method="GET", follow_redirects=True)
    assert message.startswith("GET http://testserver/answer: expected 200, got 422")
    assert "redirected from: GET http://testserver/moved (307)" in message
    message = await message_of("/moved", method="GET")
    assert message.endswith("do:  follow_redirects=True follows it to /answer")


@pytest.mark.parametrize(("url", "advice"), [("/nothing", "check path and method"), ("/answer", "compare the request")])
async def test_the_advice_fits_the_status(url, advice):
    assert f"do:  {advice}" in await message_of(url)


async def test_a_404_of_a_route_with_an_id_leads_to_the_row():
    async def missing(request):
        return JSONResponse({"detail": "no such order"}, status_code=404)

    app = Starlette(routes=[Route("/orders/{order_id}", missing), Route("/orders", missing)])
    async with ApiClient(app) as api:
        with pytest.raises(UnexpectedStatus) as of_a_row:
            await api.expect(200).get("/orders/7")
        with pytest.raises(UnexpectedStatus) as of_all:
            await api.expect(200).get("/orders")
    do = "do:  the route /orders/{order_id} answered it: look for the row, as by `await kit.explain(Model, id)`"
    assert do in str(of_a_row.value)
    assert "do:  check path and method" in str(of_all.value)


@pytest.mark.parametrize("text", ["y", "token", "password=", '{"token', "Bearer "])
@pytest.mark.parametrize("kind", [Response, JSONResponse])
async def test_what_masking_costs_grows_with_a_large_body_not_with_its_square(text, kind):
    async def large(request):
        return kind(text * (int(request.query_params["size"]) // len(text)), status_code=400)

    async def cost(size):
        """In this thread's time on a processor, which other processes do not take."""
        began = time.thread_time()
        with pytest.raises(UnexpectedStatus):
            await api.expect(200).get("/", params={"size": size})
        return time.thread_time() - began

    async with ApiClient(Starlette(routes=[Route("/", large)])) as api:
        small = min([await cost(10_000) for _ in range(3)])
        assert min([await cost(400_000) for _ in range(3)]) < 100 * small


async def test_an_exception_group_of_one_is_shown_as_its_member():
    async def grouped(request):
        async with asyncio.TaskGroup() as group:
            group.create_task(deep(request))

    async with ApiClient(Starlette(routes=[Route("/", grouped)])) as api:
        with pytest.raises(UnexpectedStatus) as failure:
            await api.expect(200).get("/")
    assert "    ValueError: at the\n" in str(failure.value)
    assert "in descend: raise ValueError(" in str(failure.value)


async def test_an_exception_from_a_library_alone_shows_the_librarys_frames():
    app = StaticFiles(directory="/does/not/exist", check_dir=False)
    async with ApiClient(app) as api:
        with pytest.raises(UnexpectedStatus) as failure:
            await api.expect(200).get("/x")
    assert "starlette/staticfiles.py:" in str(failure.value)
