"""The project that each plugin is tried on: an application, and tests that would notice each other's rows."""

from __future__ import annotations

from typing import Final

MODELS: Final = """
import os
from dataflow import DataFlow

db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)


@db.model
class Item:
    id: int
    name: str
"""

API: Final = """
import asyncio
import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse
from starlette.routing import Route
from shop.models import db


async def listed(request):
    return JSONResponse(await db.express.list("Item", limit=1000))


async def created(request):
    await db.express.create("Item", await request.json())
    return JSONResponse({}, 201)


async def ordered(request):
    body = await request.json()

    async def delivered():
        await asyncio.sleep(0.05)
        await db.express.create("Item", body)

    return JSONResponse({}, 202, background=BackgroundTask(delivered))


async def priced(request):
    async with httpx.AsyncClient() as prices:
        answer = await prices.get("http://prices.test/tea")
    return JSONResponse(answer.json())


app = Starlette(
    routes=[
        Route("/items", listed),
        Route("/items", created, methods=["POST"]),
        Route("/orders", ordered, methods=["POST"]),
        Route("/price", priced),
    ]
)
"""

CONFTEST: Final = """
import json
from pathlib import Path


def pytest_terminal_summary(terminalreporter, config):
    counts = {what: len(reports) for what, reports in terminalreporter.stats.items() if what}
    Path(config.rootpath, "counts.json").write_text(json.dumps(counts))
"""

# Each test begins by looking for the rows of others, and leaves some: whichever comes next would see them.
_ROWS: Final = """
import pytest
from kailash_testkit import Factory

items = Factory("Item")
turns = pytest.mark.parametrize("turn", range(2))


@turns
{mark}
async def test_async(kit, api, turn):
    assert await items.count() == 0
    await items.create(name="seeded")
    with kit.changes() as changes:
        await api.expect(201).post("/items", json={{"name": "posted"}})
        await api.expect(202).post("/orders", json={{"name": "ordered"}})
    changes.assert_only(items.created(name="posted"), items.created(name="ordered"))
    listed = (await api.expect(200).get("/items")).json()
    assert sorted(item["name"] for item in listed) == ["ordered", "posted", "seeded"]


@turns
def test_sync(kit, sync_api, turn):
    assert items.count_sync() == 0
    items.create_sync(name="seeded")
    with kit.changes() as changes:
        sync_api.expect(201).post("/items", json={{"name": "posted"}})
    changes.assert_only(items.created(name="posted"))
    assert len(sync_api.expect(200).get("/items").json()) == 2
"""
_KEPT: Final = """
import pytest
from kailash_testkit import Factory

items = Factory("Item")


@pytest.fixture(scope="module")
def kept():
    return items.create_sync(name="kept")


@pytest.mark.parametrize("turn", range(2))
def test_rows_of_a_wider_fixture_stay(kept, turn):
    assert [row.name for row in items.rows_sync()] == ["kept"]
    items.update_sync(kept.id, name="changed")
    items.create_sync(name="left")
"""

TESTS: Final = 10
"""How many tests the project has."""


def files(mark: str = "") -> dict[str, str]:
    """The project's files, by path. mark: a decorator for asynchronous tests."""
    rows = _ROWS.format(mark=mark)
    return {
        "conftest.py": CONFTEST,
        "shop/__init__.py": "",
        "shop/models.py": MODELS,
        "shop/api.py": API,
        "tests/test_rows.py": rows,
        "tests/test_more_rows.py": rows,
        "tests/test_kept_rows.py": _KEPT,
    }


def settings(**more: object) -> dict[str, object]:
    """The project's settings for pytest; None takes one out."""
    asked = {
        "pythonpath": ["."],
        "testpaths": ["tests"],
        "asyncio_mode": "auto",
        "asyncio_default_fixture_loop_scope": "session",
        "asyncio_default_test_loop_scope": "session",
        "testkit_dataflow": "shop.models:db",
        "testkit_app": "shop.api:app",
        "testkit_url_env": "DATABASE_URL",
        **more,
    }
    return {name: value for name, value in asked.items() if value is not None}
