"""100 MB stream through the client in constant memory, in both directions."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from asgi_apps import body, client_of, respond, start

CHUNK = bytes(2**18)
SIZE = 100 * 2**20
MOST = 4 * 2**20


async def large(scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    for _ in range(SIZE // len(CHUNK)):
        await body(send, CHUNK, more=True)
    await body(send, b"")


async def upload(scope: Any, receive: Any, send: Any) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message["body"]), message["more_body"]
    await respond(send, str(size).encode())


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(SIZE // len(CHUNK)):
        yield CHUNK


@pytest.fixture
def peak() -> Iterator[Callable[[], int]]:
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


async def test_a_large_response(peak: Callable[[], int]) -> None:
    async with client_of(large) as client, client.stream("GET", "/") as response:
        size = 0
        async for chunk in response.aiter_raw():
            size += len(chunk)
    assert size == SIZE
    assert peak() < MOST


async def test_a_large_request(peak: Callable[[], int]) -> None:
    async with client_of(upload) as client:
        response = await client.post("/", content=chunks())
    assert int(response.content) == SIZE
    assert peak() < MOST
