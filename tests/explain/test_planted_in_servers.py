"""Causes that lie in the server: a recorded answer, another process, an event loop that is gone."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_shop import Shop, run
from kailash.nodes.base import NodeParameter
from kailash.nodes.base_async import AsyncNode
from nexus import Nexus

from kailash_testkit import AnsweredFromRecord, ApiClient
from kailash_testkit import http_library as httpx
from kailash_testkit.explain import Cause

pytestmark = pytest.mark.slow


async def test_a_nexus_that_answers_from_its_record(shop: Shop) -> None:
    app = Nexus(auto_discovery=False)

    @app.handler("order", description="makes an order")
    async def order(code: str) -> dict[str, Any]:
        return await run(shop.db.get_node("OrderCreateNode"), id=f"order-{await shop.kit.count('Order')}", code=code)

    body = {"inputs": {"code": "a"}}
    try:
        async with ApiClient(app, kit=shop.kit) as api:
            await api.post("/workflows/order/execute", json=body)
            assert (await shop.explained("Order", "order-0")).cause is Cause.VISIBLE
            with pytest.raises(AnsweredFromRecord):
                await api.post("/workflows/order/execute", json=body)
        found = await shop.explained("Order", "order-1")
    finally:
        app.close()
    assert found.cause is Cause.RECORDED_ANSWER
    assert "X-Durable" in (found.cure or "")


class OfAnotherLoop(AsyncNode):
    """Waits for what belongs to an event loop that was closed, as a pooled connection does."""

    def get_parameters(self) -> dict[str, NodeParameter]:
        return {}

    async def async_run(self, **_: Any) -> dict[str, Any]:
        loop = asyncio.new_event_loop()
        future = loop.create_future()
        loop.close()
        return {"result": await future}


async def test_a_connection_of_a_closed_loop(shop: Shop) -> None:
    async def fail_quietly() -> None:
        with pytest.raises(Exception, match="attached to a different loop"):
            await run(OfAnotherLoop)

    await shop.does(fail_quietly)
    found = await shop.explained("Order", "x")
    assert found.cause is Cause.CLOSED_LOOP
    assert "asyncio_default_test_loop_scope" in (found.cure or "")


_SERVER = """
    import sys
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Orders(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Orders)
    server.serve_forever()
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """A server in another process, which says 201 and writes nowhere that the kit could know."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = tmp_path / "server.py"
    script.write_text(textwrap.dedent(_SERVER))
    process = subprocess.Popen([sys.executable, str(script), str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                httpx.get(url)
                break
            except httpx.ConnectError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


async def test_a_server_in_another_process_with_another_database(shop: Shop, elsewhere: str) -> None:
    async with ApiClient(elsewhere, kit=shop.kit) as api:
        await api.expect(201).post("/orders")
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.OTHER_DATABASE, False)
    assert found.unknown == ["which database the other process is connected to"]
