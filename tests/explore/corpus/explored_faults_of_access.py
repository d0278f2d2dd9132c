"""Notes, projects and lines that somebody sees or changes who should not."""

from __future__ import annotations

from typing import Any

from explored_app import ANN, BOB, TWO_USERS, Call, planted
from explored_models import Refused, Row, new_id, plain
from explored_notes import NoteChange, NoteIn, Notes, notes_by_bearer, notes_by_fastapi
from explored_orders import Quantity, Text
from explored_serving import fastapi, litestar
from fastapi import Header
from litestar import Request as LitestarRequest
from litestar import get, patch, post
from pydantic import BaseModel

HIS = {"text": "x"}


# --- without credentials ------------------------------------------------------------------------------


@planted("works-without-login", "DELETE /notes/{note_id}", Call("DELETE", "/notes/n1", None, 401), **TWO_USERS)
def deletes_without_a_token(db: Any, faulty: bool) -> Any:
    class Faulty(Notes):
        async def remover(self, authorization: str) -> Row:
            return {"id": None}

        async def delete(self, user: Row, note_id: str) -> None:
            if not await self.express.delete("Note", note_id):
                raise Refused(404, "no such note")

    return notes_by_fastapi((Faulty if faulty else Notes)(db))


@planted("works-without-login", "GET /notes/{note_id}", Call("GET", "/notes/n1", None, 401), **TWO_USERS)
def reads_without_a_token(db: Any, faulty: bool) -> Any:
    """A wrong token is refused, no token is not."""

    class Faulty(Notes):
        async def reader(self, authorization: str) -> Row:
            return await self.user(authorization) if authorization else {"id": None}

        async def read(self, user: Row, note_id: str) -> Row:
            row = await self.express.read("Note", note_id)
            if row is None or user["id"] not in (None, row["owner_id"]):
                raise Refused(404, "no such note")
            return {**plain(row), "pinned": bool(row["pinned"])}

    return notes_by_bearer((Faulty if faulty else Notes)(db))


@planted("works-without-login", "POST /notes", Call("POST", "/notes", HIS, 401), **TWO_USERS)
def writes_without_a_token(db: Any, faulty: bool) -> Any:
    class Faulty(Notes):
        async def user(self, authorization: str) -> Row:
            return await super().user(authorization) if authorization else {"id": "nobody"}

    return notes_by_bearer((Faulty if faulty else Notes)(db))


# --- as another user ----------------------------------------------------------------------------------


@planted("other-user", "GET /notes/{note_id}", Call("GET", "/notes/n1", None, 404, BOB), **TWO_USERS)
def shows_notes_of_others(db: Any, faulty: bool) -> Any:
    class Faulty(Notes):
        async def read(self, user: Row, note_id: str) -> Row:
            row = await self.express.read("Note", note_id)
            if row is None:
                raise Refused(404, "no such note")
            return {**plain(row), "pinned": bool(row["pinned"])}

    return notes_by_fastapi((Faulty if faulty else Notes)(db))


@planted("other-user", "PATCH /notes/{note_id}", Call("PATCH", "/notes/n1", HIS, 404, BOB), **TWO_USERS)
def changes_notes_of_others(db: Any, faulty: bool) -> Any:
    class Faulty(Notes):
        async def change(self, user: Row, note_id: str, change: NoteChange) -> Row:
            return await self.changed(note_id, change)

    return notes_by_bearer((Faulty if faulty else Notes)(db))


@planted("other-user", "DELETE /notes/{note_id}", Call("DELETE", "/notes/n1", None, 404, BOB), **TWO_USERS)
def deletes_notes_of_others(db: Any, faulty: bool) -> Any:
    class Faulty(Notes):
        async def delete(self, user: Row, note_id: str) -> None:
            if not await self.express.delete("Note", note_id):
                raise Refused(404, "no such note")

    return notes_by_fastapi((Faulty if faulty else Notes)(db))


@planted("other-user", "GET /notes", Call("GET", "/notes", None, 200, BOB), **TWO_USERS)
def lists_notes_of_others(db: Any, faulty: bool) -> Any:
    class Faulty(Notes):
        async def listed(self, user: Row, limit: int, offset: int, pinned: bool) -> list[Row]:
            rows = await self.express.list("Note", limit=limit, offset=offset, order_by="id")
            return [{**plain(row), "pinned": bool(row["pinned"])} for row in rows if row["pinned"] or not pinned]

    return notes_by_bearer((Faulty if faulty else Notes)(db))


@planted(
    "other-user", "GET /notes", Call("PATCH", "/notes/n1", {"pinned": True}, 200, ANN),
    Call("GET", "/notes?pinned=true", None, 200, BOB), **TWO_USERS,
)  # fmt: skip
def lists_pinned_notes_of_all(db: Any, faulty: bool) -> Any:
    """Only where the filter is used, and only once a note is pinned."""

    class Faulty(Notes):
        async def listed(self, user: Row, limit: int, offset: int, pinned: bool) -> list[Row]:
            if not pinned:
                return await super().listed(user, limit, offset, pinned)
            rows = await self.express.list("Note", {"pinned": True}, limit=limit, offset=offset, order_by="id")
            return [{**plain(row), "pinned": True} for row in rows]

    return notes_by_fastapi((Faulty if faulty else Notes)(db))


@planted(
    "other-user", "PATCH /notes/{note_id}", Call("PATCH", "/notes/n1", {"pinned": True}, 404, BOB), **TWO_USERS,
    small=lambda body: body == {"pinned": True},
)  # fmt: skip
def pins_notes_of_others(db: Any, faulty: bool) -> Any:
    """The text is guarded; pinning is not."""

    class Faulty(Notes):
        async def change(self, user: Row, note_id: str, change: NoteChange) -> Row:
            if change.model_fields_set == {"pinned"} and change.pinned:
                return await self.changed(note_id, change)
            return await super().change(user, note_id, change)

    return notes_by_fastapi((Faulty if faulty else Notes)(db))


class ProjectChange(BaseModel):
    title: Text


class ProjectOut(BaseModel):
    id: str
    organization_id: str
    title: str


@planted("other-user", "GET /projects/{project_id}", Call("GET", "/projects/p2", None, 404, ANN), **TWO_USERS)
def shows_projects_of_other_organizations(db: Any, faulty: bool) -> Any:
    return _projects(db, guards_reading=not faulty)


@planted(
    "other-user", "PATCH /projects/{project_id}", Call("PATCH", "/projects/p2", {"title": "x"}, 404, ANN), **TWO_USERS
)
def changes_projects_of_other_organizations(db: Any, faulty: bool) -> Any:
    return _projects(db, guards_writing=not faulty, creates=True)


def _projects(db: Any, *, guards_reading: bool = True, guards_writing: bool = True, creates: bool = False) -> Any:
    """Litestar; whose organization a request is for says its token."""

    async def member(request: LitestarRequest[Any, Any, Any]) -> Row:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        members = await db.express.list("Member", {"token": token}, limit=1)
        if not members:
            raise Refused(401, "a valid token is needed")
        return plain(members[0])

    async def found(request: LitestarRequest[Any, Any, Any], project_id: str, is_guarded: bool) -> Row:
        user = await member(request)
        row = await db.express.read("Project", project_id)
        if row is None or (is_guarded and row["organization_id"] != user["organization_id"]):
            raise Refused(404, "no such project")
        return plain(row)

    @get("/projects")
    async def listed(request: LitestarRequest[Any, Any, Any]) -> list[ProjectOut]:
        mine = {"organization_id": (await member(request))["organization_id"]}
        return [ProjectOut(**plain(row)) for row in await db.express.list("Project", mine, limit=1000)]

    @get("/projects/{project_id:str}")
    async def read(request: LitestarRequest[Any, Any, Any], project_id: str) -> ProjectOut:
        return ProjectOut(**await found(request, project_id, guards_reading))

    @patch("/projects/{project_id:str}")
    async def change(request: LitestarRequest[Any, Any, Any], project_id: str, data: ProjectChange) -> ProjectOut:
        row = await found(request, project_id, guards_writing)
        await db.express.update("Project", project_id, data.model_dump())
        return ProjectOut(**{**row, **data.model_dump()})

    @post("/projects")
    async def create(request: LitestarRequest[Any, Any, Any], data: ProjectChange) -> ProjectOut:
        user = await member(request)
        row = {"id": new_id(), "organization_id": user["organization_id"], "title": data.title}
        await db.express.create("Project", row)
        return ProjectOut(**row)

    return litestar([listed, read, change, *([create] if creates else [])])


class NewOrder(BaseModel):
    quantity: Quantity


class NewLine(BaseModel):
    product: Text
    quantity: Quantity = 1


class LineOut(BaseModel):
    id: str
    order_id: str
    product: str
    quantity: int


@planted(
    "other-user", "GET /orders/{order_id}/lines/{line_id}",
    Call("GET", "/orders/o1/lines/l3", None, 404, {"X-Customer": "c1"}),
    owner_columns=["customer_id"], login={"X-Customer": "c1"}, as_other={"X-Customer": "c2"},
)  # fmt: skip
def shows_lines_of_other_orders(db: Any, faulty: bool) -> Any:
    """The order is looked at; whether the line is one of it is not."""
    app = fastapi()

    async def own_order(order_id: str, customer_id: str) -> Row:
        row = await db.express.read("Order", order_id)
        if not customer_id:
            raise Refused(401, "who are you?")
        if row is None or row["customer_id"] != customer_id:
            raise Refused(404, "no such order")
        return plain(row)

    @app.post("/orders", status_code=201)
    async def place(sent: NewOrder, x_customer: str = Header("")) -> dict[str, Any]:
        if await db.express.read("Customer", x_customer) is None:
            raise Refused(401, "who are you?")
        row = {"id": new_id(), "customer_id": x_customer, "quantity": sent.quantity}
        await db.express.create("Order", row)
        return row

    @app.post("/orders/{order_id}/lines", status_code=201, response_model=LineOut)
    async def add(order_id: str, line: NewLine, x_customer: str = Header("")) -> Any:
        await own_order(order_id, x_customer)
        row = {"id": new_id(), "order_id": order_id, **line.model_dump()}
        await db.express.create("OrderLine", row)
        return row

    @app.get("/orders/{order_id}")
    async def order(order_id: str, x_customer: str = Header("")) -> dict[str, Any]:
        return await own_order(order_id, x_customer)

    @app.get("/orders/{order_id}/lines/{line_id}", response_model=LineOut)
    async def line(order_id: str, line_id: str, x_customer: str = Header("")) -> Any:
        await own_order(order_id, x_customer)
        row = await db.express.read("OrderLine", line_id)
        if row is None or (not faulty and row["order_id"] != order_id):
            raise Refused(404, "no such line")
        return plain(row)

    return app


class OwnedNote(NoteIn):
    owner_id: str = ""


@planted(
    "not-found-after-create", "GET /notes/{note_id}", Call("POST", "/notes", {**HIS, "owner_id": "ann"}, 201, BOB),
    **TWO_USERS, also=["other-user", "sent-not-stored", "edge-not-kept"],
)  # fmt: skip
def writes_in_the_name_of_others(db: Any, faulty: bool) -> Any:
    """The owner may be sent, and is believed: who wrote the note does not see it."""
    app = fastapi()
    notes = Notes(db)

    async def create(note: Any, authorization: str = Header("")) -> dict[str, Any]:
        user = await notes.user(authorization)
        sent = note.model_dump()
        row = {"id": new_id(), **sent, "owner_id": sent.get("owner_id") or user["id"]}
        await db.express.create("Note", row)
        return row

    create.__annotations__["note"] = OwnedNote if faulty else NoteIn
    app.post("/notes", status_code=201)(create)

    @app.get("/notes/{note_id}")
    async def read(note_id: str, authorization: str = Header("")) -> dict[str, Any]:
        return await notes.read(await notes.user(authorization), note_id)

    return app
