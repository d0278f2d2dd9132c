"""An application of bare ASGI handlers for WebSockets, and what clients do with it, for comparing with a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from probe import Handlers, Probe, eventually, marker, visit_state

from kailash_testkit import ApiClient, NothingReceived, ProtocolViolation, WebSocketClosed, WebSocketDenied
from kailash_testkit import http_library as httpx

HANDLERS = Handlers()
_FRAMING = {
    "date", "server", "connection", "upgrade", "content-length", "user-agent", "accept-encoding",
    "sec-websocket-accept", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions",
}  # fmt: skip


class WebSocketProbe(Probe):
    """An ASGI application of the handlers."""

    def __init__(self) -> None:
        super().__init__(HANDLERS)

    def note(self, message: Any) -> None:
        self.events.append((message["type"], message.get("code"), message.get("reason") or ""))


async def accept(receive: Any, send: Any, **options: Any) -> None:
    await receive()
    await send({"type": "websocket.accept", **options})


async def say(send: Any, data: str | bytes) -> None:
    await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})


@HANDLERS.add
async def echo(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    await accept(receive, send)
    while True:
        message = await receive()
        if message["type"] != "websocket.receive":
            return probe.note(message)
        await say(send, message.get("text") or message.get("bytes") or "nothing")


@HANDLERS.add
async def shows(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    await accept(receive, send)
    names = ("type", "path", "raw_path", "query_string", "scheme", "http_version", "root_path", "subprotocols", "asgi")
    seen = {name: scope[name] for name in names} | {"extensions": scope["extensions"], "method": scope.get("method")}
    headers = [pair for pair in scope["headers"] if pair[0].decode() not in _FRAMING]
    await say(send, repr((seen, sorted(headers))))
    await send({"type": "websocket.close"})


@HANDLERS.add
async def answers(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    options: dict[str, Any] = {"headers": [(b"X-A", b"1"), (b"x-a", b"2"), (b"set-cookie", b"seen=1")]}
    if scope["query_string"]:
        options["subprotocol"] = scope["query_string"].decode()
    await accept(receive, send, **options)
    probe.note(await receive())


@HANDLERS.add
async def closes(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    how = scope["query_string"].decode()
    if how == "before":
        await receive()
        await send({"type": "websocket.close", "code": 4001, "reason": ["of no type that can be sent"]})
    else:
        await accept(receive, send)
        await say(send, "last words")
        await send({"type": "websocket.close", **({"code": 4000, "reason": "é bye"} if how == "code" else {})})
    probe.note(await receive())
    try:
        await say(send, "more")
    except Exception as error:
        probe.events.append("OSError" if isinstance(error, OSError) else "RuntimeError")


@HANDLERS.add
async def closes_too(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    """As a handler with a `finally` does: it closes as it hears of the end, or a turn later."""
    await accept(receive, send)
    probe.note(await receive())
    if scope["query_string"]:
        await asyncio.sleep(0.02)
    try:
        await send({"type": "websocket.close"})
        probe.events.append("closed")
    except OSError:
        probe.events.append("OSError")


@HANDLERS.add
async def refuses(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    await receive()
    status, headers = int(scope["query_string"]), [(b"x-why", b"login"), (b"location", b"/echo"), (b"a", b"b")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b"log ", "more_body": True})
    await send({"type": "websocket.http.response.body", "body": b"in"})
    probe.note(await receive())


@HANDLERS.add
async def raises(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    if scope["query_string"] == b"before":
        raise LookupError("before")
    await accept(receive, send)
    await say(send, "a")
    if scope["query_string"] == b"exit":
        raise SystemExit
    raise LookupError("after")


@HANDLERS.add
async def returns(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    if scope["query_string"] != b"before":
        await accept(receive, send)
        await say(send, "a")


@HANDLERS.add
async def violates(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    await receive()
    start = {"type": "websocket.http.response.start", "status": 401, "headers": []}
    if scope["query_string"] == b"send":
        await say(send, "x")
    elif scope["query_string"] == b"headers":
        await send({"type": "websocket.accept", "headers": None})
    elif scope["query_string"] == b"start":
        await send(start)
    elif scope["query_string"] == b"body":
        await send(start)
        await send({"type": "websocket.http.response.body"})
    elif scope["query_string"] == b"surrogate":
        await send({"type": "websocket.accept"})
        await say(send, "\ud800")
    elif scope["query_string"] == b"http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
    else:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.accept"})


@HANDLERS.add
async def sends_on(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    await accept(receive, send)
    try:
        while True:
            await say(send, "x")
            await asyncio.sleep(0.002)
    except OSError:
        probe.events.append("OSError")


@HANDLERS.add
async def floods(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    await accept(receive, send)
    for number in range(200):
        await say(send, f"{number}" + "x" * 10_000)
    await send({"type": "websocket.close"})


@HANDLERS.add
async def states(probe: WebSocketProbe, scope: Any, receive: Any, send: Any) -> None:
    await accept(receive, send)
    before = marker.get()
    marker.set("connection")
    await say(send, repr((before, visit_state(scope))))
    await send({"type": "websocket.close"})


# --- what a client does, and sees -----------------------------------------------------------------

Scenario = Callable[[ApiClient, WebSocketProbe], Awaitable[Any]]


async def seen(api: ApiClient, url: str, *sent: str | bytes, offers: tuple[str, ...] = (), **options: Any) -> Any:
    """All that a client sees of a connection on which it sends, and then reads until the end."""
    received: list[Any] = []
    try:
        async with api.websocket(url, subprotocols=offers, **options) as socket:
            pairs = [pair for pair in socket.response.headers.multi_items() if pair[0] not in _FRAMING]
            received.append((socket.response.status_code, sorted(pairs), socket.subprotocol))
            for data in sent:
                await (socket.send_text(data) if isinstance(data, str) else socket.send_bytes(data))
            received += [await socket.receive() for _ in sent]
            while not sent:
                received.append(await socket.receive())
    except WebSocketClosed as closed:
        received.append(("closed", closed.code, closed.reason))
    except WebSocketDenied as denied:
        response = denied.response or httpx.Response(0)
        kept = [pair for pair in response.headers.multi_items() if pair[0] in ("x-why", "a", "location")]
        received.append((response.status_code, response.text, kept))
    except (ProtocolViolation, httpx.ConnectError) as error:
        received.append(type(error).__name__)
    return received


def reading(url: str, *sent: str | bytes, events: int = 0, **options: Any) -> Scenario:
    async def scenario(api: ApiClient, probe: WebSocketProbe) -> Any:
        return await seen(api, url, *sent, **options), await eventually(probe, events)

    return scenario


async def client_closes(api: ApiClient, probe: WebSocketProbe) -> Any:
    async with api.websocket("/echo") as socket:
        await socket.close(3001, "had enough")
        try:
            await socket.send_text("x")
        except WebSocketClosed as closed:
            return closed.code, closed.reason, socket.close_code, await eventually(probe)


def client_leaves(url: str) -> Scenario:
    async def scenario(api: ApiClient, probe: WebSocketProbe) -> Any:
        async with api.websocket(url):
            pass
        return await eventually(probe, 2)

    return scenario


async def too_large_a_message(api: ApiClient, probe: WebSocketProbe) -> Any:
    async with api.websocket("/echo") as socket:
        try:
            await socket.send_text("x" * (2**24 + 1))
            await socket.receive()
        except WebSocketClosed as closed:
            return closed.code, await eventually(probe)


async def client_sends_after_the_close(api: ApiClient, probe: WebSocketProbe) -> Any:
    async with api.websocket("/closes?code") as socket:
        await eventually(probe)
        await asyncio.sleep(0.02)
        try:
            await socket.send_text("x")
        except WebSocketClosed as closed:
            return "sending", closed.code
        return "sent"


async def client_leaves_a_sender(api: ApiClient, probe: WebSocketProbe) -> Any:
    async with api.websocket("/sends_on") as socket:
        first = await socket.receive()
    return first, await eventually(probe)


async def nothing_comes(api: ApiClient, probe: WebSocketProbe) -> Any:
    async with api.websocket("/echo") as socket:
        try:
            await socket.receive(timeout=0.05)
        except NothingReceived:
            await socket.send_text("still open")
            return await socket.receive()


async def json_both_ways(api: ApiClient, probe: WebSocketProbe) -> Any:
    async with api.websocket("/echo") as socket:
        await socket.send_json({"é": [1, None]})
        await socket.send_json([2], binary=True)
        return [await socket.receive_json(), await socket.receive_json()]


async def two_at_once(api: ApiClient, probe: WebSocketProbe) -> Any:
    async with api.websocket("/echo") as one, api.websocket("/echo") as other:
        await one.send_text("1")
        await other.send_text("2")
        return await other.receive(), await one.receive()


async def until_the_close(api: ApiClient, probe: WebSocketProbe) -> Any:
    async with api.websocket("/floods") as socket:
        return [message[:5] async for message in socket], socket.close_code


async def contexts_and_states(api: ApiClient, probe: WebSocketProbe) -> Any:
    marker.set("test")
    return [await seen(api, "/states") for _ in range(2)], marker.get()


async def cookies(api: ApiClient, probe: WebSocketProbe) -> Any:
    api.cookies.set("mine", "0")
    async with api.websocket("/answers"):
        pass
    return sorted(api.cookies.items()), await seen(api, "/shows")


SCENARIOS: dict[str, Scenario] = {
    "text": reading("/echo", "a", "é😀", events=1),
    "bytes": reading("/echo", b"\x00\xff", events=1),
    "an empty message": reading("/echo", ""),
    "a large message": reading("/echo", "x" * 2**20),
    "many messages": reading("/echo", *(str(n) for n in range(100))),
    "the scope": reading("/shows/a%2Fb/é?q=1&q=%20", headers=[("X-A", "1"), ("X-A", "2")], offers=("a", "b")),
    "headers of the accept, a subprotocol": reading("/answers?b", "x", offers=("a", "b")),
    "a subprotocol that was not offered": reading("/answers?c", offers=("a", "b"), events=1),
    "a subprotocol, and none was offered": reading("/answers?c", events=1),
    "a close": reading("/closes", events=2),
    "a close with code and reason": reading("/closes?code", events=2),
    "a close before the accept": reading("/closes?before", events=2),
    "a refusal": reading("/refuses?401", events=1),
    "a refusal that redirects": reading("/refuses?307", events=1),
    "an exception before the accept": reading("/raises?before"),
    "an exception": reading("/raises"),
    "SystemExit": reading("/raises?exit"),
    "a return before the accept": reading("/returns?before"),
    "a return without a close": reading("/returns"),
    "a message before the accept": reading("/violates?send"),
    "a response of HTTP": reading("/violates?http"),
    "two accepts": reading("/violates?accept"),
    "an accept with None for headers": reading("/violates?headers"),
    "a refusal that breaks off": reading("/violates?start"),
    "a refusal whose body is missing": reading("/violates?body"),
    "half of a surrogate pair": reading("/violates?surrogate"),
    "an application that closes as it hears of the end": client_leaves("/closes_too"),
    "an application that closes after the end": client_leaves("/closes_too?later"),
    "more than 16 MB": too_large_a_message,
    "a client that closes": client_closes,
    "a client that sends after the close": client_sends_after_the_close,
    "a client that leaves": client_leaves_a_sender,
    "a message that does not come": nothing_comes,
    "JSON": json_both_ways,
    "two connections": two_at_once,
    "two megabytes, then a close": until_the_close,
    "contexts and states": contexts_and_states,
    "cookies": cookies,
}
