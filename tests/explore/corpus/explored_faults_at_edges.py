"""Numbers, moments and texts at the edges, with one fault each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from corpus import node
from explored_app import Call, planted, planted_in_orders
from explored_faults_elsewhere import CustomerOut
from explored_faults_in_orders import SMALL
from explored_models import Row, new_id, row_of
from explored_orders import OrderChange, OrderIn, Orders, Text
from explored_serving import by_litestar, by_starlette, fastapi
from fastapi import FastAPI
from pydantic import AfterValidator, BaseModel, Field

# --- values at the edges ------------------------------------------------------------------------------


class AnyCredit(BaseModel):
    credit: int


class Credit(BaseModel):
    credit: int = Field(ge=-(2**60), le=2**60)


def _credit(db: Any, kind: Any, kept: Any) -> FastAPI:
    app = fastapi()

    async def change(customer_id: str, sent: Any) -> Any:
        await row_of(db, "Customer", customer_id)
        await db.express.update("Customer", customer_id, {"credit": kept(sent.credit)})
        return await row_of(db, "Customer", customer_id)

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
        row = await row_of(db, "Paper", paper_id)
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


def in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


@planted(
    "sent-not-stored", "POST /bookings",
    Call("POST", "/bookings", {"room": "a", "starts_at": "2026-05-01T10:00:00+02:00"}, 201),
    also=["edge-not-kept"],
)  # fmt: skip
def a_zone_that_is_dropped(db: Any, faulty: bool) -> Any:
    return _bookings(db, BookingIn, lambda moment: moment.replace(tzinfo=None) if faulty else in_utc(moment))


@planted(
    "server-error", "POST /bookings",
    Call("POST", "/bookings", {"room": "a", "starts_at": "0001-01-01T00:00:00+02:00"}, 422),
)  # fmt: skip
def a_moment_before_all_time(db: Any, faulty: bool) -> Any:
    return _bookings(db, AnyBooking if faulty else BookingIn, in_utc)


# --- texts --------------------------------------------------------------------------------------------


@planted_in_orders(
    "edge-not-kept", "POST /orders", Call("POST", "/orders", {**SMALL, "note": "please drop table nine"}, 201),
    small=lambda body: body.keys() == {"customer_id", "quantity", "note"},
)  # fmt: skip
class TextThatDataFlowRewrites(Orders):
    async def store(self, order_id: str, order: OrderIn) -> Row:
        await node("OrderCreateNode", id=order_id, **order.model_dump(mode="json"))
        return await self.found(order_id)


@planted_in_orders(
    "edge-not-kept", "PUT /orders/{order_id}", Call("PUT", "/orders/o1", {**SMALL, "note": "x" * 90}), by=by_litestar,
    also=["sent-not-stored"],
)  # fmt: skip
class LongTextIsCut(Orders):
    async def replace(self, order_id: str, order: OrderIn) -> Row:
        return await super().replace(order_id, order.model_copy(update={"note": order.note[:80]}))


@planted_in_orders(
    "edge-not-kept", "POST /orders", Call("POST", "/orders", {**SMALL, "note": "Grüße"}, 201), by=by_starlette,
    also=["sent-not-stored"],
)  # fmt: skip
class OnlyAsciiIsKept(Orders):
    async def create(self, order: OrderIn) -> Row:
        kept = order.note.encode("ascii", "ignore").decode()
        return await super().create(order.model_copy(update={"note": kept}))


@planted_in_orders(
    "edge-not-kept", "PATCH /orders/{order_id}", Call("PATCH", "/orders/o1", {"note": "a\0b"}),
    also=["sent-not-stored"],
)  # fmt: skip
class CutAtTheFirstNul(Orders):
    async def change(self, order_id: str, change: OrderChange) -> Row:
        if "note" in change.model_fields_set:
            change = change.model_copy(update={"note": change.note.split("\0")[0]})
        return await super().change(order_id, change)
