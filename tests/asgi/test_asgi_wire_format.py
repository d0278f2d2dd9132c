"""What uvicorn refuses to send, with h11 or with httptools, is refused by name; what both send is passed on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from asgi_apps import client_of
from parity_probe import needs_recent_uvicorn, observed, under_uvicorn

from kailash_testkit import http_library as httpx
from kailash_testkit.client import ApiClient
from kailash_testkit.errors import ProtocolViolation, UnexpectedStatus

START, BODY = "http.response.start", "http.response.body"


def start(status: Any = 200, headers: Any = ()) -> dict[str, Any]:
    return {"type": START, "status": status, "headers": headers}


def with_headers(*headers: Any) -> list[Any]:
    return [start(headers=headers), {"type": BODY, "body": b"x"}]


def with_body(body: Any, *headers: tuple[bytes, bytes]) -> list[Any]:
    return [start(headers=headers), {"type": BODY, "body": body}]


def with_length(*lengths: bytes) -> list[Any]:
    return with_headers(*((b"content-length", length) for length in lengths))


# Every way to answer, and what the violation says of it; None where it is no violation.
ANSWERS: dict[str, tuple[list[Any], str | None]] = {
    "an upper-case name": (with_headers((b"X-Upper", b"one")), None),
    "odd but legal characters in a name": (with_headers((b"x!#$%&'*+-.^_`|~9", b"1")), None),
    "tabs and latin-1 in a value": (with_headers((b"x-a", "a\tb é".encode("latin-1"))), None),
    "an empty value": (with_headers((b"x-a", b"")), None),
    "a bytearray in a header": (with_headers((b"x-a", bytearray(b"1"))), None),
    "lists for pairs": (with_headers([b"x-a", b"1"]), None),
    "an iterator of headers": ([start(headers=iter([(b"x-a", b"1")])), {"type": BODY}], None),
    "a status of an enum": ([start(HTTPStatus.CREATED), {"type": BODY}], None),
    "an unusual status": ([start(599), {"type": BODY}], None),
    "the same length twice": (with_length(b"1", b"1"), None),
    "chunked": (with_headers((b"transfer-encoding", b"Chunked")), None),
    "chunked, and a length": (with_headers((b"transfer-encoding", b"chunked"), (b"content-length", b"9")), None),
    "a bytearray": (with_body(bytearray(b"x")), None),
    "a memoryview": (with_body(memoryview(b"x")), None),
    "None for a body": (with_body(None), None),
    "no headers": ([{"type": START, "status": 200}, {"type": BODY}], None),
    "an empty body with 204": ([start(204), {"type": BODY, "body": b""}], None),
    "a line break in a value": (with_headers((b"x-a", b"one\r\nset-cookie: a=1")), "header x-a with an illegal value"),
    "a NUL in a value": (with_headers((b"x-a", b"a\0b")), "header x-a with an illegal value: 'a\\x00b'"),
    "a DEL in a value": (with_headers((b"x-a", b"\x7f")), "header x-a with an illegal value"),
    "a form feed in a value": (with_headers((b"x-a", b"a\fb")), "header x-a with an illegal value"),
    "a space before a value": (with_headers((b"x-a", b" one")), "header x-a with an illegal value"),
    "a cookie with a line break": (with_headers((b"set-cookie", b"sid=s3cr3t\r\nx: y")), "illegal value: ***("),
    "a name with a space": (with_headers((b"x a", b"one")), "a header with the illegal name b'x a'"),
    "a name with a colon": (with_headers((b"x:a", b"one")), "a header with the illegal name b'x:a'"),
    "a name with a slash": (with_headers((b"x/a", b"one")), "a header with the illegal name b'x/a'"),
    "a name that is not ASCII": (with_headers(("é".encode(), b"one")), "a header with the illegal name"),
    "an empty name": (with_headers((b"", b"one")), "a header with the illegal name b''"),
    "a text value": (with_headers((b"x-a", "one")), "the header b'x-a' with a value of type str"),
    "a text name": (with_headers(("x-a", b"one")), "the header 'x-a' with a name of type str"),
    "a number for a value": (with_headers((b"x-a", 5)), "the header b'x-a' with a value of type int"),
    "no pair": (with_headers(b"x-a"), "the header b'x-a', which is no pair"),
    "a dict of headers": ([start(headers={b"x-a": b"1"}), {"type": BODY}], "the header b'x-a', which is no pair"),
    "None for headers": ([start(headers=None), {"type": BODY}], "headers that are no list: None"),
    "status 999": ([start(999), {"type": BODY}], "999 as the status"),
    "status 600": ([start(600), {"type": BODY}], "600 as the status"),
    "status 0": ([start(0), {"type": BODY}], "0 as the status"),
    "a text status": ([start("200"), {"type": BODY}], "'200' as the status"),
    "None for a status": ([start(None), {"type": BODY}], "None as the status"),
    "status 100": ([start(100), {"type": BODY}], "100 as the status of its response"),
    "early hints": ([start(103, [(b"link", b"</a.css>")]), {"type": BODY}], "103 as the status of its response"),
    "no status": ([{"type": START, "headers": []}], "'http.response.start' without a status"),
    "text for a body": (with_body("text"), "a body of type str"),
    "a number for a body": (with_body(7), "a body of type int"),
    "None for a body of a stated length": (with_body(None, (b"content-length", b"0")), "a body of type NoneType"),
    "a body with 204": ([start(204), {"type": BODY, "body": b"null"}], "a body with the status 204, which has none"),
    "a body with 304": ([start(304), {"type": BODY, "body": b"x"}], "a body with the status 304, which has none"),
    "a length that is no number": (with_length(b"a"), "b'a' as Content-Length"),
    "a negative length": (with_length(b"-1"), "b'-1' as Content-Length"),
    "a length with a sign": (with_length(b"+1"), "b'+1' as Content-Length"),
    "a huge length": (with_length(b"9" * 40), "as Content-Length"),
    "a large length": (with_length(b"9" * 20), "bytes shorter than its Content-Length"),
    "two lengths": (with_length(b"1", b"2"), "two Content-Length headers, 1 and 2"),
    "two lengths in one": (with_length(b"1, 1"), "b'1, 1' as Content-Length"),
    "gzip as a transfer encoding": (with_headers((b"transfer-encoding", b"gzip")), "Transfer-Encoding b'gzip'"),
    "trailers": ([start(), {"type": "http.response.trailers", "headers": []}], "'http.response.trailers' where"),
    "an early hint message": ([{"type": "http.response.early_hint", "links": []}], "'http.response.early_hint' where"),
    "a file to send": ([start(), {"type": "http.response.pathsend", "path": "/x"}], "'http.response.pathsend' where"),
    "a message without a type": ([{"status": 200}], "{'status': 200}, which has no type"),
    "no message": ([None], "None, which has no type"),
}
# One of uvicorn's two implementations sends these, or sends what no client understands.
REFUSED_BY_ONE = frozenset(
    {
        "a DEL in a value",
        "a NUL in a value",
        "a form feed in a value",
        "a huge length",  # h11 0.14 takes it
        "a length with a sign",
        "a name that is not ASCII",
        "a name with a slash",
        "a negative length",
        "a space before a value",
        "a text name",
        "a text value",
        "an empty name",
        "early hints",
        "gzip as a transfer encoding",
        "status 100",
        "two lengths",
        "two lengths in one",
    }
)


async def answering(scope: Any, receive: Any, send: Any) -> object:
    if scope["type"] != "http":
        raise NotImplementedError
    name = scope["query_string"].decode().replace("%20", " ").replace("%27", "'")
    for message in ANSWERS[name][0]:
        if isinstance(message, dict) and not isinstance(message.get("headers"), list | tuple | dict | None):
            message = {**message, "headers": iter([(b"x-a", b"1")])}  # an iterator serves one request
        await send(message)
    return None


@pytest.fixture(scope="module")
def servers() -> Iterator[list[str]]:
    with under_uvicorn(answering, "h11") as one, under_uvicorn(answering, "httptools") as other:
        yield [one, other]


@needs_recent_uvicorn
@pytest.mark.parametrize("name", ANSWERS)
async def test_a_client_sees_what_a_client_of_uvicorn_sees(name: str, servers: list[str]) -> None:
    on_uvicorn: list[Any] = []
    for url in servers:
        async with httpx.AsyncClient(base_url=url, timeout=5) as client:
            on_uvicorn.append(await observed(client, "GET", f"/?{name}"))
    async with ApiClient(answering, raise_app_exceptions=False) as api:
        here = await observed(api, "GET", f"/?{name}")
    if name in REFUSED_BY_ONE:
        assert here[2] == "RemoteProtocolError"
        assert any(seen[2] for seen in on_uvicorn)
        return
    assert [without_framing(seen) for seen in on_uvicorn] == [without_framing(here)] * 2


def without_framing(seen: Any) -> Any:
    answer, content, error = seen
    if answer is None:
        return seen
    names = [pair for pair in answer[1] if pair[0] != b"content-length"]  # h11 sends a repeated one once
    return (answer[0], names), content, error


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_violation_names_what_was_sent(name: str) -> None:
    expected = ANSWERS[name][1]
    async with ApiClient(answering) as api:
        if expected is None:
            await api.get(f"/?{name}")
            return
        with pytest.raises(ProtocolViolation) as raised:
            await api.get(f"/?{name}")
        assert expected in str(raised.value)
        assert str(raised.value).startswith("GET http://testserver/?")
        assert "\n  do:  " in str(raised.value)
        assert "s3cr3t" not in str(raised.value)
        with pytest.raises(UnexpectedStatus, match="expected 299, got") as unexpected:
            await api.expect(299).get(f"/?{name}")
        assert expected in str(unexpected.value)


async def test_a_refusal_that_the_application_swallows_is_raised_all_the_same() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send(start(headers=[(b"x a", b"1")]))
        except Exception:
            await send(start(500))

    async with client_of(app) as client:
        with pytest.raises(ProtocolViolation, match="illegal name b'x a'"):
            await client.get("/")


@pytest.mark.parametrize("answers", [True, False])
async def test_an_application_returns_nothing(answers: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> Any:
        if answers:
            await send(start())
            await send({"type": BODY, "body": b"x"})
        return 5

    async with client_of(app) as client:
        with pytest.raises(ProtocolViolation, match="returned 5, and not None"):
            await client.get("/")
    with under_uvicorn(app) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            on_uvicorn = await observed(client, "GET", "/")
    async with client_of(app, raise_app_exceptions=False) as client:
        assert await observed(client, "GET", "/") == on_uvicorn


# --- requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Length", "a")],
        [("Content-Length", "-1")],
        [("Content-Length", "")],
        [("Content-Length", "1.5")],
        [("Content-Length", "9" * 21)],
        [("Content-Length", "1"), ("Content-Length", "2")],
        [("Transfer-Encoding", "gzip")],
        [("Transfer-Encoding", "chunked, gzip")],
    ],
    ids=str,
)
async def test_a_request_whose_end_cannot_be_known_is_a_400(headers: list[tuple[str, str]], servers: list[str]) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    with socket.create_connection(address_of(servers[1])) as connection:
        connection.sendall(f"GET /?no%20headers HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
    async with ApiClient(answering) as api:
        response = await api.expect(400).get("/?no%20headers", headers=headers)
    assert response.text == "Invalid HTTP request received."


def address_of(url: str) -> tuple[str, int]:
    return "127.0.0.1", int(url.rpartition(":")[2])


@pytest.mark.parametrize(
    "headers", [{"x a": "1"}, {"x-a": " pad"}, {"x-a": "a\r\nb: c"}, {"x-a": "a\0"}, [("Host", "a"), ("Host", "b")]]
)
async def test_a_request_that_no_client_sends_is_refused_as_by_httpx(headers: Any, servers: list[str]) -> None:
    async with httpx.AsyncClient(base_url=servers[0]) as client:
        with pytest.raises(httpx.LocalProtocolError):
            await client.get("/?no%20headers", headers=headers)
    async with ApiClient(answering) as api:
        with pytest.raises(httpx.LocalProtocolError):
            await api.get("/?no%20headers", headers=headers)
