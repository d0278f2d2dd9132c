"""Applications of ASGI 3 and of ASGI 2 are served; what is neither is refused by name."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from asgi_apps import respond
from fastapi import FastAPI
from parity_probe import under_uvicorn

from kailash_testkit import http_library as httpx
from kailash_testkit.client import ApiClient
from kailash_testkit.errors import ConfigurationError


class DoubleCallable:
    def __init__(self, scope: Any) -> None:
        self.scope = scope

    async def __call__(self, receive: Any, send: Any) -> None:
        assert self.scope["type"] == "http"
        await respond(send, self.scope["asgi"]["version"].encode())


def closure(scope: Any) -> Any:
    async def instance(receive: Any, send: Any) -> None:
        await DoubleCallable(scope)(receive, send)

    return instance


class Factory:
    def __call__(self, scope: Any) -> Any:
        return DoubleCallable(scope)


async def function(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await respond(send, scope["asgi"]["version"].encode())


class Instance:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await function(scope, receive, send)


class Awaited:
    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.answer = function(scope, receive, send)

    def __await__(self) -> Any:
        return self.answer.__await__()


def not_a_coroutine_function(scope: Any, receive: Any, send: Any) -> Any:
    return function(scope, receive, send)


def wrapped(*arguments: Any) -> Any:
    return function(*arguments)


@pytest.mark.parametrize("app", [DoubleCallable, closure, Factory(), function, Instance(), Awaited])
async def test_an_application_is_served_as_by_uvicorn(app: Any) -> None:
    with under_uvicorn(app) as url:
        async with httpx.AsyncClient() as client:
            on_uvicorn = (await client.get(url)).text
    async with ApiClient(app) as api:
        assert (await api.expect(200).get("/")).text == on_uvicorn


@pytest.mark.parametrize("app", [not_a_coroutine_function, wrapped, functools.partial(function), Instance().__call__])
async def test_so_is_one_that_uvicorn_serves_with_interface_asgi3(app: Any) -> None:
    async with ApiClient(app) as api:
        assert (await api.expect(200).get("/")).text == "3.0"


def create_app() -> Any:
    return function


def wsgi(environ: Any, start_response: Any) -> Any:
    return []


@pytest.mark.parametrize(
    ("app", "what", "do"),
    [
        (
            create_app,
            "create_app at 0x.*> is not an ASGI application: it is called without",
            "call it, and give",
        ),
        (
            FastAPI,
            "<class 'fastapi.*'> is not an ASGI application: it is called without",
            "call it, and give",
        ),
        (wsgi, "is not an ASGI application: it does not take scope, receive and send", "a2wsgi.WSGIMiddleware"),
        (7, "7 is not an ASGI application: it cannot be called", "give the application itself"),
    ],
)
def test_what_is_no_application_is_refused(app: Any, what: str, do: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as refused:
        ApiClient(app)
    assert do in str(refused.value)
