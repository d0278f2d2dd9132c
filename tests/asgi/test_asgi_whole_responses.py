"""A response that is complete at once is read at once; the client cannot tell it from one that was streamed."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from kailash_testkit import ApiClient
from kailash_testkit import http_library as httpx

_BODIES = {
    "/plain": (b"hello", []),
    "/empty": (b"", []),
    "/packed": (gzip.compress(b"packed"), [(b"content-encoding", b"gzip")]),
    "/broken": (b"no gzip", [(b"content-encoding", b"gzip")]),
    "/moved": (b"", [(b"location", b"/plain")]),
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        body, headers = _BODIES[scope["path"]]
        status = 307 if scope["path"] == "/moved" else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body + scope["query_string"]})


def facts(response: httpx.Response) -> dict[str, object]:
    return {
        "content": response.content,
        "closed": response.is_closed,
        "consumed": response.is_stream_consumed,
        "downloaded": response.num_bytes_downloaded,
        "timed": response.elapsed.total_seconds() > 0,
        "url": str(response.url),
        "history": [(str(each.url), each.content, each.elapsed.total_seconds() > 0) for each in response.history],
    }


@pytest.mark.parametrize("path", ["/plain", "/empty", "/packed", "/moved"])
async def test_it_says_the_same_of_itself_as_a_streamed_one(path: str) -> None:
    async with ApiClient(app, follow_redirects=True) as api:
        whole = await api.get(path)
        streamed = await api.send(api.build_request("GET", path), stream=True)
        await streamed.aread()
        assert facts(whole) == facts(streamed)


async def test_a_body_that_cannot_be_decoded_names_its_request() -> None:
    async with ApiClient(app) as api:
        with pytest.raises(httpx.DecodingError) as raised:
            await api.get("/broken")
        assert raised.value.request.url == "http://testserver/broken"


async def test_a_request_that_was_sent_before_can_be_streamed() -> None:
    async with ApiClient(app) as api:
        request = api.build_request("GET", "/plain")
        await api.send(request)
        response = await api.send(request, stream=True)
        assert [chunk async for chunk in response.aiter_raw()] == [b"hello"]


async def test_a_response_hook_can_stream() -> None:
    seen: list[bytes] = []

    async def hook(response: httpx.Response) -> None:
        seen.extend([chunk async for chunk in response.aiter_bytes()])

    async with ApiClient(app, event_hooks={"response": [hook]}) as api:
        with pytest.raises(httpx.StreamConsumed):  # as in httpx: who streams has the body
            await api.get("/plain")
    assert seen == [b"hello"]


async def test_a_url_follows_the_base_url_and_the_parameters() -> None:
    async with ApiClient(app) as api:
        assert str((await api.get("/plain")).url) == "http://testserver/plain"
        api.base_url = httpx.URL("http://elsewhere")
        assert str((await api.get("/plain")).url) == "http://elsewhere/plain"
        assert str((await api.get("/plain", params={"a": "1"})).url) == "http://elsewhere/plain?a=1"
        assert str((await api.get("/plain?b=2")).url) == "http://elsewhere/plain?b=2"
        api.params = httpx.QueryParams({"c": "3"})
        assert (await api.get("/plain")).text == "helloc=3"
        assert str((await api.get("http://other/plain")).url) == "http://other/plain?c=3"
