"""A small request, and a message of a WebSocket, through ways of calling an ASGI application; and 100 MB streamed.

    python benchmarks/asgi.py [rounds]

The ways take turns, so that a change of the machine's speed meets all of them, and what counts is the processor time
of the whole process, so that others on the machine count less. Needs uvicorn and starlette.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import tracemalloc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from measuring import Figure, Target, report
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket as ServerSocket

from kailash_testkit import ApiClient, SyncApiClient, SyncWebSocket, WebSocket
from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.live import LiveServer

with warnings.catch_warnings():  # starlette would rather have httpx2
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient, WebSocketTestSession

REQUESTS_A_ROUND = 200
MEGABYTES = 100
_CHUNK = bytes(65_536)


async def echo(request: Request) -> JSONResponse:
    """A handler that does little."""
    return JSONResponse({"echo": await request.json()})


async def large(request: Request) -> StreamingResponse:
    """100 MB."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MEGABYTES * 16):
            yield _CHUNK

    return StreamingResponse(chunks())


async def upload(request: Request) -> JSONResponse:
    """The size of the body."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return JSONResponse(size)


async def live(socket: ServerSocket) -> None:
    """Echoes."""
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


app = Starlette(
    routes=[
        Route("/", echo, methods=["POST"]),
        Route("/large", large),
        Route("/upload", upload, methods=["POST"]),
        WebSocketRoute("/live", live),
    ]
)
BODY = {"name": "a small request", "n": 1}


# Each way and the one that it is compared with.
AGAINST = {
    "kailash_testkit ApiClient": "httpx.ASGITransport",
    "uvicorn over loopback": "httpx.ASGITransport",
    "kailash_testkit SyncApiClient": "starlette TestClient",
    "ApiClient, a WebSocket": "TestClient, a WebSocket",
    "SyncApiClient, a WebSocket": "TestClient, a WebSocket",
}
TARGETS = {"kailash_testkit ApiClient": Target(1.0), "kailash_testkit SyncApiClient": Target(0.7)}


async def main(rounds: int) -> None:
    """Prints the median time of a request, and of a message there and back, and what streaming costs."""
    with LiveServer(app) as server, TestClient(app) as test_client:
        synchronous = SyncApiClient(app)
        blocks = contextlib.ExitStack()
        sync_socket = await asyncio.to_thread(blocks.enter_context, synchronous.websocket("/live"))
        test_socket = await asyncio.to_thread(blocks.enter_context, test_client.websocket_connect("/live"))
        async with (
            ApiClient(app) as ours,
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as theirs,
            ApiClient(server.url) as remote,
            ours.websocket("/live") as socket,
        ):
            ways: dict[str, Callable[[], Awaitable[object]]] = {
                "kailash_testkit ApiClient": lambda: ours.post("/", json=BODY),
                "httpx.ASGITransport": lambda: theirs.post("/", json=BODY),
                "uvicorn over loopback": lambda: remote.post("/", json=BODY),
                "ApiClient, a WebSocket": lambda: there_and_back(socket),
            }
            blocking: dict[str, Callable[[], object]] = {
                "kailash_testkit SyncApiClient": lambda: synchronous.post("/", json=BODY),
                "starlette TestClient": lambda: test_client.post("/", json=BODY),
                "SyncApiClient, a WebSocket": lambda: sync_there_and_back(sync_socket),
                "TestClient, a WebSocket": lambda: sync_there_and_back(test_socket),
            }
            report_calls(await measured(ways, rounds, blocking))
            await asyncio.to_thread(blocks.close)
            await asyncio.to_thread(synchronous.close)
            await streaming(ours)


async def there_and_back(socket: WebSocket) -> str:
    """A message, and its echo."""
    await socket.send_text("a")
    return await socket.receive_text()


def sync_there_and_back(socket: SyncWebSocket | WebSocketTestSession) -> str:
    """The same without await."""
    socket.send_text("a")
    return socket.receive_text()


async def measured(
    ways: dict[str, Callable[[], Awaitable[object]]], rounds: int, blocking: dict[str, Callable[[], object]]
) -> dict[str, list[float]]:
    """Milliseconds of processor time per request, by way and round."""
    times: dict[str, list[float]] = {}
    for turn in range(rounds + 1):
        taken: dict[str, float] = {}
        for name, call in ways.items():
            started = time.process_time()
            for _ in range(REQUESTS_A_ROUND):
                await call()
            taken[name] = time.process_time() - started
        for name, call_blocking in blocking.items():
            taken[name] = await asyncio.to_thread(timed, call_blocking)
        if turn:  # the first turn warms up
            for name, seconds in taken.items():
                times.setdefault(name, []).append(seconds / REQUESTS_A_ROUND * 1000)
    return times


def timed(call: Callable[[], object]) -> float:
    """Seconds of processor time of a round, in a thread without an event loop, as a synchronous test has it."""
    started = time.process_time()
    for _ in range(REQUESTS_A_ROUND):
        call()
    return time.process_time() - started


def report_calls(times: dict[str, list[float]]) -> None:
    """Each way, beside the one that it is compared with."""
    figures = [Figure(name, "ms", tuple(taken), AGAINST.get(name), TARGETS.get(name)) for name, taken in times.items()]
    report(f"processor time of a small POST, or a message and its echo, in rounds of {REQUESTS_A_ROUND}", figures)


async def streaming(api: ApiClient) -> None:
    """Prints time and peak memory of a large body each way."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(MEGABYTES * 16):
            yield _CHUNK

    async def down() -> int:
        async with api.stream("GET", "/large") as response:
            return sum([len(chunk) async for chunk in response.aiter_raw()])

    async def up() -> Any:
        return (await api.post("/upload", content=body())).json()

    for name, call in (("down", down), ("up", up)):
        started = time.perf_counter()
        size = await call()
        seconds = time.perf_counter() - started
        tracemalloc.start()
        await call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        figures = [
            Figure("time", "s", (seconds,)),
            Figure("memory allocated at the peak", "MB", (peak / 2**20,), target=Target(1, of="value")),
        ]
        report(f"{size / 2**20:.0f} MB {name}, streamed", figures)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
