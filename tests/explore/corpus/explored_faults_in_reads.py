"""Papers and orders with one fault each in what is read."""

from __future__ import annotations

from typing import Any

from corpus import node
from explored_app import Call, planted
from explored_models import Refused, new_id, plain, row_of
from explored_orders import Text
from explored_serving import Limit, fastapi, litestar
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from litestar import get
from pydantic import BaseModel

# --- reads --------------------------------------------------------------------------------------------


@planted("read-wrote", "HEAD /papers/{paper_id}", Call("HEAD", "/papers/q1"))
def a_head_that_writes(db: Any, faulty: bool) -> Any:
    app = fastapi()

    @app.head("/papers/{paper_id}", status_code=200)
    async def head(paper_id: str) -> None:
        row = await row_of(db, "Paper", paper_id)
        if faulty:
            await db.express.update("Paper", paper_id, {"title": row["title"] + "!"})

    return app


@planted("read-wrote", "GET /customers/{customer_id}/draft", Call("GET", "/customers/c1/draft"))
def a_read_that_makes_a_draft(db: Any, faulty: bool) -> Any:
    """Litestar. There is one draft for each customer from the first look on."""

    @get("/customers/{customer_id:str}/draft")
    async def draft(customer_id: str) -> dict[str, Any]:
        await row_of(db, "Customer", customer_id)
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
            await row_of(db, "Paper", paper_id)
        return plain(await node("PaperReadNode", id=paper_id))

    return app


class PaperIn(BaseModel):
    title: Text


def papers_app(db: Any, *, shows_deleted: bool = False, lists_deleted: bool = False) -> FastAPI:
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
        await row_of(db, "Paper", paper_id)
        await db.express.delete("Paper", paper_id)

    return app


@planted(
    "found-after-delete", "GET /papers/{paper_id}", Call("DELETE", "/papers/q1", None, 204),
    Call("GET", "/papers/q1", None, 404),
)  # fmt: skip
def shows_papers_that_are_deleted(db: Any, faulty: bool) -> Any:
    return papers_app(db, shows_deleted=faulty)


@planted("found-after-delete", "GET /papers", Call("DELETE", "/papers/q1", None, 204), Call("GET", "/papers"))
def lists_papers_that_are_deleted(db: Any, faulty: bool) -> Any:
    return papers_app(db, lists_deleted=faulty)


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
        row = await row_of(db, "Order", order_id)
        shown = {"id": row["id"], "note": row["note"]}
        return JSONResponse({name: value for name, value in shown.items() if value or not faulty})

    async def change(order_id: str, sent: Any) -> dict[str, Any]:
        await row_of(db, "Order", order_id)
        await db.express.update("Order", order_id, sent.model_dump())
        return {"id": order_id, "note": sent.note}

    change.__annotations__["sent"] = NoteIn
    app.patch("/orders/{order_id}", response_model=OrderOut)(change)
    return app
