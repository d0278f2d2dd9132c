"""An application with orders, healthy or with one fault, and what each fault is called."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Path
from pydantic import BaseModel, Field
from sample_app import register

FAULTS = {
    "stores, then refuses": "refusal-wrote",
    "puts nothing": "success-wrote-nothing",
    "shows what was never stored": "success-wrote-nothing",
    "shows another note": "answer-not-stored",
    "forgets the note": "sent-not-stored",
    "cuts long notes": "edge-not-kept",
    "updates all": "changed-another-row",
    "deletes all": "changed-another-row",
    "resets what is not sent": "changed-unsent-column",
    "adds up": "repeat-changed-more",
    "loses what was created": "not-found-after-create",
    "lists from a cache": "not-listed-after-create",
    "finds what was deleted": "found-after-delete",
    "raises for zero": "server-error",
    "counts reads": "read-wrote",
    "answers in another form": "response-schema",
    "swallows refused writes": "failpoint-ignored",
    "lists ten": "cut-by-default-limit",
}
"""What is wrong, and the check that finds it."""

RowId = Annotated[int, Path(ge=0, le=2**63 - 1)]


class OrderIn(BaseModel):
    customer_id: str = Field(min_length=1, max_length=40)
    note: str = Field("", max_length=300)
    quantity: int = Field(1, ge=0, le=1000)


class OrderPatch(BaseModel):
    note: str | None = Field("", max_length=300)
    quantity: int | None = Field(0, ge=0, le=1000)


class OrderOut(BaseModel):
    id: int
    customer_id: str
    note: str
    quantity: int


def register_orders(db: Any) -> None:
    register(db, "Customer", id=str, name=str)
    register(db, "Order", id=int, customer_id=str, note=(str, ""), quantity=(int, 1))


def orders_app(db: Any, fault: str = "") -> FastAPI:
    """The application. db: with the models of `register_orders`. fault: one of `FAULTS`."""
    app = FastAPI()
    kept: dict[str, Any] = {}

    async def found(order_id: int) -> dict[str, Any]:
        row: dict[str, Any] | None = await db.express.read("Order", str(order_id), cache_ttl=0)
        if row is None:
            if order_id in kept and fault == "finds what was deleted":
                return dict(kept[order_id])
            raise HTTPException(404, "no such order")
        return row

    async def all_rows() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await db.express.list("Order", limit=1000, cache_ttl=0)
        return rows

    @app.post("/orders", status_code=201, response_model=None if fault else OrderOut)
    async def create(order: OrderIn) -> Any:
        fields = order.model_dump()
        if fault == "forgets the note":
            fields["note"] = ""
        if fault == "cuts long notes":
            fields["note"] = fields["note"][:100]
        if fault == "raises for zero":
            fields["quantity"] //= order.quantity
            fields["quantity"] *= order.quantity
        if fault == "shows what was never stored":
            return {"id": 4711, **fields}
        try:
            row = await db.express.create("Order", fields)
        except Exception:
            if fault == "swallows refused writes":
                return {}
            raise HTTPException(409, "the database refused it") from None
        if fault == "stores, then refuses" and order.quantity > 500:
            raise HTTPException(422, "too many")
        newest = max(await all_rows(), key=lambda each: each["id"])
        if fault == "loses what was created":
            kept[newest["id"]] = row
        return newest

    @app.get("/orders", response_model=list[OrderOut])
    async def listed() -> Any:
        if fault == "lists ten":
            import kailash.runtime
            from kailash.workflow.builder import WorkflowBuilder

            workflow = WorkflowBuilder()
            workflow.add_node("OrderListNode", "list", {"enable_cache": False})
            async with kailash.runtime.AsyncLocalRuntime() as runtime:
                results, _ = await runtime.execute_workflow_async(workflow.build(), {})
            return results["list"]["records"]
        if fault == "lists from a cache":
            if "all" not in kept:
                kept["all"] = await all_rows()
            return kept["all"]
        return await all_rows()

    @app.get("/orders/{order_id}", response_model=None if fault else OrderOut)
    async def read(order_id: RowId) -> Any:
        row = await found(order_id)
        if order_id in kept and fault == "loses what was created":
            raise HTTPException(404, "no such order")
        if fault == "shows another note":
            row["note"] += "!"
        if fault == "counts reads":
            await db.express.update("Order", str(order_id), {"quantity": row["quantity"] + 1})
            row["quantity"] += 1
        return row

    if fault == "answers in another form":

        @app.get("/summary", response_model=OrderOut, responses={200: {"model": OrderOut}})
        async def summary() -> Any:
            from fastapi.responses import JSONResponse

            return JSONResponse({"id": "one"})

    @app.put("/orders/{order_id}", response_model=None if fault else OrderOut)
    async def put(order_id: RowId, order: OrderIn) -> Any:
        row = await found(order_id)
        fields = order.model_dump()
        if fault == "puts nothing":
            return {**row, **fields}
        if fault == "adds up":
            fields["quantity"] += row["quantity"]
        if fault == "updates all":
            for each in await all_rows():
                await db.express.update("Order", str(each["id"]), fields)
        else:
            await db.express.update("Order", str(order_id), fields)
        return await found(order_id)

    @app.patch("/orders/{order_id}", response_model=None if fault else OrderOut)
    async def patch(order_id: RowId, order: OrderPatch) -> Any:
        await found(order_id)
        sent = order.model_dump(exclude_unset=fault != "resets what is not sent")
        fields = {name: value for name, value in sent.items() if value is not None}
        if fields:
            await db.express.update("Order", str(order_id), fields)
        return await found(order_id)

    @app.delete("/orders/{order_id}", status_code=204)
    async def delete(order_id: RowId) -> None:
        row = await found(order_id)
        kept[order_id] = row
        for each in await all_rows() if fault == "deletes all" else [row]:
            await db.express.delete("Order", str(each["id"]))

    return app


class NoteIn(BaseModel):
    text: str = Field(max_length=50)


async def user(authorization: Annotated[str, Header()] = "") -> str:
    name = authorization.removeprefix("Bearer ")
    if name not in ("ann", "ben"):
        raise HTTPException(401)
    return name


ACCESS_FAULTS = {"reads without login": "works-without-login", "deletes for anybody": "other-user"}


def private_app(db: Any, fault: str = "") -> FastAPI:
    """Notes that belong to users, whose tokens are their names. fault: one of `ACCESS_FAULTS`."""
    app = FastAPI()

    async def own(note_id: str, owner: str) -> dict[str, Any]:
        row: dict[str, Any] | None = await db.express.read("Note", note_id, cache_ttl=0)
        if row is None or (row["owner_id"] != owner and fault != "deletes for anybody"):
            raise HTTPException(404)
        return row

    @app.post("/notes", status_code=201)
    async def create(note: NoteIn, owner: Annotated[str, Depends(user)]) -> Any:
        row = {"id": uuid.uuid4().hex, "owner_id": owner, "text": note.text}
        await db.express.create("Note", row)
        return await db.express.read("Note", row["id"], cache_ttl=0)

    @app.get("/notes")
    async def listed(owner: Annotated[str, Depends(user)]) -> Any:
        return await db.express.list("Note", {"owner_id": owner}, limit=1000, cache_ttl=0)

    if fault == "reads without login":

        @app.get("/notes/{note_id}")
        async def read_for_all(note_id: str) -> Any:
            row = await db.express.read("Note", note_id, cache_ttl=0)
            if row is None:
                raise HTTPException(404)
            return row

    else:

        @app.get("/notes/{note_id}")
        async def read(note_id: str, owner: Annotated[str, Depends(user)]) -> Any:
            return await own(note_id, owner)

    @app.delete("/notes/{note_id}", status_code=204)
    async def delete(note_id: str, owner: Annotated[str, Depends(user)]) -> None:
        await own(note_id, owner)
        await db.express.delete("Note", note_id)

    return app


def register_notes(db: Any) -> None:
    register(db, "Note", id=str, owner_id=str, text=str)
