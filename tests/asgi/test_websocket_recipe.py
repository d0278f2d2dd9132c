"""The recipe of the documentation for WebSockets, where httpx-ws is installed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, WebSocket

from kailash_testkit.client import ApiClient

httpx_ws = pytest.importorskip("httpx_ws")


async def test_a_mounted_transport_speaks_websockets_on_the_running_application() -> None:
    from httpx_ws.transport import ASGIWebSocketTransport

    started = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        started.append(True)
        yield

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        sent = await socket.receive_json()
        await socket.send_json([sent, socket.headers.get("authorization"), started])
        await socket.close()

    async with (
        ASGIWebSocketTransport(app) as transport,
        ApiClient(app, mounts={"ws://": transport}) as api,
        httpx_ws.aconnect_ws("ws://testserver/live", api.authenticated("k3y")) as socket,
    ):
        await socket.send_json({"a": 1})
        assert await socket.receive_json() == [{"a": 1}, "Bearer k3y", [True]]
