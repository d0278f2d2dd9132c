"""Twenty applications with which nothing is wrong, as real ones are."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from explored_app import ANN, BOB, TWO_USERS, Call, healthy
from explored_faults_in_reads import PaperIn
from explored_models import Refused, Row, Status, new_id, plain, row_of
from explored_notes import NoteIn, Notes, notes_by_bearer, notes_by_fastapi
from explored_orders import OrderIn, Orders, Text
from explored_serving import Limit, Offset, by_fastapi, by_litestar, by_nexus, fastapi
from fastapi import Depends, Header, Query
from pydantic import BaseModel

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
        row = await row_of(db, "Project", project_id)
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
        row = await row_of(db, "Note", note_id)
        return {**row, "pinned": bool(row["pinned"])}

    @app.post("/notes", status_code=201)
    async def create(note: NoteIn, authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
        return await notes.create(await notes.user(authorization), note)

    @app.delete("/notes/{note_id}", status_code=204)
    async def delete(note_id: str, authorization: Annotated[str, Header()] = "") -> None:
        await notes.delete(await notes.user(authorization), note_id)

    return app


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
