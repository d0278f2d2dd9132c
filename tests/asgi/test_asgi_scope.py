"""The scope is what uvicorn gives; each request has its own copy of the lifespan state."""

from __future__ import annotations

import pytest
from asgi_apps import client_of, respond

from kailash_testkit.client import ApiClient
from kailash_testkit.errors import ConfigurationError


async def scope_of(method: str, url: str, *, headers=None, **options) -> dict:
    seen = []

    async def app(scope, receive, send):
        seen.append(scope)
        await respond(send)

    async with client_of(app, **options) as client:
        await client.request(method, url, headers=headers)
    return seen[0]


async def test_all_of_the_scope():
    scope = await scope_of("GET", "/caf%C3%A9/a%2Fb?q=1&r=%20", headers=[("X-Tag", "One"), ("X-Tag", "Two")])
    headers = scope.pop("headers")
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/café/a/b",
        "raw_path": b"/caf%C3%A9/a%2Fb",
        "query_string": b"q=1&r=%20",
        "root_path": "",
        "client": ("127.0.0.1", 50_000),
        "server": ("testserver", 80),
        "state": {},
    }
    assert (b"host", b"testserver") in headers
    assert [value for name, value in headers if name == b"x-tag"] == [b"One", b"Two"]


async def test_https_and_an_explicit_port():
    scope = await scope_of("GET", "https://shop.test:8443/")
    assert (scope["scheme"], scope["server"]) == ("https", ("shop.test", 8443))
    assert (await scope_of("GET", "https://shop.test/"))["server"] == ("shop.test", 443)


async def test_the_root_path_is_part_of_the_path():
    scope = await scope_of("GET", "/orders?x=1", root_path="/api")
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == ("/api", "/api/orders", b"/api/orders")


async def test_the_client_and_the_root_path_are_options_of_the_client():
    seen = []

    async def app(scope, receive, send):
        seen.append((scope["type"], scope.get("client"), scope.get("root_path"), scope.get("path")))
        if scope["type"] == "http":
            await respond(send)

    async with ApiClient(app, client=("203.0.113.7", 4711), root_path="/api") as api:
        await api.authenticated("t").get("/orders")
    async with ApiClient(app, client=None) as api:
        await api.get("/orders")
    assert seen[1::2] == [
        ("http", ("203.0.113.7", 4711), "/api", "/api/orders"),
        ("http", None, "", "/orders"),
    ]
    for options in ({"client": ("a", 1)}, {"root_path": "/api"}):
        with pytest.raises(ConfigurationError, match="at a URL the server decides"):
            ApiClient("http://127.0.0.1:1", **options)


async def test_each_request_gets_a_shallow_copy_of_the_state():
    state: dict = {"pool": object()}
    seen = []

    async def get_state():
        return state

    async def app(scope, receive, send):
        seen.append(dict(scope["state"]))
        scope["state"]["mine"] = 1
        await respond(send)

    async with client_of(app, get_state=get_state) as client:
        await client.get("/")
        await client.get("/")
    assert seen == [state, state]
    assert seen[0]["pool"] is state["pool"]
    assert "mine" not in state
