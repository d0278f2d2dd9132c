"""Server-sent events: an event at a time, as they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

from kailash_testkit import ApiClient, SyncApiClient
from kailash_testkit import http_library as httpx
from kailash_testkit.client.event_stream import EventParser
from kailash_testkit.errors import UnexpectedResponse, UnexpectedStatus

NEWS = 'event: price\nid: 1\nretry: 10\ndata: {"tea": 3}\n\n: a comment\n\ndata: two\ndata: lines\n\n'


@pytest.fixture
def app() -> Any:
    app, app_seen = FastAPI(), []

    @app.get("/news")
    async def news() -> Response:
        async def parts() -> AsyncIterator[str]:
            yield NEWS[:20]  # in mid-line
            yield NEWS[20:]

        return StreamingResponse(parts(), media_type="text/event-stream; charset=utf-8")

    @app.get("/endless")
    async def endless() -> Response:
        async def parts() -> AsyncIterator[str]:
            try:
                while True:
                    yield "data: x\n\n"
                    await asyncio.sleep(0.001)
            finally:
                app_seen.append("left")

        return StreamingResponse(parts(), media_type="text/event-stream")

    @app.get("/silent")
    async def silent() -> Response:
        async def parts() -> AsyncIterator[str]:
            yield "data: x\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(parts(), media_type="text/event-stream")

    @app.get("/json")
    async def json() -> Any:
        return {"a": 1}

    @app.get("/seen")
    async def seen() -> Any:
        return app_seen

    return app


async def test_events_come_with_their_fields(app: Any) -> None:
    async with ApiClient(app) as api:
        events = [event async for event in api.events("/news")]
    first, second = events
    assert (first.event, first.id, first.retry, first.json()) == ("price", "1", 10, {"tea": 3})
    assert (second.event, second.data) == ("message", "two\nlines")


async def test_who_leaves_the_block_leaves_the_stream(app: Any) -> None:
    async with ApiClient(app) as api:
        async with api.events("/endless") as events:
            assert [event.data async for event, _ in _first(events, 3)] == ["x"] * 3
        for _ in range(200):
            if (await api.get("/seen")).json():
                break
            await asyncio.sleep(0.005)
        assert (await api.get("/seen")).json() == ["left"]


async def _first(events: Any, count: int) -> AsyncIterator[tuple[Any, int]]:
    number = 0
    async for event in events:
        number += 1
        yield event, number
        if number == count:
            return


async def test_an_event_that_does_not_come_ends_with_a_timeout(app: Any) -> None:
    async with ApiClient(app) as api:
        with pytest.raises(httpx.ReadTimeout, match=r"the application sent nothing for 0\.05 s"):
            async for _ in api.events("/silent", timeout=0.05):
                pass


async def test_what_is_no_stream_of_events_is_named(app: Any) -> None:
    async with ApiClient(app) as api:
        with pytest.raises(UnexpectedResponse, match="no stream of events\n  content-type: application/json"):
            async for _ in api.events("/json"):
                pass
        with pytest.raises(UnexpectedStatus, match="expected 200, got 404"):
            async for _ in api.events("/nowhere"):
                pass


def test_without_await(app: Any) -> None:
    with SyncApiClient(app) as api:
        assert [event.data for event in api.events("/news")] == ['{"tea": 3}', "two\nlines"]
        events = api.events("/endless")
        assert next(events).data == "x"
        events.close()
        with api.events("/endless") as events:
            assert [next(events).data for _ in range(3)] == ["x"] * 3
        with pytest.raises(StopIteration):
            next(events)
        assert api.transport.running == set() or api.get("/seen").status_code == 200


def test_text_is_cut_into_lines_wherever_it_comes() -> None:
    text = "\ufeffid: 1\r\ndata: a\rdata:b\n\nevent: only\n\ndata\n\n"
    text += "retry: x\nid: 2\0\nunknown: y\ndata:  c\n\ndata: no end"
    for size in (1, 2, 7, len(text)):
        parser = EventParser()
        events = [event for at in range(0, len(text), size) for event in parser.events(text[at : at + size])]
        assert [(event.data, event.id, event.event) for event in events] == [
            ("a\nb", "1", "message"),
            ("", "1", "message"),
            (" c", "1", "message"),
        ]
