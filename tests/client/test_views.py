"""Views send further headers to the same running application and own nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kailash_testkit.asgi.timeline import Timeline
from kailash_testkit.client import ApiClient
from kailash_testkit.errors import KitError


async def echo(scope, receive, send):
    """Answers with the headers it got, and sets a cookie at /login."""
    if scope["type"] != "http":
        return
    cookie = [(b"set-cookie", b"session=" + scope["query_string"])] if scope["path"] == "/login" else []
    lines = b"\n".join(name + b": " + value for name, value in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": cookie})
    await send({"type": "http.response.body", "body": lines})


async def test_a_view_adds_headers_and_leaves_its_origin_alone():
    async with ApiClient(echo, headers={"X-Origin": "o"}) as api:
        view = api.with_headers({"X-Tenant": "acme", "x-origin": "v"})
        lines = (await view.get("/")).text.splitlines()
        assert "x-tenant: acme" in lines
        assert "x-origin: v" in lines
        assert "x-origin: o" not in lines
        assert "x-tenant" not in (await api.get("/")).text


async def test_authenticated_sends_a_bearer_token():
    async with ApiClient(echo) as api:
        ada, bob = api.authenticated("token-a"), api.authenticated("token-b")
        assert "authorization: Bearer token-a" in (await ada.get("/")).text
        assert "authorization: Bearer token-b" in (await bob.get("/")).text


async def test_a_token_wins_over_the_origins_login():
    async with ApiClient(echo, auth=("ada", "pw")) as api:
        assert "authorization: Basic" in (await api.with_headers({"X-A": "1"}).get("/")).text
        assert "authorization: Bearer t" in (await api.authenticated("t").get("/")).text


async def test_views_of_views_add_up():
    kit = SimpleNamespace(timeline=Timeline(lambda: None))
    async with ApiClient(echo, kit=kit) as api:
        view = api.with_headers({"X-One": "1"}).with_headers({"X-Two": "2"}).authenticated("t")
        text = (await view.get("/")).text
        assert view.kit is kit
        assert view.timeline is kit.timeline
        assert isinstance(view, ApiClient)
    assert all(line in text.splitlines() for line in ("x-one: 1", "x-two: 2", "authorization: Bearer t"))


async def test_a_view_starts_with_the_origins_cookies_and_keeps_its_own():
    async with ApiClient(echo) as api:
        await api.get("/login?one")
        view = api.with_headers({})
        assert "cookie: session=one" in (await view.get("/")).text
        await view.get("/login?two")
        assert "cookie: session=two" in (await view.get("/")).text
        assert "cookie: session=one" in (await api.get("/")).text


async def test_a_view_takes_over_the_origins_settings():
    async with ApiClient(
        echo, base_url="http://shop.test/v1", timeout=7, params={"p": "1"}, follow_redirects=True
    ) as api:
        view = api.with_headers({})
        request = (await view.get("/orders")).request
        assert str(request.url) == "http://shop.test/v1/orders?p=1"
        assert request.extensions["timeout"]["read"] == 7
        assert view.follow_redirects
        api.params, api.timeout = {"p": "2"}, 8
        request = (await api.with_headers({}).get("/orders")).request
        assert str(request.url) == "http://shop.test/v1/orders?p=2"
        assert request.extensions["timeout"]["read"] == 8


async def test_closing_a_view_closes_nothing():
    async with ApiClient(echo) as api:
        async with api.with_headers({}) as view:
            await view.get("/")
        await view.aclose()
        assert (await view.get("/")).status_code == 200
        assert (await api.get("/")).status_code == 200


async def test_a_view_ends_with_its_origin():
    async with ApiClient(echo) as api:
        view = api.with_headers({})
    with pytest.raises(KitError, match="the client was closed"):
        await view.get("/")


async def test_cookies_of_a_view_add_to_the_origins():
    async with ApiClient(echo, cookies={"a": "1"}) as api:
        view = api.with_cookies({"session": "two"})
        assert "cookie: a=1; session=two" in (await view.get("/")).text
        assert "session=two" not in (await api.get("/")).text
        assert "x-a: 1" in (await view.with_headers({"X-A": "1"}).get("/")).text
