"""What spares httpx work is not to be seen: requests and cookies are those of httpx."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kailash_testkit import ApiClient
from kailash_testkit import http_library as httpx

OPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "json": {"json": {"a": 1}},
    "a form": {"data": {"a": "1"}},
    "bytes": {"content": b"abc"},
    "files": {"files": {"f": ("n.txt", b"x")}, "headers": {"content-type": "multipart/form-data; boundary=b"}},
    "headers": {"headers": {"X-A": "2", "accept": "text/html"}},
    "params": {"params": {"page": 2}},
    "no timeout": {"timeout": None},
    "a timeout": {"timeout": 3},
    "the client's timeout": {"timeout": httpx.USE_CLIENT_DEFAULT},
    "extensions": {"extensions": {"trace": "x"}},
    "an absolute URL": {"url": "http://other/x?y=1"},
    "a query in the path": {"url": "/x?y=1&y=2"},
}
CLIENTS: dict[str, dict[str, Any]] = {
    "of defaults": {},
    "with headers": {"headers": [("X-A", "1"), ("X-B", "2")], "timeout": 9},
    "with parameters": {"params": {"of": "client"}},
    "with cookies": {"cookies": {"sid": "1"}},
    "with a base URL": {"base_url": "https://shop/api"},
}


def shown(request: httpx.Request) -> object:
    return request.method, request.url, request.headers.raw, request.read(), request.extensions


@pytest.mark.parametrize("settings", CLIENTS.values(), ids=CLIENTS)
async def test_a_request_is_built_as_by_httpx(settings: Mapping[str, Any]) -> None:
    settings = {"base_url": "http://testserver", "timeout": 60.0, **settings}
    ours, theirs = ApiClient(Starlette(), **settings), httpx.AsyncClient(**settings)
    for options in OPTIONS.values():
        url = options.get("url", "/notes")
        rest = {name: value for name, value in options.items() if name != "url"}
        assert shown(ours.build_request("POST", url, **rest)) == shown(theirs.build_request("POST", url, **rest))
    await theirs.aclose()


async def cookie(request: Request) -> Response:
    response = JSONResponse(request.cookies)
    for name, value in request.query_params.items():
        response.set_cookie(name, value)
    return response


async def test_cookies_are_kept_sent_replaced_and_shared() -> None:
    jar = CookieJar()
    async with ApiClient(Starlette(routes=[Route("/", cookie)]), cookies=jar) as api:
        await api.get("/?a=1")
        assert (await api.get("/")).json() == dict(api.cookies) == {"a": "1"}
        assert [each.name for each in jar] == ["a"]
        assert api.cookies is api.cookies
        api.cookies = {"b": "2"}
        assert (await api.get("/?c=3")).json() == {"b": "2"}
        assert dict(api.cookies) == {"b": "2", "c": "3"}
