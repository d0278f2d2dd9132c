"""The shop's HTTP API, written as users of Kailash write them: one workflow per request."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from pydantic import BaseModel, Field

from shop.models import db


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await db.initialize()
    async with AsyncLocalRuntime() as runtime:
        app.state.runtime = runtime
        yield


app = FastAPI(title="Shop", lifespan=lifespan)


async def run(request: Request, node: str, parameters: dict[str, Any]) -> dict[str, Any]:
    workflow = WorkflowBuilder()
    workflow.add_node(node, "step", parameters)
    results, _ = await request.app.state.runtime.execute_workflow_async(workflow.build(), {})
    result: dict[str, Any] = results["step"]
    if result.get("success") is False:
        raise HTTPException(409, "the database refused it")
    return result


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
    await run(
        request,
        "OrderCreateNode",
        {"customer_id": customer["id"], "placed_at": placed_at, "note": order.note},
    )
    latest = await run(
        request,
        "OrderListNode",
        {"filter": {"customer_id": customer["id"]}, "limit": 1, "enable_cache": False},
    )
    stored: dict[str, Any] = latest["records"][0]
    for line, product in zip(order.lines, products, strict=True):
        await run(
            request,
            "OrderLineCreateNode",
            {"order_id": stored["id"], "unit_price": product["price"], **line.model_dump()},
        )
    return await found(request, "Order", stored["id"])


@app.get("/orders/{order_id}")
async def get_order(request: Request, customer: CurrentCustomer, order_id: int) -> dict[str, Any]:
    order = await found(request, "Order", order_id)
    if order["customer_id"] != customer["id"]:
        raise HTTPException(404, f"no order {order_id}")
    return order


@app.put("/orders/{order_id}")
async def change_order(
    request: Request, customer: CurrentCustomer, order_id: int, change: OrderChange
) -> dict[str, Any]:
    order = await get_order(request, customer, order_id)
    if order["status"] == "shipped":
        raise HTTPException(409, "a shipped order cannot be changed")
    await run(request, "OrderUpdateNode", {"filter": {"id": order_id}, "fields": change.model_dump()})
    return await found(request, "Order", order_id)
