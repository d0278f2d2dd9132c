"""A small application in which the tests plant the causes for missing rows."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from sample_app import register
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kailash_testkit import ApiClient, Explanation, Kit

UrlOf = Callable[[str], str]
Handler = Callable[[], Awaitable[object]]


@dataclass
class Shop:
    """An application with one endpoint, ``POST /do``, that does what the test plants."""

    db: Any
    kit: Kit
    api: ApiClient
    handlers: list[Handler] = field(default_factory=list)
    background: list[Handler] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)

    async def does(self, handler: Handler) -> None:
        """Calls ``POST /do``, which runs the handler and answers 201 whatever comes of it."""
        self.handlers[:] = [handler]
        await self.api.expect(201).post("/do")

    async def explained(self, model: str, row_id: object) -> Explanation:
        """The explanation, after checking its form and that asking twice gives the same."""
        found = await self.kit.explain(model, row_id)
        assert "\x1b" not in str(found)
        assert len(str(found).splitlines()) <= 10, str(found)
        again = await self.kit.explain(model, row_id)
        assert (again.cause, again.certain) == (found.cause, found.certain) or not found.certain
        return found


def register_models(db: Any) -> None:
    register(db, "Order", id=str, status=(str, "open"), code=(str, ""), config={"indexes": UNIQUE_CODE})
    register(db, "Note", id=int, text=str)
    register(db, "Product", id=str, name=str, config={"soft_delete": True})


UNIQUE_CODE = [{"name": "order_code", "fields": ["code"], "unique": True}]


async def run(node: Any, **inputs: Any) -> dict[str, Any]:
    """Runs a node as an application does: by name, or by class; the result is not looked at."""
    builder = WorkflowBuilder()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "SDK node detected", for a class
        builder.add_node(node, "node", inputs)
    async with AsyncLocalRuntime() as runtime:
        results, _ = await runtime.execute_workflow_async(builder.build(), {})
    result: dict[str, Any] = results["node"]
    return result


def application(shop: list[Shop]) -> Starlette:
    async def do(request: Request) -> JSONResponse:
        for handler in shop[0].handlers:
            await handler()
        later = BackgroundTask(shop[0].background[0]) if shop[0].background else None
        return JSONResponse({}, 201, background=later)

    return Starlette(routes=[Route("/do", do, methods=["POST"])])
