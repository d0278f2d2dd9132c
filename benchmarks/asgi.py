"""A small request through five ways of calling an ASGI application, in one run; and 100 MB streamed.

    python benchmarks/asgi.py [rounds]

The ways take turns, so that a change of the machine's speed meets all of them. Needs uvicorn and starlette.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import sys
import time
import tracemalloc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from kailash_testkit import ApiClient, SyncApiClient
from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.live import LiveServer

with warnings.catch_warnings():  # starlette would rather have httpx2
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

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


app = Starlette(
    routes=[
        Route("/", echo, methods=["POST"]),
        Route("/large", large),
        Route("/upload", upload, methods=["POST"]),
    ]
)
BODY = {"name": "a small request", "n": 1}


async def main(rounds: int) -> None:
    """Prints the median time of a request for each way, and what streaming costs."""
    with LiveServer(app) as server, TestClient(app) as test_client:
        synchronous = SyncApiClient(app)
        async with (
            ApiClient(app) as ours,
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as theirs,
            ApiClient(server.url) as remote,
        ):
            ways: dict[str, Callable[[], Awaitable[object]]] = {
                "kailash_testkit ApiClient": lambda: ours.post("/", json=BODY),
                "httpx.ASGITransport": lambda: theirs.post("/", json=BODY),
                "uvicorn over loopback": lambda: remote.post("/", json=BODY),
            }
            blocking: dict[str, Callable[[], object]] = {
                "kailash_testkit SyncApiClient": lambda: synchronous.post("/", json=BODY),
                "starlette TestClient": lambda: test_client.post("/", json=BODY),
            }
            times = await measured(ways, rounds, blocking)
            await asyncio.to_thread(synchronous.close)
            report(times, rounds)
            await streaming(ours)


async def measured(
    ways: dict[str, Callable[[], Awaitable[object]]], rounds: int, blocking: dict[str, Callable[[], object]]
) -> dict[str, list[float]]:
    """Milliseconds per request, by way and round."""
    times: dict[str, list[float]] = {}
    for turn in range(rounds + 1):
        taken: dict[str, float] = {}
        for name, call in ways.items():
            started = time.perf_counter()
            for _ in range(REQUESTS_A_ROUND):
                await call()
            taken[name] = time.perf_counter() - started
        for name, call_blocking in blocking.items():
            taken[name] = await asyncio.to_thread(timed, call_blocking)
        if turn:  # the first turn warms up
            for name, seconds in taken.items():
                times.setdefault(name, []).append(seconds / REQUESTS_A_ROUND * 1000)
    return times


def timed(call: Callable[[], object]) -> float:
    """Seconds of a round, in a thread without an event loop, as a synchronous test has it."""
    started = time.perf_counter()
    for _ in range(REQUESTS_A_ROUND):
        call()
    return time.perf_counter() - started


def report(times: dict[str, list[float]], rounds: int) -> None:
    """Prints the table."""
    reference = statistics.median(times["httpx.ASGITransport"])
    print(f"a small POST, median of {rounds} rounds of {REQUESTS_A_ROUND} requests")
    print(f"  {'':<28} {'ms':>6} {'requests/s':>11}   of httpx.ASGITransport's time")
    for name, taken in times.items():
        median = statistics.median(taken)
        ratios = [ours / theirs for ours, theirs in zip(taken, times["httpx.ASGITransport"], strict=True)]
        print(
            f"  {name:<28} {median:6.3f} {1000 / median:11.0f}   {median / reference:5.2f} "
            f"(by round {min(ratios):.2f} to {max(ratios):.2f})"
        )


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
        print(f"{size / 2**20:.0f} MB {name}: {seconds:.2f} s, peak {peak / 2**20:.2f} MB allocated")
    print(f"resident at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB in all")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
