"""Objects of the library that the client does not use are refused: of httpx beside httpx2, or the other way round."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from kailash_testkit import ApiClient, SyncApiClient, http_library
from kailash_testkit.errors import ConfigurationError

pytest.importorskip("httpx2", reason="httpx2 is not installed: make test-httpx2 tries it")

app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("here"))])


@pytest.fixture
def other() -> ModuleType:
    return importlib.import_module("httpx" if http_library.in_use() == "httpx2" else "httpx2")


def given(other: ModuleType) -> dict[str, dict[str, Any]]:
    return {
        "BasicAuth": {"auth": other.BasicAuth("a", "b")},
        "Timeout": {"timeout": other.Timeout(3)},
        "QueryParams": {"params": other.QueryParams([("a", "1"), ("a", "2")])},
        "Headers": {"headers": other.Headers({"a": "b"})},
        "URL": {"url": other.URL("/")},
    }


@pytest.mark.parametrize("name", ["BasicAuth", "Timeout", "QueryParams", "Headers", "URL"])
async def test_an_object_of_the_other_library_is_refused(other: ModuleType, name: str) -> None:
    options = {"url": "/", **given(other)[name]}
    async with ApiClient(app) as api:
        with pytest.raises(ConfigurationError) as refused:
            await api.request("GET", **options)
    assert f"{name} is of {other.__name__}, and the client of {http_library.in_use()}" in str(refused.value)
    assert f"testkit_httpx = {other.__name__}" in str(refused.value)


def test_a_synchronous_client_refuses_them_too(other: ModuleType) -> None:
    with SyncApiClient(app) as api, pytest.raises(ConfigurationError, match="BasicAuth is of"):
        api.get("/", auth=other.BasicAuth("a", "b"))


@pytest.mark.parametrize("client", [ApiClient, SyncApiClient])
def test_the_settings_of_a_client_are_looked_at(other: ModuleType, client: Any) -> None:
    class Login(other.Auth):
        pass

    for options in ({"auth": Login()}, {"mounts": {"all://": other.MockTransport(lambda request: None)}}):
        with pytest.raises(ConfigurationError, match=f"is of {other.__name__}|Login"):
            client(app, **options)
    with pytest.raises(ConfigurationError, match="Headers is of"):
        client(app).with_headers(other.Headers({"a": "b"}))
    with pytest.raises(ConfigurationError, match="Cookies is of"):
        client(app).with_cookies(other.Cookies({"a": "b"}))


async def test_a_built_request_of_the_other_library_is_refused(other: ModuleType) -> None:
    async with ApiClient(app) as api:
        with pytest.raises(ConfigurationError, match="Request is of"):
            await api.send(other.Request("GET", "http://testserver/"))
