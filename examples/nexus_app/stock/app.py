"""The Nexus: each handler answers at ``POST /workflows/<name>/execute``."""

import uuid
from typing import Any

from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from nexus import Nexus

from stock.models import db

app: Any = Nexus(auto_discovery=False)


async def run(node: str, parameters: dict[str, Any]) -> dict[str, Any]:
    workflow = WorkflowBuilder()
    workflow.add_node(node, "step", parameters)
    async with AsyncLocalRuntime() as runtime:
        results, _ = await runtime.execute_workflow_async(workflow.build(), {})
    result: dict[str, Any] = results["step"]
    if result.get("success") is False:
        raise ValueError(result.get("error"))
    return result


@app.handler("create_item", description="Put a new item into stock")  # type: ignore[untyped-decorator]
async def create_item(name: str, quantity: int = 0) -> dict[str, Any]:
    await db.initialize()
    row = {"id": str(uuid.uuid4()), "name": name, "quantity": quantity}
    await run("ItemCreateNode", row)
    return row


@app.handler("take_item", description="Take some of an item out of stock")  # type: ignore[untyped-decorator]
async def take_item(id: str, quantity: int) -> dict[str, Any]:  # noqa: A002 - the API's name
    row = await run("ItemReadNode", {"id": id, "raise_on_not_found": False})
    if not row["found"]:
        raise LookupError(f"no item {id}")
    if row["quantity"] < quantity:
        raise ValueError(f"only {row['quantity']} of {row['name']} left")
    left = row["quantity"] - quantity
    await run("ItemUpdateNode", {"filter": {"id": id}, "fields": {"quantity": left}})
    return {"id": id, "quantity": left}
