"""An application of bare ASGI handlers, and requests to it, for comparing transports with a server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from asgi_apps import body, respond, start
from packaging.version import Version
from probe import Handlers, Probe, eventually, marker, visit_state

from kailash_testkit import http_library as httpx

# What the pages say of uvicorn is of this release: earlier ones answer otherwise here and there.
needs_recent_uvicorn = pytest.mark.skipif(
    Version(uvicorn.__version__) < Version("0.54"), reason="the client is held against uvicorn 0.54"
)

HANDLERS = Handlers()
# A server adds these; they say how a message is framed, not what the application answered.
_FRAMING = {"date", "server", "connection", "transfer-encoding"}


class BareProbe(Probe):
    """An ASGI application of the handlers; other paths are echoed."""

    def __init__(self) -> None:
        super().__init__(HANDLERS, echo)
        self.gate: asyncio.Event | None = None


async def read_body(receive: Any) -> bytes:
    content = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body"):
            return content


@HANDLERS.add
async def echo(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    names = ("method", "path", "raw_path", "query_string", "http_version", "scheme", "root_path")
    headers = [pair for pair in scope["headers"] if pair[0] not in (b"user-agent", b"accept-encoding")]
    seen = {name: scope[name] for name in names} | {"headers": headers, "body": await read_body(receive)}
    await respond(send, repr(seen).encode())


@HANDLERS.add
async def status(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    await respond(send, b"content", int(scope["query_string"]))


@HANDLERS.add
async def headers(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    pairs = [(b"x-a", b"1"), (b"x-a", b"2"), (b"X-Mixed", b"Case"), (b"x-latin", "é".encode("latin-1")), (b"x-e", b"")]
    await start(send, 200, [*pairs, (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2; Path=/")])
    await body(send, b"x")


@HANDLERS.add
async def declared(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    await start(send, 200, [(b"content-length", b"5")])
    await body(send, scope["query_string"])


@HANDLERS.add
async def pieces(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    for piece in (b"one", b"", b"two", b"three" * 20_000):
        await body(send, piece, more=True)
        await asyncio.sleep(0.005)
    await body(send, b"")


@HANDLERS.add
async def raises(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    at = scope["query_string"].decode()
    errors = {"cancelled": asyncio.CancelledError, "exit": SystemExit, "group": ExceptionGroup}
    if at in errors:
        raise errors[at](*(("g", [ValueError("x")]) if at == "group" else ()))
    if at != "before":
        await start(send)
    if at in ("body", "complete", "drained"):
        await body(send, b"some", more=at == "body")
    if at == "drained":
        await read_body(receive)
    await asyncio.sleep(0.01)
    raise LookupError(at)


@HANDLERS.add
async def violates(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    how = scope["query_string"].decode()
    if how == "body first":
        await body(send, b"x")
    await start(send)
    if how == "two starts":
        await start(send)
    if how == "nothing more":
        return
    await body(send, b"x", more=how == "unfinished")
    if how == "after the end":
        await body(send, b"y")


@HANDLERS.add
async def catches(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    try:
        await body(send, b"x")
    except RuntimeError:
        probe.events.append("RuntimeError")
    await respond(send, b"all the same")


@HANDLERS.add
async def early(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    await respond(send, b"did not read")


@HANDLERS.add
async def partly(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    await respond(send, repr((bool(message["body"]), message["more_body"])).encode())


@HANDLERS.add
async def after(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    await read_body(receive)
    await respond(send, b"done")
    probe.events.append((await receive())["type"])


@HANDLERS.add
async def polls(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    """Asks for the disconnect as Starlette's ``request.is_disconnected()`` does, which allows no turn of the loop."""
    await read_body(receive)
    how = scope["query_string"]
    if how != b"leaves":
        await start(send)
        await body(send, b"x", more=how == b"streams")
        if how == b"answers":
            probe.events.append(at_once(receive))
            return
    for _ in range(200):
        if at_once(receive) is not None:
            break
        if how == b"streams":
            await body(send, b"x", more=True)
        await asyncio.sleep(0.005)
    probe.events += [at_once(receive), (await receive())["type"]]


def at_once(receive: Any) -> str | None:
    """The type of the message that ``receive()`` gives without waiting; None when it would wait."""
    asking = receive()
    try:
        asking.send(None)
    except StopIteration as answer:
        return str(answer.value["type"])
    asking.close()
    return None


@HANDLERS.add
async def background(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    await respond(send, b"done")
    await asyncio.sleep(0.01)
    probe.events.append(marker.get())


@HANDLERS.add
async def context(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    before = marker.get()
    marker.set("request")
    await asyncio.create_task(asyncio.sleep(0))
    await respond(send, before.encode())


@HANDLERS.add
async def state(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    names = visit_state(scope)
    await respond(send, repr((len(scope["state"]["shared"]), names)).encode())


@HANDLERS.add
async def waits(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    probe.gate = probe.gate or asyncio.Event()
    if scope["query_string"]:
        probe.gate.set()
    await probe.gate.wait()
    await respond(send, b"released")


@HANDLERS.add
async def redirect(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    await start(send, 307, [(b"location", b"/echo?moved")])
    await body(send, b"")


@HANDLERS.add
async def endless(probe: BareProbe, scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    while not probe.events:
        await body(send, b"x" * 1000, more=True)
        waiting = asyncio.ensure_future(receive())
        await asyncio.wait({waiting}, timeout=0.005)
        if waiting.done() and waiting.result()["type"] == "http.disconnect":
            probe.events.append("disconnect")
        waiting.cancel()


@contextmanager
def under_uvicorn(app: Any, http: Any = "h11") -> Iterator[str]:
    """Runs uvicorn in a thread, so that nothing of the test's context reaches it; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # No websockets: their package warns on import.
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", http=http))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


# --- requests ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One request; it may have to be told from others by a name."""

    name: str
    method: str = "GET"
    url: str = "/echo"
    options: dict[str, Any] = field(default_factory=dict)
    waits_for_events: int = 0

    def __str__(self) -> str:
        return self.name.replace(" ", "_")


async def observed(client: httpx.AsyncClient, method: str, url: str, **options: Any) -> object:
    """All that a client sees: status, headers, body as far as it came, and the error that ended it."""
    received, seen, error = bytearray(), None, None
    content = options.get("content")
    if callable(content):
        options["content"] = content()
    try:
        async with client.stream(method, url, **options) as response:
            pairs = [(name.lower(), value) for name, value in response.headers.raw]
            seen = response.status_code, sorted(pair for pair in pairs if pair[0].decode() not in _FRAMING)
            async for chunk in response.aiter_raw():
                received += chunk
    except Exception as raised:
        error = type(raised).__name__
    return seen, bytes(received), error


async def streamed() -> AsyncIterator[bytes]:
    for piece in (b"a", b"", b"b" * 100_000):
        yield piece
        await asyncio.sleep(0.002)


async def nothing() -> AsyncIterator[bytes]:
    for _ in ():
        yield b""


def _echoes() -> list[Request]:
    urls = {
        "a repeated parameter": "/echo?a=1&a=2", "an empty query": "/echo?", "an encoded query": "/echo?q=%C3%A9%20%00",
        "a plus": "/echo?q=a+b", "an encoded slash": "/echo/a%2Fb", "unicode": "/echo/é", "spaces": "/echo/a b",
        "two slashes": "/echo//b", "parameters of a path": "/echo/a;b=c", "dots": "/echo/a/../b", "an at": "/echo/@:!$",
    }  # fmt: skip
    bodies: dict[str, dict[str, Any]] = {
        "no body": {}, "json": {"json": {"é": 1}}, "a form": {"data": {"a": "1", "b": "é"}},
        "bytes": {"content": b"\x00\xff"}, "an empty body": {"content": b""}, "a megabyte": {"content": bytes(2**20)},
        "a streamed body": {"content": streamed}, "an empty stream": {"content": nothing},
        "a streamed body of known length": {"content": streamed, "headers": {"content-length": "100001"}},
        "a file": {"files": {"f": ("n.txt", b"x")}, "headers": {"content-type": "multipart/form-data; boundary=b"}},
    }  # fmt: skip
    sent: dict[str, Any] = {
        "repeated headers": [("X-A", "1"), ("x-a", "2")], "an empty header": {"X-E": ""},
        "a latin-1 header": [(b"X-L", "é".encode("latin-1"))], "another host": {"Host": "shop.test"},
        "a cookie header": {"Cookie": "a=1; b=2"}, "expect": {"Expect": "100-continue"},
    }  # fmt: skip
    methods = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE")
    return [
        *(Request(f"url with {name}", url=url) for name, url in urls.items()),
        *(Request(f"post of {name}", "POST", options=options) for name, options in bodies.items()),
        *(Request(f"sent {name}", options={"headers": value}) for name, value in sent.items()),
        *(Request(f"method {method}", method) for method in methods),
    ]


REQUESTS = [
    *_echoes(),
    *(Request(f"status {code}", url=f"/status?{code}") for code in (200, 201, 204, 205, 304, 400, 418, 500, 503)),
    *(
        Request(f"head of {url}", "HEAD", url)
        for url in ("/status?200", "/pieces", "/declared?12345", "/raises?before")
    ),
    *(Request(f"a body of {n} where 5 are declared", url=f"/declared?{'x' * n}") for n in (5, 3, 7)),
    *(
        Request(f"an exception {at}", url=f"/raises?{at}")
        for at in ("before", "start", "body", "complete", "drained", "cancelled", "exit", "group")
    ),
    *(
        Request(f"a violation {how}", url=f"/violates?{how}")
        for how in ("body%20first", "two%20starts", "nothing%20more", "unfinished", "after%20the%20end")
    ),
    Request("a violation that the application catches", url="/catches", waits_for_events=1),
    Request("response headers", url="/headers"),
    Request("response in pieces", url="/pieces"),
    Request("a body that is not read", "POST", "/early", {"content": bytes(100_000)}),
    Request("a body that is read in part", "POST", "/partly", {"content": bytes(300_000)}),
    Request("receive after the response", "POST", "/after", {"content": b"x"}, waits_for_events=1),
    Request("polling after the response", "POST", "/polls?answers", {"content": b"x"}, waits_for_events=1),
    Request("a background task", url="/background", waits_for_events=1),
    Request("a redirect", url="/redirect"),
    Request("a followed redirect", "POST", "/redirect", {"content": b"x", "follow_redirects": True}),
    Request("a read timeout", url="/waits", options={"timeout": httpx.Timeout(5, read=0.05)}),
]  # fmt: skip


async def observe(request: Request, client: httpx.AsyncClient, probe: BareProbe) -> object:
    """What a client sees of a request, and the application of itself."""
    seen = await observed(client, request.method, request.url, **request.options)
    return seen, await eventually(probe, request.waits_for_events)


async def contexts(client: httpx.AsyncClient, probe: BareProbe) -> object:
    marker.set("test")
    return [(await client.get("/context")).text for _ in range(2)], marker.get()


async def states(client: httpx.AsyncClient, probe: BareProbe) -> object:
    return [(await client.get("/state")).text for _ in range(2)]


async def many_at_once(client: httpx.AsyncClient, probe: BareProbe) -> object:
    waiting = [asyncio.ensure_future(client.get("/waits")) for _ in range(3)]
    await asyncio.sleep(0.05)
    early_ones = [task.done() for task in waiting]
    await client.get("/waits?go")
    return early_ones, [(await task).text for task in waiting]


async def a_client_that_leaves(client: httpx.AsyncClient, probe: BareProbe) -> object:
    async with client.stream("GET", "/endless") as response:
        first = await anext(response.aiter_raw())
    return first[:3], await eventually(probe, 1)


async def a_client_that_gives_up(client: httpx.AsyncClient, probe: BareProbe) -> object:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(client.get("/polls?leaves"), 0.05)
    return await eventually(probe, 2)


async def a_client_that_leaves_a_stream(client: httpx.AsyncClient, probe: BareProbe) -> object:
    async with client.stream("GET", "/polls?streams") as response:
        first = await anext(response.aiter_raw())
    return first[:1], await eventually(probe, 2)


async def live_streaming(client: httpx.AsyncClient, probe: BareProbe) -> object:
    async with client.stream("GET", "/pieces") as response:
        chunks = [chunk async for chunk in response.aiter_raw()]
    return chunks[:2], len(b"".join(chunks))


async def kept_cookies(client: httpx.AsyncClient, probe: BareProbe) -> object:
    await client.get("/headers")
    return sorted(client.cookies.items()), b"a=1" in (await client.get("/echo")).content


async def a_closed_response_can_be_left(client: httpx.AsyncClient, probe: BareProbe) -> object:
    async with client.stream("GET", "/pieces"):
        pass
    return (await client.get("/status?200")).status_code


JOURNEYS = [
    contexts, states, many_at_once, a_client_that_leaves, a_client_that_gives_up, a_client_that_leaves_a_stream,
    live_streaming, kept_cookies, a_closed_response_can_be_left,
]  # fmt: skip
