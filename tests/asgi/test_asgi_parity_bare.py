"""Bare ASGI handlers under the client and under uvicorn: all that a client and the application can observe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from parity_probe import JOURNEYS, REQUESTS, BareProbe, Request, observe

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.live import LiveServer
from kailash_testkit.client import ApiClient


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[BareProbe, str]]:
    probe = BareProbe()
    with LiveServer(probe) as server:
        yield probe, server.url


async def both(
    served: tuple[BareProbe, str], scenario: Callable[[httpx.AsyncClient, BareProbe], Awaitable[object]]
) -> tuple[object, object]:
    """What is observed under the client, and under uvicorn."""
    probe, url = served
    probe.events.clear()
    probe.gate = None
    async with httpx.AsyncClient(base_url=url) as client:
        on_uvicorn = await scenario(client, probe)
    own = BareProbe()
    async with ApiClient(own, raise_app_exceptions=False, base_url=url) as client:
        return await scenario(client, own), on_uvicorn


@pytest.mark.slow
@pytest.mark.parametrize("request_", REQUESTS, ids=str)
async def test_a_request(request_: Request, served: tuple[BareProbe, str]) -> None:
    here, on_uvicorn = await both(served, lambda client, probe: observe(request_, client, probe))
    assert here == on_uvicorn


@pytest.mark.slow
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.__name__)
async def test_several_requests(journey: Any, served: tuple[BareProbe, str]) -> None:
    here, on_uvicorn = await both(served, journey)
    if journey.__name__ == "states":  # the served application is older
        here, on_uvicorn = [str(seen)[2:] for seen in here], [str(seen)[2:] for seen in on_uvicorn]  # type: ignore[attr-defined]
    assert here == on_uvicorn


def test_there_are_many() -> None:
    assert len(REQUESTS) + len(JOURNEYS) >= 60
