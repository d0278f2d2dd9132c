"""Notes of users who log in: a healthy collection. Applications override what has the fault."""

from typing import Annotated, Any

from explored_models import Refused, Row, new_id, plain
from explored_orders import Text
from explored_serving import Limit, Offset, fastapi
from fastapi import Depends, FastAPI, Header
from fastapi.security import HTTPBearer
from pydantic import BaseModel


class NoteIn(BaseModel):
    text: Text
    pinned: bool = False


class NoteChange(BaseModel):
    text: Text = ""
    pinned: bool = False


class NoteOut(BaseModel):
    id: str
    owner_id: str
    text: str
    pinned: bool


class Notes:
    """POST and GET /notes; GET, PATCH and DELETE /notes/{note_id}; all with a token."""

    def __init__(self, db: Any) -> None:
        self.express = db.express

    async def user(self, authorization: str) -> Row:
        found = await self.express.list("Member", {"token": authorization.removeprefix("Bearer ")}, limit=1)
        if not found:
            raise Refused(401, "a valid token is needed")
        return plain(found[0])

    async def reader(self, authorization: str) -> Row:
        """The user of a GET of one note."""
        return await self.user(authorization)

    async def remover(self, authorization: str) -> Row:
        """The user of a DELETE."""
        return await self.user(authorization)

    async def create(self, user: Row, note: NoteIn) -> Row:
        row = {"id": new_id(), "owner_id": user["id"], **note.model_dump()}
        await self.express.create("Note", row)
        return row

    async def listed(self, user: Row, limit: int, offset: int, pinned: bool) -> list[Row]:
        chosen = {"owner_id": user["id"], **({"pinned": True} if pinned else {})}
        return [
            _shown(row) for row in await self.express.list("Note", chosen, limit=limit, offset=offset, order_by="id")
        ]

    async def found(self, user: Row, note_id: str) -> Row:
        row = await self.express.read("Note", note_id)
        if row is None or row["owner_id"] != user["id"]:
            raise Refused(404, "no such note")
        return _shown(row)

    async def read(self, user: Row, note_id: str) -> Row:
        return await self.found(user, note_id)

    async def change(self, user: Row, note_id: str, change: NoteChange) -> Row:
        await self.found(user, note_id)
        return await self.changed(note_id, change)

    async def changed(self, note_id: str, change: NoteChange) -> Row:
        sent = change.model_dump(exclude_unset=True)
        if sent:
            await self.express.update("Note", note_id, sent)
        row = await self.express.read("Note", note_id)
        if row is None:
            raise Refused(404, "no such note")
        return _shown(row)

    async def delete(self, user: Row, note_id: str) -> None:
        await self.found(user, note_id)
        await self.express.delete("Note", note_id)


def _shown(row: Row) -> Row:
    return {**plain(row), "pinned": bool(row["pinned"])}


def notes_by_fastapi(notes: Notes) -> FastAPI:
    """Credentials are a declared header."""
    app = fastapi()

    async def user(authorization: Annotated[str, Header()] = "") -> Row:
        return await notes.user(authorization)

    async def reader(authorization: Annotated[str, Header()] = "") -> Row:
        return await notes.reader(authorization)

    async def remover(authorization: Annotated[str, Header()] = "") -> Row:
        return await notes.remover(authorization)

    return _routes(app, notes, user, reader, remover)


def notes_by_bearer(notes: Notes) -> FastAPI:
    """Credentials are a declared security scheme."""
    app = fastapi()
    scheme = HTTPBearer(auto_error=False)

    def token(credentials: Any) -> str:
        return "" if credentials is None else credentials.credentials

    async def user(credentials: Annotated[Any, Depends(scheme)]) -> Row:
        return await notes.user(token(credentials))

    async def reader(credentials: Annotated[Any, Depends(scheme)]) -> Row:
        return await notes.reader(token(credentials))

    async def remover(credentials: Annotated[Any, Depends(scheme)]) -> Row:
        return await notes.remover(token(credentials))

    return _routes(app, notes, user, reader, remover)


def _routes(app: FastAPI, notes: Notes, as_user: Any, as_reader: Any, as_remover: Any) -> FastAPI:
    @app.post("/notes", status_code=201, response_model=NoteOut)
    async def create(note: NoteIn, user: Annotated[Row, Depends(as_user)]) -> Any:
        return await notes.create(user, note)

    @app.get("/notes", response_model=list[NoteOut])
    async def listed(
        user: Annotated[Row, Depends(as_user)], limit: Limit = 50, offset: Offset = 0, pinned: bool = False
    ) -> Any:
        return await notes.listed(user, limit, offset, pinned)

    @app.get("/notes/{note_id}", response_model=NoteOut)
    async def read(note_id: str, user: Annotated[Row, Depends(as_reader)]) -> Any:
        return await notes.read(user, note_id)

    @app.patch("/notes/{note_id}", response_model=NoteOut)
    async def change(note_id: str, change: NoteChange, user: Annotated[Row, Depends(as_user)]) -> Any:
        return await notes.change(user, note_id, change)

    @app.delete("/notes/{note_id}", status_code=204)
    async def remove(note_id: str, user: Annotated[Row, Depends(as_remover)]) -> None:
        await notes.delete(user, note_id)

    return app
