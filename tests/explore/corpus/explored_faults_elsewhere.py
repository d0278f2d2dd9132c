"""Customers, bookings, papers and nested rows with one fault each."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from corpus import node
from explored_app import Call, planted
from explored_models import Refused, Row, Together, new_id, plain
from explored_orders import Text
from explored_serving import Limit, fastapi, litestar
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from litestar import get, post
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

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
        return await _found(db, "Customer", customer_id)

    return app


async def _found(db: Any, model: str, row_id: str) -> Row:
    row = await db.express.read(model, row_id)
    if row is None:
        raise Refused(404, f"no such {model.lower()}")
    return plain(row)


async def _email_is_free(db: Any, row: Row) -> None:
    if await db.express.list("Customer", {"email": row["email"]}, limit=1):
        raise Refused(409, "there is such a customer")


@planted("server-error", "POST /customers", Call("POST", "/customers", ADA, 409))
def a_taken_email_is_an_error(db: Any, faulty: bool) -> Any:
    async def create(row: Row) -> Row:
        if not faulty:
            await _email_is_free(db, row)
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
        return row if faulty else await _found(db, "Customer", row["id"])

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
        await _found(db, "Customer", data.customer_id)
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
        await _found(db, "Order", order_id)
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
        await _found(db, "Customer", customer_id)
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


# --- reads --------------------------------------------------------------------------------------------


@planted("read-wrote", "HEAD /papers/{paper_id}", Call("HEAD", "/papers/q1"))
def a_head_that_writes(db: Any, faulty: bool) -> Any:
    app = fastapi()

    @app.head("/papers/{paper_id}", status_code=200)
    async def head(paper_id: str) -> None:
        row = await _found(db, "Paper", paper_id)
        if faulty:
            await db.express.update("Paper", paper_id, {"title": row["title"] + "!"})

    return app


@planted("read-wrote", "GET /customers/{customer_id}/draft", Call("GET", "/customers/c1/draft"))
def a_read_that_makes_a_draft(db: Any, faulty: bool) -> Any:
    """Litestar. There is one draft for each customer from the first look on."""

    @get("/customers/{customer_id:str}/draft")
    async def draft(customer_id: str) -> dict[str, Any]:
        await _found(db, "Customer", customer_id)
        row = await db.express.read("Order", f"draft-{customer_id}")
        if row is not None:
            return plain(row)
        made = {"id": f"draft-{customer_id}", "customer_id": customer_id, "quantity": 0, "status": "open", "note": ""}
        if faulty:
            await db.express.create("Order", made)
        return {**made, "id": None}

    return litestar([draft])


@planted("server-error", "GET /papers/{paper_id}", Call("GET", "/papers/nowhere", None, 404))
def a_read_of_what_is_not_there(db: Any, faulty: bool) -> Any:
    """ReadNode raises where there is no row."""
    app = fastapi()

    @app.get("/papers/{paper_id}")
    async def read(paper_id: str) -> dict[str, Any]:
        if not faulty:
            await _found(db, "Paper", paper_id)
        return plain(await node("PaperReadNode", id=paper_id))

    return app


class PaperIn(BaseModel):
    title: Text


def _papers(db: Any, *, shows_deleted: bool = False, lists_deleted: bool = False) -> FastAPI:
    """Papers are deleted softly."""
    app = fastapi()

    @app.post("/papers", status_code=201)
    async def create(paper: PaperIn) -> dict[str, Any]:
        row = {"id": new_id(), "title": paper.title}
        await db.express.create("Paper", row)
        return row

    @app.get("/papers")
    async def listed(limit: Limit = 50) -> list[dict[str, Any]]:
        rows = await db.express.list("Paper", limit=limit, order_by="id", include_deleted=lists_deleted)
        return [plain(row) for row in rows]

    @app.get("/papers/{paper_id}")
    async def read(paper_id: str) -> dict[str, Any]:
        row = await db.express.read("Paper", paper_id, include_deleted=shows_deleted)
        if row is None:
            raise Refused(404, "no such paper")
        return plain(row)

    @app.delete("/papers/{paper_id}", status_code=204)
    async def delete(paper_id: str) -> None:
        await _found(db, "Paper", paper_id)
        await db.express.delete("Paper", paper_id)

    return app


@planted(
    "found-after-delete", "GET /papers/{paper_id}", Call("DELETE", "/papers/q1", None, 204),
    Call("GET", "/papers/q1", None, 404),
)  # fmt: skip
def shows_papers_that_are_deleted(db: Any, faulty: bool) -> Any:
    return _papers(db, shows_deleted=faulty)


@planted("found-after-delete", "GET /papers", Call("DELETE", "/papers/q1", None, 204), Call("GET", "/papers"))
def lists_papers_that_are_deleted(db: Any, faulty: bool) -> Any:
    return _papers(db, lists_deleted=faulty)


@planted(
    "response-schema", "GET /orders/{order_id}", Call("PATCH", "/orders/o1", {"note": ""}), Call("GET", "/orders/o1")
)
def leaves_an_empty_note_out(db: Any, faulty: bool) -> Any:
    class OrderOut(BaseModel):
        id: str
        note: str

    class NoteIn(BaseModel):
        note: Text

    app = fastapi()

    @app.get("/orders/{order_id}", response_model=OrderOut)
    async def read(order_id: str) -> Any:
        row = await _found(db, "Order", order_id)
        shown = {"id": row["id"], "note": row["note"]}
        return JSONResponse({name: value for name, value in shown.items() if value or not faulty})

    async def change(order_id: str, sent: Any) -> dict[str, Any]:
        await _found(db, "Order", order_id)
        await db.express.update("Order", order_id, sent.model_dump())
        return {"id": order_id, "note": sent.note}

    change.__annotations__["sent"] = NoteIn
    app.patch("/orders/{order_id}", response_model=OrderOut)(change)
    return app


# --- values at the edges ------------------------------------------------------------------------------


class AnyCredit(BaseModel):
    credit: int


class Credit(BaseModel):
    credit: int = Field(ge=-(2**60), le=2**60)


def _credit(db: Any, kind: Any, kept: Any) -> FastAPI:
    app = fastapi()

    async def change(customer_id: str, sent: Any) -> Any:
        await _found(db, "Customer", customer_id)
        await db.express.update("Customer", customer_id, {"credit": kept(sent.credit)})
        return await _found(db, "Customer", customer_id)

    change.__annotations__["sent"] = kind
    app.patch("/customers/{customer_id}", response_model=CustomerOut)(change)
    return app


@planted(
    "server-error", "PATCH /customers/{customer_id}", Call("PATCH", "/customers/c1", {"credit": 2**70}, 422),
    small=lambda body: abs(body["credit"]) >= 2**63,
)  # fmt: skip
def a_number_beyond_64_bits(db: Any, faulty: bool) -> Any:
    return _credit(db, AnyCredit if faulty else Credit, int)


@planted(
    "edge-not-kept", "PATCH /customers/{customer_id}", Call("PATCH", "/customers/c1", {"credit": 2**53 + 1}),
    also=["sent-not-stored"],
)  # fmt: skip
def a_number_that_a_float_rounds(db: Any, faulty: bool) -> Any:
    return _credit(db, Credit, lambda number: int(float(number)) if faulty else number)


@planted(
    "edge-not-kept", "PATCH /customers/{customer_id}", Call("PATCH", "/customers/c1", {"credit": 2**40}),
    also=["sent-not-stored"],
)  # fmt: skip
def a_number_of_32_bits(db: Any, faulty: bool) -> Any:
    return _credit(db, Credit, lambda number: max(-(2**31), min(number, 2**31 - 1)) if faulty else number)


@planted("server-error", "PATCH /papers/{paper_id}", Call("PATCH", "/papers/q1", {"title": None}, 422))
def a_null_where_none_may_be(db: Any, faulty: bool) -> Any:
    class Optional(BaseModel):
        title: Text | None = None

    class Change(BaseModel):
        title: Text = ""

    app = fastapi()

    async def change(paper_id: str, sent: Any) -> dict[str, Any]:
        row = await _found(db, "Paper", paper_id)
        fields = sent.model_dump(exclude_unset=True)
        if fields:
            fields = {"title": fields["title"].strip()} if faulty else fields
            await db.express.update("Paper", paper_id, fields)
        return {**row, **fields}

    change.__annotations__["sent"] = Optional if faulty else Change
    app.patch("/papers/{paper_id}")(change)
    return app


def _in_this_century(moment: datetime) -> datetime:
    if not 2000 < moment.year < 2100:
        raise ValueError("the year must be of this century")
    return moment


class AnyBooking(BaseModel):
    room: Text
    starts_at: datetime


class BookingIn(BaseModel):
    room: Text
    starts_at: Annotated[datetime, AfterValidator(_in_this_century)]


def _bookings(db: Any, kind: Any, kept: Any) -> FastAPI:
    app = fastapi()

    async def create(sent: Any) -> dict[str, Any]:
        row = {"id": new_id(), "room": sent.room, "starts_at": kept(sent.starts_at)}
        await db.express.create("Booking", row)
        return {"id": row["id"]}

    create.__annotations__["sent"] = kind
    app.post("/bookings", status_code=201)(create)
    return app


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


@planted(
    "sent-not-stored", "POST /bookings",
    Call("POST", "/bookings", {"room": "a", "starts_at": "2026-05-01T10:00:00+02:00"}, 201),
    also=["edge-not-kept"],
)  # fmt: skip
def a_zone_that_is_dropped(db: Any, faulty: bool) -> Any:
    return _bookings(db, BookingIn, lambda moment: moment.replace(tzinfo=None) if faulty else _utc(moment))


@planted(
    "server-error", "POST /bookings",
    Call("POST", "/bookings", {"room": "a", "starts_at": "0001-01-01T00:00:00+02:00"}, 422),
)  # fmt: skip
def a_moment_before_all_time(db: Any, faulty: bool) -> Any:
    return _bookings(db, AnyBooking if faulty else BookingIn, _utc)


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
        row = await _found(db, "Paper", paper_id)
        async with Together(db) as together:
            await together.update("Paper", paper_id, {"title": title})
            if not faulty:
                await together.create("Note", {"id": new_id(), "owner_id": "ann", "text": row["title"]})
        if faulty:
            await node("NoteCreateNode", id=f"title-{paper_id}", owner_id="ann", text=row["title"])
        return {"id": paper_id, "title": title}

    return app
