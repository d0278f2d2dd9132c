"""A server at a URL is explored where it shows that it is on the kit's database, and nothing is written elsewhere."""

from __future__ import annotations

import shlex
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from orders_app import register_orders
from sample_app import in_this_loop
from served_orders import LATER

from kailash_testkit import ApiClient, ConfigurationError, Kit
from kailash_testkit.asgi.live import LiveServer
from kailash_testkit.command_line.serving import served

SERVER = Path(__file__).with_name("served_orders.py")


@pytest.fixture
async def kit(db_at: Callable[..., Any], tmp_path: Path) -> AsyncIterator[Kit]:
    db = db_at(tmp_path / "tested.db")
    register_orders(db)
    with Kit(db) as kit:
        async with in_this_loop(kit):
            yield kit


@asynccontextmanager
async def client_of_server(kit: Kit, file: Path, fault: str = "") -> AsyncIterator[ApiClient]:
    command = [sys.executable, str(SERVER), "{port}", str(file), fault]
    with served(shlex.join(command), None) as url:
        async with ApiClient(url, kit=kit) as api:
            yield api


async def explored(api: ApiClient, **options: Any) -> Any:
    assert api.kit is not None
    return await api.kit.explore(api, **{"requests": 60, "seconds": 600, "failpoints": False, **options})


@pytest.mark.slow
async def test_a_fault_is_found_and_the_rows_are_as_before(kit: Kit, tmp_path: Path) -> None:
    await kit.create("Order", id=900, customer_id="mine", note="kept")
    async with client_of_server(kit, tmp_path / "tested.db", "raises for zero") as api:
        exploration = await explored(api, operations=["POST /orders"])

    assert {each.check for each in exploration.findings} == {"server-error"}, exploration.report()
    assert exploration.findings[0].request.endswith('/orders {"customer_id": "a", "quantity": 0}')
    assert "cut-by-default-limit saw nothing: the server at http://127.0.0.1:" in str(exploration)
    assert [row.id for row in await kit.rows("Order")] == [900]


async def test_a_server_on_another_database_gets_no_write(kit: Kit, tmp_path: Path) -> None:
    async with client_of_server(kit, tmp_path / "another.db") as api:
        with pytest.raises(ConfigurationError, match="does not show the rows that the kit stores") as raised:
            await explored(api)

    assert "GET /orders answered 200, whatever rows there were" in str(raised.value)
    with sqlite3.connect(tmp_path / "another.db") as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)


@pytest.mark.slow
async def test_what_a_server_does_later_is_not_taken_for_the_next_request(kit: Kit, tmp_path: Path) -> None:
    async with client_of_server(kit, tmp_path / "tested.db", LATER) as api:
        exploration = await explored(api, checks=["read-wrote"])

    assert exploration.findings == [], exploration.report()
    assert "seen once, and not when the server was given time: read-wrote GET /orders" in str(exploration)


async def test_a_description_without_a_get_is_refused(kit: Kit) -> None:
    app = FastAPI()

    @app.post("/orders")
    async def create() -> None: ...

    with LiveServer(app) as server:
        async with ApiClient(server.url, kit=kit) as api:
            with pytest.raises(ConfigurationError, match="no GET that could show them"):
                await explored(api)


async def test_a_url_without_a_server_is_told(kit: Kit) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with ApiClient(f"http://127.0.0.1:{unused.getsockname()[1]}", kit=kit) as nobody:
            with pytest.raises(ConfigurationError, match="no server answers at http://127"):
                await explored(nobody)
