"""Healthy applications whose rows are deleted, repeated or there already, or are answered in other forms."""

from typing import Annotated, Any

from explored_app import Call, healthy
from explored_faults_elsewhere import Code, CustomerIn, CustomerOut, Email, email_is_free
from explored_faults_in_reads import PaperIn, papers_app
from explored_healthy import SMALL
from explored_models import Refused, Row, in_one_transaction, new_id, plain, row_of
from explored_orders import OrderIn, Orders, Quantity
from explored_serving import Limit, fastapi, litestar
from fastapi import Header
from litestar import get, post
from pydantic import BaseModel, Field

# --- what is deleted, repeated, or there already ------------------------------------------------------


@healthy(
    Call("POST", "/papers", {"title": "x"}, 201), Call("DELETE", "/papers/$last", None, 204),
    Call("GET", "/papers/$last", None, 404), Call("DELETE", "/papers/$last", None, 404),
)  # fmt: skip
def papers_in_a_bin(db: Any) -> Any:
    """Soft deletion, a bin, and a way back."""
    app = papers_app(db)

    @app.get("/bin")
    async def in_the_bin(limit: Limit = 50) -> list[Any]:
        rows = await db.express.list("Paper", limit=limit, order_by="id", include_deleted=True)
        return [{"id": row["id"], "title": row["title"]} for row in rows if row.get("deleted_at")]

    return app


@healthy(
    Call("POST", "/orders", SMALL, 201, {"Idempotency-Key": "k"}),
    Call("POST", "/orders", SMALL, 201, {"Idempotency-Key": "k"}),
)  # fmt: skip
def repeated_by_key(db: Any) -> Any:
    app = fastapi()
    orders = Orders(db)

    @app.post("/orders", status_code=201)
    async def create(order: OrderIn, idempotency_key: Annotated[str, Header(max_length=50)] = "") -> dict[str, Any]:
        used = await db.express.read("UsedKey", idempotency_key) if idempotency_key else None
        if used is not None:
            return await orders.found(used["made"])
        made = await orders.create(order)
        if idempotency_key:
            try:
                await db.express.create("UsedKey", {"id": idempotency_key, "made": made["id"]})
            except Exception:
                await db.express.delete("Order", made["id"])
                raise
        return made

    return app


@healthy(
    Call("PUT", "/papers/a", {"title": "x"}, 201), Call("PUT", "/papers/a", {"title": "y"}), Call("GET", "/papers/a")
)
def put_makes_or_replaces(db: Any) -> Any:
    app = fastapi()

    @app.put("/papers/{paper_id}")
    async def upsert(paper_id: str, paper: PaperIn) -> Any:
        from fastapi.responses import JSONResponse

        if not (paper_id.isascii() and paper_id.isalnum() and len(paper_id) < 40):
            raise Refused(400, "an id has letters and digits")
        row = {"id": paper_id, "title": paper.title}
        if await db.express.read("Paper", paper_id, include_deleted=True) is None:
            await db.express.create("Paper", row)
            return JSONResponse(row, 201)
        await db.express.update("Paper", paper_id, {"title": paper.title})
        return JSONResponse(row)

    @app.get("/papers/{paper_id}")
    async def read(paper_id: str) -> dict[str, Any]:
        return await row_of(db, "Paper", paper_id)

    return app


class EmailChange(BaseModel):
    email: Email


@healthy(
    Call("POST", "/customers", {"name": "x", "email": "x@y.de"}, 201),
    Call("POST", "/customers", {"name": "x", "email": "x@y.de"}, 409),
    Call("PATCH", "/customers/c1", {"email": "x@y.de"}, 409),
)  # fmt: skip
def customers_with_unique_emails(db: Any) -> Any:
    app = fastapi()

    @app.post("/customers", status_code=201, response_model=CustomerOut)
    async def create(customer: CustomerIn) -> Any:
        row = {"id": new_id(), "credit": 0, **customer.model_dump()}
        await email_is_free(db, row)
        await db.express.create("Customer", row)
        return row

    @app.patch("/customers/{customer_id}", response_model=CustomerOut)
    async def change(customer_id: str, sent: EmailChange) -> Any:
        row = await row_of(db, "Customer", customer_id)
        if sent.email != row["email"]:
            await email_is_free(db, {"email": sent.email})
            await db.express.update("Customer", customer_id, {"email": sent.email})
        return {**row, "email": sent.email}

    return app


@healthy(
    Call("POST", "/orders/o1/ship"), Call("POST", "/orders/o1/ship", None, 409), Call("DELETE", "/orders/o1", None, 409)
)
def a_state_machine(db: Any) -> Any:
    """Litestar."""

    class Shipping(Orders):
        async def delete(self, order_id: str) -> None:
            if (await self.found(order_id))["status"] == "shipped":
                raise Refused(409, "it is shipped")
            await super().delete(order_id)

    orders = Shipping(db)
    app = fastapi()

    @app.post("/orders/{order_id}/ship")
    async def ship(order_id: str) -> dict[str, Any]:
        if (await orders.found(order_id))["status"] == "shipped":
            raise Refused(409, "it is shipped already")
        await db.express.update("Order", order_id, {"status": "shipped"})
        return await orders.found(order_id)

    @app.delete("/orders/{order_id}", status_code=204)
    async def delete(order_id: str) -> None:
        await orders.delete(order_id)

    return app


# --- answers ------------------------------------------------------------------------------------------


@healthy(Call("GET", "/orders/o1"), Call("POST", "/orders", {**SMALL, "note": "  a "}, 201))
def computed_fields(db: Any) -> Any:
    """Prices are computed, notes are stripped, and links are added."""
    app = fastapi()
    orders = Orders(db)

    def shown(row: Row) -> Row:
        links = {"self": f"/orders/{row['id']}"}
        return {"data": {**row, "price": row["quantity"] * 1.5, "is_large": row["quantity"] > 100, "links": links}}

    @app.get("/orders/{order_id}")
    async def read(order_id: str) -> dict[str, Any]:
        return shown(await orders.found(order_id))

    @app.post("/orders", status_code=201)
    async def create(order: OrderIn) -> dict[str, Any]:
        return shown(await orders.create(order.model_copy(update={"note": order.note.strip()})))

    return app


class LineIn(BaseModel):
    product: Code
    quantity: Quantity = 1


@healthy(
    Call("POST", "/orders/o1/lines", {"product": "AB-1"}, 201), Call("GET", "/orders/o1/lines/$last"),
    Call("GET", "/orders/o3/lines/$last", None, 404), Call("GET", "/orders/o1/lines"),
)  # fmt: skip
def nested_lines(db: Any) -> Any:
    app = fastapi()

    async def of_order(order_id: str, line_id: str) -> Row:
        row = await db.express.read("OrderLine", line_id)
        if row is None or row["order_id"] != order_id:
            raise Refused(404, "no such line")
        return plain(row)

    @app.get("/orders/{order_id}/lines")
    async def lines(order_id: str, limit: Limit = 50) -> dict[str, Any]:
        await row_of(db, "Order", order_id)
        rows = await db.express.list("OrderLine", {"order_id": order_id}, limit=limit, order_by="id")
        return {"items": [plain(row) for row in rows]}

    @app.post("/orders/{order_id}/lines", status_code=201)
    async def add(order_id: str, line: LineIn) -> dict[str, Any]:
        await row_of(db, "Order", order_id)
        row = {"id": new_id(), "order_id": order_id, **line.model_dump()}
        await db.express.create("OrderLine", row)
        return row

    @app.get("/orders/{order_id}/lines/{line_id}")
    async def read(order_id: str, line_id: str) -> dict[str, Any]:
        return await of_order(order_id, line_id)

    @app.delete("/orders/{order_id}/lines/{line_id}", status_code=204)
    async def delete(order_id: str, line_id: str) -> None:
        await of_order(order_id, line_id)
        await db.express.delete("OrderLine", line_id)

    return app


class Basket(BaseModel):
    customer_id: str
    lines: list[LineIn] = Field(min_length=1, max_length=5)


@healthy(Call("POST", "/orders", {"customer_id": "c1", "lines": [{"product": "AB-1"}]}, 201))
def an_order_in_one_transaction(db: Any) -> Any:
    """Litestar."""

    @post("/orders")
    async def place(data: Basket) -> dict[str, Any]:
        await row_of(db, "Customer", data.customer_id)
        order = {"id": new_id(), "customer_id": data.customer_id, "quantity": len(data.lines)}
        lines = [{"id": new_id(), "order_id": order["id"], **line.model_dump()} for line in data.lines]
        first = "INSERT INTO orders (id, customer_id, quantity) VALUES (:id, :customer_id, :quantity)"
        other = "INSERT INTO order_lines (id, order_id, product, quantity) VALUES (:id, :order_id, :product, :quantity)"
        in_one_transaction(db, [(first, order), *((other, line) for line in lines)])
        return order

    @get("/orders/{order_id:str}")
    async def read(order_id: str) -> dict[str, Any]:
        return await row_of(db, "Order", order_id)

    return litestar([place, read])
