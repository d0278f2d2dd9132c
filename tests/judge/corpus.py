"""Handlers with a planted fault, and healthy ones that look like it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from sample_app import register
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def register_models(db: Any) -> None:
    unique = {"indexes": [{"name": "item_code", "fields": ["code"], "unique": True}]}
    register(db, "Item", id=int, name=str, size=(int, 1), code=(str | None, None), config=unique)
    register(db, "ItemLine", id=int, item_id=int, text=str)
    register(db, "Member", id=int, name=str, last_seen=(str, ""), view_count=(int, 0), failed_logins=(int, 0))
    register(db, "AuditEntry", id=int, text=str)
    register(db, "Paper", id=int, text=str, config={"soft_delete": True})


Call = tuple[str, str, Any]
"""Method, path, JSON body."""
Handle = Callable[[Any, Request], Awaitable[Response]]

ITEM: Final = {"id": 1, "name": "tea", "size": 1}


@dataclass(frozen=True)
class Handler:
    """check: what is planted; None for a healthy one. route: by default that of the first call."""

    name: str
    handle: Handle
    calls: tuple[Call, ...]
    route: str
    check: str | None = None

    def application(self, db: Any) -> Starlette:
        async def endpoint(request: Request) -> Response:
            return await self.handle(db, request)

        methods = sorted({method for method, _, _ in self.calls})
        return Starlette(routes=[Route(self.route, endpoint, methods=methods)])


FAULTY: Final[list[Handler]] = []
HEALTHY: Final[list[Handler]] = []


def planted(check: str, *calls: Call, route: str = "") -> Callable[[Handle], Handle]:
    """The handler has a fault that the check finds."""
    return _added(FAULTY, check, calls, route)


def healthy(*calls: Call, route: str = "") -> Callable[[Handle], Handle]:
    """Nothing is wrong with the handler."""
    return _added(HEALTHY, None, calls, route)


def _added(into: list[Handler], check: str | None, calls: tuple[Call, ...], route: str) -> Callable[[Handle], Handle]:
    def add(handle: Handle) -> Handle:
        into.append(Handler(handle.__name__, handle, calls, route or calls[0][1].partition("?")[0], check))
        return handle

    return add


async def node(name: str, /, **inputs: Any) -> dict[str, Any]:
    """Runs a node as applications do; its result is not looked at."""
    builder = WorkflowBuilder()
    builder.add_node(name, "node", inputs)
    async with AsyncLocalRuntime() as runtime:
        results, _ = await runtime.execute_workflow_async(builder.build(), {})
    result: dict[str, Any] = results["node"]
    return result
