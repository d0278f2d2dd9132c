"""Orders of customers: a healthy collection. Applications override what has the fault."""

from __future__ import annotations

from typing import Annotated, Any

from explored_models import Refused, Row, Status, new_id, plain
from pydantic import BaseModel, Field

Text = Annotated[str, Field(max_length=200)]
Quantity = Annotated[int, Field(ge=1, le=1000)]


class OrderIn(BaseModel):
    customer_id: str
    quantity: Quantity
    status: Status = Status.OPEN
    note: Text = ""


class OrderChange(BaseModel):
    """What a PATCH may send; what it does not send stays."""

    quantity: Quantity = 1
    status: Status = Status.OPEN
    note: Text = ""


class OrderOut(BaseModel):
    id: str
    customer_id: str
    quantity: int
    status: Status
    note: str


class OrderPage(BaseModel):
    items: list[OrderOut]
    total: int


class Orders:
    """POST and GET /orders; GET, PUT, PATCH and DELETE /orders/{order_id}."""

    def __init__(self, db: Any) -> None:
        self.db = db
        self.express = db.express

    async def create(self, order: OrderIn) -> Row:
        await self.customer(order.customer_id)
        return await self.store(new_id(), order)

    async def store(self, order_id: str, order: OrderIn) -> Row:
        await self.express.create("Order", {"id": order_id, **order.model_dump(mode="json")})
        return await self.found(order_id)

    async def page(self, limit: int, offset: int) -> Row:
        rows = await self.express.list("Order", limit=limit, offset=offset, order_by="id")
        return {"items": [plain(row) for row in rows], "total": await self.express.count("Order")}

    async def read(self, order_id: str) -> Row:
        return await self.found(order_id)

    async def replace(self, order_id: str, order: OrderIn) -> Row:
        await self.found(order_id)
        await self.customer(order.customer_id)
        await self.express.update("Order", order_id, order.model_dump(mode="json"))
        return await self.found(order_id)

    async def change(self, order_id: str, change: OrderChange) -> Row:
        await self.found(order_id)
        sent = change.model_dump(mode="json", exclude_unset=True)
        if sent:
            await self.express.update("Order", order_id, sent)
        return await self.found(order_id)

    async def delete(self, order_id: str) -> None:
        await self.found(order_id)
        await self.express.delete("Order", order_id)

    async def found(self, order_id: str) -> Row:
        row = await self.express.read("Order", order_id)
        if row is None:
            raise Refused(404, "no such order")
        return plain(row)

    async def customer(self, customer_id: str) -> Row:
        row = await self.express.read("Customer", customer_id)
        if row is None:
            raise Refused(404, "no such customer")
        return plain(row)
