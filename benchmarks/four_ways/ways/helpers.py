"""With the helpers that applications' tests carry: a workflow and a runtime for each call.

A dict factory with uuids, one database for the session, and after each test a BulkDelete node for each model.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from office.api import make_app
from office.models import MODELS, make_db
from scenarios import Row, body

from ways.places import Places, client_of


async def run_node(name: str, inputs: dict[str, Any]) -> Row:
    workflow = WorkflowBuilder()
    workflow.add_node(name, "node", inputs)
    async with AsyncLocalRuntime() as runtime:
        results, _ = await runtime.execute_workflow_async(workflow.build(), {})
    result: Row = results["node"]
    assert result.get("success") is not False, result
    return result


class HelperDriver:
    def __init__(self, api: httpx.AsyncClient) -> None:
        self.api = api

    async def seed(self, model: type, **values: object) -> Row:
        row = {"id": str(uuid.uuid4()), **body(model, f"word {uuid.uuid4()}"), **values}
        await run_node(f"{model.__name__}CreateNode", row)
        return row

    async def seed_many(self, model: type, count: int, **values: object) -> list[Row]:
        return [await self.seed(model, **values) for _ in range(count)]

    async def stored(self, model: type, row_id: str) -> Row | None:
        row = await run_node(f"{model.__name__}ReadNode", {"id": row_id, "raise_on_not_found": False})
        return row if row.pop("found") else None

    async def count(self, model: type, **values: object) -> int:
        found: int = (await run_node(f"{model.__name__}CountNode", {"filter": values}))["count"]
        return found


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    places = Places()
    db = make_db(places.create("office"))
    await db.create_tables_async()  # `initialize` besides would cost seconds, and add nothing
    async with client_of(make_app()) as client:
        yield client
    await db.cleanup_all_pools()
    await db.close_async()
    places.drop("office")
    places.close()


@pytest.fixture
async def driver(client: httpx.AsyncClient) -> AsyncIterator[HelperDriver]:
    yield HelperDriver(client)
    for model in reversed(MODELS):
        await run_node(f"{model.__name__}BulkDeleteNode", {"filter": {}, "confirmed": True})
