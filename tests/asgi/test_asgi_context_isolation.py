"""Context variables stay where they were set: in one request, or in the test."""

from __future__ import annotations

import asyncio
import contextvars

from asgi_apps import client_of, respond

marker: contextvars.ContextVar[str] = contextvars.ContextVar("marker", default="unset")


async def app(scope, receive, send):
    received = bytearray()
    more = True
    while more:
        message = await receive()
        received += message["body"]
        more = message["more_body"]
    before = marker.get()
    marker.set(f"request {scope['path']}")
    await respond(send, f"{before} {bytes(received).decode()}".strip().encode())


async def test_a_request_sees_neither_the_test_nor_another_request():
    marker.set("test")
    async with client_of(app) as client:
        assert (await client.get("/1")).text == "unset"
        assert (await client.get("/2")).text == "unset"
    assert marker.get() == "test"


async def test_requests_run_in_tasks_of_their_own():
    tasks = []

    async def note(scope, receive, send):
        tasks.append(asyncio.current_task())
        await respond(send)

    async with client_of(note) as client:
        await client.get("/")
        await client.get("/")
    assert len({*tasks, asyncio.current_task()}) == 3


async def test_the_tests_generator_runs_in_the_tests_context():
    async def content():
        yield marker.get().encode()
        marker.set("generator")

    marker.set("test")
    async with client_of(app) as client:
        assert (await client.post("/", content=content())).text == "unset test"
    assert marker.get() == "test"
