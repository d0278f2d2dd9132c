"""The shop's HTTP API, written as users of Kailash write them: one workflow per step of a request."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Path, Request
from kailash.runtime import LocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from pydantic import BaseModel, Field

from shop.models import db


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await db.initialize()
    # AsyncLocalRuntime does not pass a workflow's context on to its nodes: none of them would be in a transaction.
    with LocalRuntime(content_aware_success_detection=False) as runtime:
        app.state.runtime = runtime
        yield


app = FastAPI(title="Shop", lifespan=lifespan)


async def run(
    request: Request, node: str, parameters: dict[str, Any], transaction: dict[str, Any] | None = None
) -> dict[str, Any]:
    workflow = WorkflowBuilder()
    step = workflow.add_node(node, None, parameters)  # no name of ours: what ran under it before would not run again
    context = {} if transaction is None else transaction
    results, _ = await request.app.state.runtime.execute_async(
        workflow.build(), parameters={"workflow_context": context}
    )
    result: dict[str, Any] = results[step]
    if result.get("success") is False:
        raise HTTPException(409, "the database refused it")
    if result.get("failed"):
        raise RuntimeError(result["error"])
    return result


@asynccontextmanager
async def transaction(request: Request) -> AsyncIterator[dict[str, Any]]:
    """What nodes do that run with it is stored as a whole or, after an error, not at all."""
    context: dict[str, Any] = {"dataflow_instance": db}
    await run(request, "TransactionScopeNode", {}, context)
    try:
        yield context
    except BaseException:
        await run(request, "TransactionRollbackNode", {}, context)
        raise
    await run(request, "TransactionCommitNode", {}, context)


async def found(request: Request, model: str, row_id: str | int) -> dict[str, Any]:
    row = await run(request, f"{model}ReadNode", {"id": row_id, "raise_on_not_found": False})
    if not row.pop("found"):
        raise HTTPException(404, f"no {model.lower()} {row_id}")
    return row


async def current_customer(request: Request, authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
    token = authorization.removeprefix("Bearer ")
    listed = await run(request, "CustomerListNode", {"filter": {"token": token}, "enable_cache": False})
    if not token or not listed["records"]:
        raise HTTPException(401, "a valid token is needed")
    customer: dict[str, Any] = listed["records"][0]
    return customer


CurrentCustomer = Annotated[dict[str, Any], Depends(current_customer)]
OrderId = Annotated[int, Path(ge=1, le=2**31 - 1)]  # what the column of every database holds


class NewProduct(BaseModel):
    name: str
    price: float = Field(gt=0)
    details: dict[str, Any] = {}


class NewLine(BaseModel):
    product_id: str
    quantity: int = Field(ge=1)


class NewOrder(BaseModel):
    lines: list[NewLine]
    note: str = ""


class OrderChange(BaseModel):
    status: str


@app.post("/products", status_code=201)
async def create_product(request: Request, product: NewProduct) -> dict[str, Any]:
    row = {"id": str(uuid.uuid4()), **product.model_dump()}
    await run(request, "ProductCreateNode", row)
    return await found(request, "Product", row["id"])


@app.get("/products/{product_id}")
async def get_product(request: Request, product_id: str) -> dict[str, Any]:
    return await found(request, "Product", product_id)


@app.delete("/products/{product_id}", status_code=204)
async def delete_product(request: Request, product_id: str) -> None:
    await found(request, "Product", product_id)
    await run(request, "ProductDeleteNode", {"filter": {"id": product_id}})


@app.post("/orders", status_code=201)
async def place_order(request: Request, customer: CurrentCustomer, order: NewOrder) -> dict[str, Any]:
    products = [await found(request, "Product", line.product_id) for line in order.lines]
    placed_at = datetime.now().replace(microsecond=0)
    row = {"customer_id": customer["id"], "placed_at": placed_at, "note": order.note}
    async with transaction(request) as together:
        created = await run(request, "OrderCreateNode", row, together)
        order_id = created.get("id") or await newest_order(request, customer["id"], together)
        for line, product in zip(order.lines, products, strict=True):
            line_row = {"order_id": order_id, "unit_price": product["price"], **line.model_dump()}
            await run(request, "OrderLineCreateNode", line_row, together)
    return await found(request, "Order", order_id)


async def newest_order(request: Request, customer_id: str, together: dict[str, Any]) -> int:
    """For SQLite, where CreateNode returns no id, and nobody else writes while a transaction does."""
    newest = {"filter": {"customer_id": customer_id}, "limit": 1, "enable_cache": False}
    listed = await run(request, "OrderListNode", newest, together)
    order_id: int = listed["records"][0]["id"]
    return order_id


@app.get("/orders/{order_id}")
async def get_order(request: Request, customer: CurrentCustomer, order_id: OrderId) -> dict[str, Any]:
    order = await found(request, "Order", order_id)
    if order["customer_id"] != customer["id"]:
        raise HTTPException(404, f"no order {order_id}")
    return order


@app.put("/orders/{order_id}")
async def change_order(
    request: Request, customer: CurrentCustomer, order_id: OrderId, change: OrderChange
) -> dict[str, Any]:
    order = await get_order(request, customer, order_id)
    if order["status"] == "shipped":
        raise HTTPException(409, "a shipped order cannot be changed")
    await run(request, "OrderUpdateNode", {"filter": {"id": order_id}, "fields": change.model_dump()})
    return await found(request, "Order", order_id)
