"""Healthy applications with work after the answer, uploads, moments, and requests that only ask."""

import base64
import hashlib
import time
from typing import Annotated, Any

from explored_app import Call, healthy
from explored_faults_at_edges import BookingIn, in_utc
from explored_healthy import SMALL
from explored_healthy_rows import LineIn
from explored_models import Refused, in_one_transaction, new_id, plain, row_of
from explored_orders import OrderIn, Orders, Text
from explored_serving import Limit, fastapi, litestar
from fastapi import BackgroundTasks, UploadFile
from litestar import get, post, put
from pydantic import BaseModel, Field

# --- later, or elsewhere ------------------------------------------------------------------------------


@healthy(Call("POST", "/orders", SMALL, 201), Call("POST", "/exports", {"limit": 3}, 202))
def work_after_the_answer(db: Any) -> Any:
    app = fastapi()
    orders = Orders(db)

    class Export(BaseModel):
        limit: int = 10

    async def logged(text: str) -> None:
        await db.express.create("AuditEntry", {"id": new_id(), "text": text})

    @app.post("/orders", status_code=201)
    async def create(order: OrderIn, later: BackgroundTasks) -> dict[str, Any]:
        made = await orders.create(order)
        later.add_task(logged, f"order {made['id']}")
        return made

    async def export(sent: Any, later: BackgroundTasks) -> dict[str, Any]:
        later.add_task(logged, f"export of {sent.limit % 1000}")
        return {"state": "accepted"}

    export.__annotations__["sent"] = Export
    app.post("/exports", status_code=202)(export)
    return app


@healthy(Call("GET", "/files"))
def uploads(db: Any) -> Any:
    app = fastapi()

    @app.post("/papers/upload", status_code=201)
    async def upload(file: UploadFile) -> dict[str, Any]:
        content = await file.read()
        row = {"id": new_id(), "title": hashlib.sha256(content).hexdigest()}
        await db.express.create("Paper", row)
        return {**row, "size": len(content)}

    class Inline(BaseModel):
        name: Text
        content: Annotated[str, Field(max_length=1000)]

    async def inline(sent: Any) -> dict[str, Any]:
        try:
            content = base64.b64decode(sent.content, validate=True)
        except ValueError:
            raise Refused(400, "no base64") from None
        row = {"id": new_id(), "title": hashlib.sha256(content).hexdigest()}
        await db.express.create("Paper", row)
        return {**row, "size": len(content)}

    inline.__annotations__["sent"] = Inline
    app.post("/papers", status_code=201)(inline)

    @app.get("/files")
    async def files(limit: Limit = 50) -> list[Any]:
        return [plain(row) for row in await db.express.list("Paper", limit=limit, order_by="id")]

    return app


@healthy(
    Call("POST", "/bookings", {"room": "a", "starts_at": "2026-05-01T10:00:00+02:00"}, 201),
    Call("GET", "/bookings/$last"),
)  # fmt: skip
def moments_with_zones(db: Any) -> Any:
    """Litestar. They are stored in UTC, and shown in UTC."""

    @post("/bookings")
    async def create(data: BookingIn) -> dict[str, Any]:
        row = {"id": new_id(), "room": data.room, "starts_at": in_utc(data.starts_at)}
        await db.express.create("Booking", row)
        return {"id": row["id"], "room": row["room"], "starts_at": row["starts_at"].isoformat() + "Z"}

    @get("/bookings/{booking_id:str}")
    async def read(booking_id: str) -> dict[str, Any]:
        row = await row_of(db, "Booking", booking_id)
        return {"id": row["id"], "room": row["room"], "starts_at": row["starts_at"].replace(" ", "T") + "Z"}

    return litestar([create, read])


@healthy(Call("POST", "/orders/quote", SMALL), Call("POST", "/orders/search", {"text": "soon"}))
def posts_that_only_ask(db: Any) -> Any:
    app = fastapi()
    orders = Orders(db)

    @app.post("/orders/quote")
    async def quote(order: OrderIn) -> dict[str, Any]:
        await orders.customer(order.customer_id)
        return {"price": order.quantity * 1.5, "until": time.strftime("%Y-%m-%d")}

    class Search(BaseModel):
        text: Text

    async def search(sent: Any) -> list[Any]:
        rows = await db.express.list("Order", {"note": sent.text}, limit=50, order_by="id")
        return [plain(row) for row in rows]

    search.__annotations__["sent"] = Search
    app.post("/orders/search")(search)
    return app


@healthy(Call("PUT", "/orders/o1/lines", [{"product": "AB-9"}]), Call("PUT", "/orders/o1/lines", [{"product": "AB-9"}]))
def replaces_all_lines(db: Any) -> Any:
    """Litestar. A PUT of what belongs to a row: the same lines stay."""

    @put("/orders/{order_id:str}/lines")
    async def replace(order_id: str, data: list[LineIn]) -> list[dict[str, Any]]:
        await row_of(db, "Order", order_id)
        wanted = {f"{order_id}-{number}": line.model_dump() for number, line in enumerate(data[:10])}
        insert = (
            "INSERT INTO order_lines (id, order_id, product, quantity) VALUES (:id, :order_id, :product, :quantity) "
            "ON CONFLICT (id) DO UPDATE SET product = excluded.product, quantity = excluded.quantity"
        )
        present = await db.express.list("OrderLine", {"order_id": order_id}, limit=1000)
        gone = [("DELETE FROM order_lines WHERE id = :id", row) for row in present if row["id"] not in wanted]
        kept = [(insert, {"id": line_id, "order_id": order_id, **line}) for line_id, line in wanted.items()]
        in_one_transaction(db, [*((text, {"id": row["id"]}) for text, row in gone), *kept])
        return [{"id": line_id, "order_id": order_id, **line} for line_id, line in wanted.items()]

    return litestar([replace])
