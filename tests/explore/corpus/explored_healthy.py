"""Twenty applications with which nothing is wrong, as real ones are."""

import base64
import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from explored_app import ANN, BOB, TWO_USERS, Call, healthy
from explored_faults_elsewhere import (
    BookingIn,
    Code,
    CustomerIn,
    CustomerOut,
    Email,
    PaperIn,
    _email_is_free,
    _found,
    _papers,
    _utc,
)
from explored_models import Refused, Row, Status, in_one_transaction, new_id, plain
from explored_notes import NoteIn, Notes, notes_by_bearer, notes_by_fastapi
from explored_orders import OrderIn, Orders, Quantity, Text
from explored_serving import Limit, Offset, by_fastapi, by_litestar, by_nexus, fastapi, litestar
from fastapi import BackgroundTasks, Depends, Header, Query, UploadFile
from litestar import get, post, put
from pydantic import BaseModel, Field

SMALL = {"customer_id": "c1", "quantity": 1}


# --- lists --------------------------------------------------------------------------------------------


@healthy(Call("GET", "/orders?size=2"), Call("GET", "/orders?size=2&after=o2"), Call("POST", "/orders", SMALL, 201))
def pages_by_cursor(db: Any) -> Any:
    app = fastapi()
    orders = Orders(db)

    @app.get("/orders")
    async def page(size: Limit = 2, after: Annotated[str, Query(max_length=99)] = "") -> dict[str, Any]:
        rows = await db.express.list("Order", {"id": {"$gt": after}}, limit=size + 1, order_by="id")
        more = rows[size - 1]["id"] if len(rows) > size else None
        return {"items": [plain(row) for row in rows[:size]], "next": more}

    @app.post("/orders", status_code=201)
    async def create(order: OrderIn) -> dict[str, Any]:
        return await orders.create(order)

    return app


@healthy(
    Call("GET", "/orders?status=paid"), Call("GET", "/orders?status=lost", None, 422), Call("GET", "/orders?sort=note")
)
def filters_and_sorts(db: Any) -> Any:
    app = fastapi()

    @app.get("/orders")
    async def listed(
        status: Status | None = None, sort: str = "id", limit: Limit = 10, offset: Offset = 0
    ) -> list[Any]:
        order_by = sort if sort.lstrip("-") in ("id", "quantity", "note") else "id"
        chosen = {} if status is None else {"status": status.value}
        rows = await db.express.list("Order", chosen, limit=limit, offset=offset, order_by=order_by)
        return [plain(row) for row in rows]

    return app


# --- users --------------------------------------------------------------------------------------------


@healthy(
    Call("POST", "/notes", {"text": "x"}, 201, ANN), Call("GET", "/notes/$last", None, 404, BOB),
    Call("GET", "/notes", None, 200, BOB), Call("GET", "/notes", None, 401), **TWO_USERS,
)  # fmt: skip
def notes_with_tokens(db: Any) -> Any:
    return notes_by_bearer(Notes(db))


@healthy(
    Call("GET", "/members/me", None, 200, ANN), Call("GET", "/members/me", None, 401), Call("GET", "/health"),
    **TWO_USERS,
)  # fmt: skip
def notes_when_somebody_was_seen(db: Any) -> Any:
    """Reads write ``last_seen``; one path is public."""
    app = notes_by_fastapi(Notes(db))
    notes = Notes(db)

    @app.get("/members/me")
    async def me(authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
        user = await notes.user(authorization)
        await db.express.update("Member", user["id"], {"last_seen": datetime.now(UTC).isoformat()})
        return {"id": user["id"], "name": user["name"]}

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {"ok": True}

    return app


class Login(BaseModel):
    name: Text
    token: Text


async def _logged_in(api: Any) -> Mapping[str, str]:
    response = await api.post("/login", json={"name": "Ann", "token": "ann-1"})
    return {"Authorization": f"Bearer {response.json()['session']}"}


async def _other_logged_in(api: Any) -> Mapping[str, str]:
    response = await api.post("/login", json={"name": "Bob", "token": "bob-1"})
    return {"Authorization": f"Bearer {response.json()['session']}"}


@healthy(
    Call("POST", "/login", {"name": "Ann", "token": "ann-1"}),
    Call("POST", "/login", {"name": "Ann", "token": "x"}, 401),
    Call("DELETE", "/projects/p1", None, 401), login=_logged_in, as_other=_other_logged_in,
)  # fmt: skip
def projects_behind_a_login(db: Any) -> Any:
    """Tenants by organization. Refused logins, and refused deletions, are noted in a log."""
    app = fastapi()

    async def noted(text: str) -> None:
        await db.express.create("AuditEntry", {"id": new_id(), "text": text})

    async def user(authorization: Annotated[str, Header()] = "") -> Row:
        kind, _, member_id = authorization.partition(" session-")
        row = await db.express.read("Member", member_id) if kind == "Bearer" and member_id else None
        if row is None:
            raise Refused(401, "log in first")
        return plain(row)

    @app.post("/login")
    async def login(sent: Login) -> dict[str, Any]:
        found = await db.express.list("Member", {"name": sent.name, "token": sent.token}, limit=1)
        if not found:
            await noted("login refused")
            raise Refused(401, "no such user")
        return {"session": f"session-{found[0]['id']}"}

    async def own(project_id: str, user: Row) -> Row:
        row = await _found(db, "Project", project_id)
        if row["organization_id"] != user["organization_id"]:
            await noted("looked at another organization's project")
            raise Refused(404, "no such project")
        return row

    @app.post("/projects", status_code=201)
    async def create(paper: PaperIn, user: Annotated[Row, Depends(user)]) -> dict[str, Any]:
        row = {"id": new_id(), "organization_id": user["organization_id"], "title": paper.title}
        await db.express.create("Project", row)
        return row

    @app.get("/projects")
    async def listed(user: Annotated[Row, Depends(user)], limit: Limit = 50) -> list[Any]:
        mine = {"organization_id": user["organization_id"]}
        return [plain(row) for row in await db.express.list("Project", mine, limit=limit, order_by="id")]

    @app.get("/projects/{project_id}")
    async def read(project_id: str, user: Annotated[Row, Depends(user)]) -> dict[str, Any]:
        return await own(project_id, user)

    @app.delete("/projects/{project_id}", status_code=204)
    async def delete(project_id: str, user: Annotated[Row, Depends(user)]) -> None:
        await own(project_id, user)
        await db.express.delete("Project", project_id)

    return app


@healthy(Call("GET", "/notes"), Call("POST", "/notes", {"text": "x"}, 401), Call("GET", "/notes/n2"), **TWO_USERS)
def a_public_board(db: Any) -> Any:
    """Everybody reads; who is known writes, and changes what is theirs."""
    app = fastapi()
    notes = Notes(db)

    @app.get("/notes")
    async def listed(limit: Limit = 50) -> list[Any]:
        rows = await db.express.list("Note", limit=limit, order_by="id")
        return [{**plain(row), "pinned": bool(row["pinned"])} for row in rows]

    @app.get("/notes/{note_id}")
    async def read(note_id: str) -> dict[str, Any]:
        row = await _found(db, "Note", note_id)
        return {**row, "pinned": bool(row["pinned"])}

    @app.post("/notes", status_code=201)
    async def create(note: NoteIn, authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
        return await notes.create(await notes.user(authorization), note)

    @app.delete("/notes/{note_id}", status_code=204)
    async def delete(note_id: str, authorization: Annotated[str, Header()] = "") -> None:
        await notes.delete(await notes.user(authorization), note_id)

    return app


# --- what is deleted, repeated, or there already ------------------------------------------------------


@healthy(
    Call("POST", "/papers", {"title": "x"}, 201), Call("DELETE", "/papers/$last", None, 204),
    Call("GET", "/papers/$last", None, 404), Call("DELETE", "/papers/$last", None, 404),
)  # fmt: skip
def papers_in_a_bin(db: Any) -> Any:
    """Soft deletion, a bin, and a way back."""
    app = _papers(db)

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
        return await _found(db, "Paper", paper_id)

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
        await _email_is_free(db, row)
        await db.express.create("Customer", row)
        return row

    @app.patch("/customers/{customer_id}", response_model=CustomerOut)
    async def change(customer_id: str, sent: EmailChange) -> Any:
        row = await _found(db, "Customer", customer_id)
        if sent.email != row["email"]:
            await _email_is_free(db, {"email": sent.email})
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
        await _found(db, "Order", order_id)
        rows = await db.express.list("OrderLine", {"order_id": order_id}, limit=limit, order_by="id")
        return {"items": [plain(row) for row in rows]}

    @app.post("/orders/{order_id}/lines", status_code=201)
    async def add(order_id: str, line: LineIn) -> dict[str, Any]:
        await _found(db, "Order", order_id)
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
        await _found(db, "Customer", data.customer_id)
        order = {"id": new_id(), "customer_id": data.customer_id, "quantity": len(data.lines)}
        lines = [{"id": new_id(), "order_id": order["id"], **line.model_dump()} for line in data.lines]
        first = "INSERT INTO orders (id, customer_id, quantity) VALUES (:id, :customer_id, :quantity)"
        other = "INSERT INTO order_lines (id, order_id, product, quantity) VALUES (:id, :order_id, :product, :quantity)"
        in_one_transaction(db, [(first, order), *((other, line) for line in lines)])
        return order

    @get("/orders/{order_id:str}")
    async def read(order_id: str) -> dict[str, Any]:
        return await _found(db, "Order", order_id)

    return litestar([place, read])


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
        row = {"id": new_id(), "room": data.room, "starts_at": _utc(data.starts_at)}
        await db.express.create("Booking", row)
        return {"id": row["id"], "room": row["room"], "starts_at": row["starts_at"].isoformat() + "Z"}

    @get("/bookings/{booking_id:str}")
    async def read(booking_id: str) -> dict[str, Any]:
        row = await _found(db, "Booking", booking_id)
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
        await _found(db, "Order", order_id)
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


# --- the plain collection behind each framework -------------------------------------------------------


@healthy(Call("POST", "/orders", SMALL, 201), Call("GET", "/orders/$last"), Call("DELETE", "/orders/$last", None, 204))
def orders_behind_litestar(db: Any) -> Any:
    return by_litestar(Orders(db))


@healthy(Call("POST", "/orders", SMALL, 201), Call("PATCH", "/orders/$last", {"note": "x"}), Call("GET", "/orders"))
def orders_that_notify(db: Any) -> Any:
    """Each change is noted in a log."""

    class Noted(Orders):
        async def store(self, order_id: str, order: OrderIn) -> Row:
            stored = await super().store(order_id, order)
            await self.express.create("AuditEntry", {"id": new_id(), "text": f"made {order_id}"})
            return stored

    return by_fastapi(Noted(db))


@healthy(
    Call("POST", "/workflows/place_order/execute", {"inputs": SMALL}), Call("POST", "/workflows/show_order/execute",
    {"inputs": {"order_id": "o1"}}), skip={"*": ["server-error"]},
)  # fmt: skip
def orders_behind_nexus(db: Any) -> Any:
    """A handler that refuses raises, which is a 500 there."""
    return by_nexus(Orders(db))
