"""Customers, bookings, papers and nested rows with one fault each."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Annotated, Any

from corpus import node
from explored_app import Call, planted
from explored_faults_in_reads import PaperIn
from explored_models import Refused, Row, Together, new_id, row_of
from explored_orders import Text
from explored_serving import fastapi, litestar
from fastapi import FastAPI
from litestar import post
from pydantic import BaseModel, Field, StringConstraints

Code = Annotated[str, StringConstraints(pattern="^[A-Z]{2}-[0-9]{1,4}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.]{1,40}@[a-z0-9]{1,20}\.[a-z]{2,5}$")]
WITHOUT_ERRORS = {"skip": {"*": ["server-error"]}}


class CustomerIn(BaseModel):
    name: Text
    email: Email


class CustomerOut(BaseModel):
    id: str
    name: str
    email: str
    credit: int


ADA = {"name": "Ada", "email": "ada@example.com"}
ZOE = {"name": "Zoe", "email": "zoe@example.com"}


# --- unique values ------------------------------------------------------------------------------------


def _customers(db: Any, create: Any) -> FastAPI:
    app = fastapi()

    @app.post("/customers", status_code=201, response_model=CustomerOut)
    async def created(customer: CustomerIn) -> Any:
        return await create({"id": new_id(), "credit": 0, **customer.model_dump()})

    @app.get("/customers/{customer_id}", response_model=CustomerOut)
    async def read(customer_id: str) -> Any:
        return await row_of(db, "Customer", customer_id)

    return app


async def email_is_free(db: Any, row: Row) -> None:
    if await db.express.list("Customer", {"email": row["email"]}, limit=1):
        raise Refused(409, "there is such a customer")


@planted("server-error", "POST /customers", Call("POST", "/customers", ADA, 409))
def a_taken_email_is_an_error(db: Any, faulty: bool) -> Any:
    async def create(row: Row) -> Row:
        if not faulty:
            await email_is_free(db, row)
        await db.express.create("Customer", row)
        return row

    return _customers(db, create)


@planted(
    "success-wrote-nothing", "POST /customers", Call("POST", "/customers", ADA, 409),
    also=["node-failed-silently", "answer-not-stored", "failpoint-ignored", "not-found-after-create"],
    skip={"*": ["edge-not-kept"]},
)  # fmt: skip
def a_taken_email_is_ignored(db: Any, faulty: bool) -> Any:
    async def create(row: Row) -> Row:
        result = await node("CustomerCreateNode", **row)
        if not faulty and result.get("success") is False:
            raise Refused(409, "there is such a customer")
        return row if faulty else await row_of(db, "Customer", row["id"])

    return _customers(db, create)


# --- nested rows --------------------------------------------------------------------------------------


class LineIn(BaseModel):
    product: Code
    quantity: int = Field(ge=1, le=99)


class Basket(BaseModel):
    customer_id: str
    lines: list[LineIn] = Field(max_length=5)


GOOD_LINE = {"product": "AB-1", "quantity": 1}
BAD_LINE = {"product": "AB-2", "quantity": 50}


@planted(
    "refusal-wrote", "POST /orders",
    Call("POST", "/orders", {"customer_id": "c1", "lines": [GOOD_LINE, BAD_LINE]}, 409),
    small=lambda body: len(body["lines"]) == 1, also=["failpoint-left-rows"],
)  # fmt: skip
def half_of_an_order(db: Any, faulty: bool) -> Any:
    """Litestar. Each line is looked at when its turn comes."""

    def refuse(lines: Sequence[LineIn]) -> None:
        if any(line.quantity > 40 for line in lines):
            raise Refused(409, "not in stock")

    @post("/orders")
    async def place(data: Basket) -> dict[str, Any]:
        await row_of(db, "Customer", data.customer_id)
        if not faulty:
            refuse(data.lines)
        order = {"id": new_id(), "customer_id": data.customer_id, "quantity": len(data.lines)}
        if not faulty:
            async with Together(db) as together:
                await together.create("Order", order)
                for line in data.lines:
                    row = {"id": new_id(), "order_id": order["id"], **line.model_dump()}
                    await together.create("OrderLine", row)
            return order
        await db.express.create("Order", order)
        for line in data.lines:
            refuse([line])
            await db.express.create("OrderLine", {"id": new_id(), "order_id": order["id"], **line.model_dump()})
        return order

    return litestar([place])


@planted("failpoint-left-rows", "DELETE /orders/{order_id}", Call("DELETE", "/orders/o1", None, 204))
def lines_deleted_one_by_one(db: Any, faulty: bool) -> Any:
    app = fastapi()

    @app.delete("/orders/{order_id}", status_code=204)
    async def delete(order_id: str) -> None:
        await row_of(db, "Order", order_id)
        lines = await db.express.list("OrderLine", {"order_id": order_id}, limit=1000)
        if faulty:
            for line in lines:
                await db.express.delete("OrderLine", line["id"])
            await db.express.delete("Order", order_id)
            return
        async with Together(db) as together:
            for line in lines:
                await together.delete("OrderLine", line["id"])
            await together.delete("Order", order_id)

    return app


@planted(
    "failpoint-hung", "POST /customers/{customer_id}/orders", Call("POST", "/customers/c1/orders", None, 201),
)  # fmt: skip
def tries_for_ever(db: Any, faulty: bool) -> Any:
    app = fastapi()

    @app.post("/customers/{customer_id}/orders", status_code=201)
    async def place(customer_id: str) -> dict[str, Any]:
        await row_of(db, "Customer", customer_id)
        order = {"id": new_id(), "customer_id": customer_id, "quantity": 1}
        while True:
            try:
                await db.express.create("Order", order)
            except RuntimeError:
                if not faulty:
                    raise Refused(503, "try again") from None
                await asyncio.sleep(0.05)
            else:
                return order

    return app


# --- others -------------------------------------------------------------------------------------------

LEFT_OPEN: list[sqlite3.Connection] = []
"""For the test to close."""


@planted("left-open", "POST /papers", Call("POST", "/papers", {"title": "x"}, 201), requests=10)
def forgets_to_commit(db: Any, faulty: bool) -> Any:
    app = fastapi()

    @app.post("/papers", status_code=201)
    async def create(paper: PaperIn) -> dict[str, Any]:
        row = {"id": new_id(), "title": paper.title}
        if not faulty:
            await db.express.create("Paper", row)
            return row
        connection = sqlite3.connect(db.config.database.url.removeprefix("sqlite:///"))
        LEFT_OPEN.append(connection)
        connection.execute("INSERT INTO papers (id, title) VALUES (:id, :title)", row)
        return row

    return app


@planted(
    "node-failed-silently", "POST /workflows/rename_paper/execute",
    *[Call("POST", "/workflows/rename_paper/execute", {"inputs": {"paper_id": "q1", "title": "x"}})] * 2,
    also=["failpoint-ignored", "failpoint-left-rows"], **WITHOUT_ERRORS,
)  # fmt: skip
def a_workflow_that_looks_at_no_result(db: Any, faulty: bool) -> Any:
    """Nexus. The old title is kept as a note: the second one of a paper has the number of the first."""
    from nexus import Nexus

    app: Any = Nexus(auto_discovery=False, enable_durability=False)

    @app.handler("rename_paper", description="Give a paper another title")  # type: ignore[untyped-decorator]
    async def rename_paper(paper_id: str, title: str) -> dict[str, Any]:
        row = await row_of(db, "Paper", paper_id)
        async with Together(db) as together:
            await together.update("Paper", paper_id, {"title": title})
            if not faulty:
                await together.create("Note", {"id": new_id(), "owner_id": "ann", "text": row["title"]})
        if faulty:
            await node("NoteCreateNode", id=f"title-{paper_id}", owner_id="ann", text=row["title"])
        return {"id": paper_id, "title": title}

    return app
