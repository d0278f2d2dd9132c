"""The HTTP API: five operations for each model, a workflow for each step of a request, one runtime."""

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Request
from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from office.models import MODELS

Fields = Annotated[dict[str, Any], Body()]


def path_of(model: type) -> str:
    """``/order-lines`` for OrderLine."""
    return "/" + re.sub(r"(?<!^)(?=[A-Z])", "-", model.__name__).lower() + "s"


def make_app() -> FastAPI:
    """The application. Nodes are named: they work on the DataFlow that registered the models last."""
    app = FastAPI(title="Office", lifespan=lifespan)
    for model in MODELS:
        add_routes(app, model)
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncLocalRuntime() as runtime:
        app.state.runtime = runtime
        yield


async def run(request: Request, node: str, parameters: dict[str, Any]) -> dict[str, Any]:
    workflow = WorkflowBuilder()
    workflow.add_node(node, "node", parameters)
    results, _ = await request.app.state.runtime.execute_workflow_async(workflow.build(), {})
    result: dict[str, Any] = results["node"]
    if result.get("success") is False:
        raise HTTPException(409, "the database refused it")
    return result


async def found(request: Request, name: str, row_id: str) -> dict[str, Any]:
    row = await run(request, f"{name}ReadNode", {"id": row_id, "raise_on_not_found": False})
    if not row.pop("found"):
        raise HTTPException(404, f"no {name} {row_id}")
    return row


def checked(model: type, fields: dict[str, Any], *, complete: bool) -> dict[str, Any]:
    """What may be stored, or 422."""
    given = model.__annotations__.keys() - {"id"}
    required = {field for field in given if not hasattr(model, field)} if complete else set()
    if fields.keys() - given or required - fields.keys():
        raise HTTPException(422, "unknown or missing fields")
    return fields


def add_routes(app: FastAPI, model: type) -> None:
    """POST, GET, PUT and DELETE of one row, and GET of a list with conditions."""
    name, path = model.__name__, path_of(model)

    @app.post(path, status_code=201)
    async def create(request: Request, fields: Fields) -> dict[str, Any]:
        row = {"id": str(uuid.uuid4()), **checked(model, fields, complete=True)}
        await run(request, f"{name}CreateNode", row)
        return await found(request, name, row["id"])

    @app.get(path)
    async def listing(request: Request) -> list[dict[str, Any]]:
        limits = {"limit": 100, "enable_cache": False}
        listed = await run(request, f"{name}ListNode", {"filter": dict(request.query_params), **limits})
        rows: list[dict[str, Any]] = listed["records"]
        return rows

    @app.get(f"{path}/{{row_id}}")
    async def read(request: Request, row_id: str) -> dict[str, Any]:
        return await found(request, name, row_id)

    @app.put(f"{path}/{{row_id}}")
    async def change(request: Request, row_id: str, fields: Fields) -> dict[str, Any]:
        await found(request, name, row_id)
        changed = checked(model, fields, complete=False)
        await run(request, f"{name}UpdateNode", {"filter": {"id": row_id}, "fields": changed})
        return await found(request, name, row_id)

    @app.delete(f"{path}/{{row_id}}", status_code=204)
    async def delete(request: Request, row_id: str) -> None:
        await found(request, name, row_id)
        await run(request, f"{name}DeleteNode", {"filter": {"id": row_id}})
