"""WebSockets under the client and under uvicorn: all that a client and the application can observe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from parity_probe import needs_recent_uvicorn
from websocket_probe import SCENARIOS, WebSocketProbe

from kailash_testkit.asgi.live import LiveServer
from kailash_testkit.client import ApiClient


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[WebSocketProbe, str]]:
    probe = WebSocketProbe()
    with LiveServer(probe) as server:
        yield probe, server.url


@needs_recent_uvicorn
@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_connection(name: str, served: tuple[WebSocketProbe, str]) -> None:
    probe, url = served
    probe.events.clear()
    async with ApiClient(url, timeout=5) as api:
        on_uvicorn = await SCENARIOS[name](api, probe)
    own = WebSocketProbe()
    async with ApiClient(own, raise_app_exceptions=False, base_url=url, timeout=5) as api:
        assert await SCENARIOS[name](api, own) == on_uvicorn
