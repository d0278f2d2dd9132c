"""The models that the applications are about, the rows that are there before a request, and what handlers share."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Self
from uuid import uuid4

from sample_app import register

Row = dict[str, Any]


class Status(str, Enum):
    OPEN = "open"
    PAID = "paid"
    SHIPPED = "shipped"


def register_models(db: Any) -> None:
    email = {"indexes": [{"name": "customer_email", "fields": ["email"], "unique": True}]}
    register(db, "Customer", id=str, name=str, email=str, credit=(int, 0), config=email)
    register(db, "Order", id=str, customer_id=str, quantity=int, status=(Status, Status.OPEN), note=(str, ""))
    register(db, "OrderLine", id=str, order_id=str, product=str, quantity=(int, 1))
    register(db, "Member", id=str, name=str, token=str, organization_id=str, last_seen=(str, ""))
    register(db, "Note", id=str, owner_id=str, text=str, pinned=(bool, False))
    register(db, "Project", id=str, organization_id=str, title=str)
    register(db, "Paper", id=str, title=str, config={"soft_delete": True})
    register(db, "Booking", id=str, room=str, starts_at=datetime)
    register(db, "AuditEntry", id=str, text=str)
    register(db, "UsedKey", id=str, made=str)


async def store_rows(kit: Any) -> None:
    """The users of the requests and a few rows with known ids, as an application's tests have them."""
    await kit.create("Member", id="ann", name="Ann", token="ann-1", organization_id="north")
    await kit.create("Member", id="bob", name="Bob", token="bob-1", organization_id="south")
    await kit.create("Customer", id="c1", name="Ada", email="ada@example.com", credit=5)
    await kit.create("Customer", id="c2", name="Eve", email="eve@example.com", credit=5)
    for number, customer in (("o1", "c1"), ("o2", "c1"), ("o3", "c2")):
        await kit.create("Order", id=number, customer_id=customer, quantity=2, note="soon")
    await kit.create("OrderLine", id="l1", order_id="o1", product="AB-1", quantity=1)
    await kit.create("OrderLine", id="l3", order_id="o3", product="AB-3", quantity=1)
    await kit.create("Note", id="n1", owner_id="ann", text="mine")
    await kit.create("Note", id="n2", owner_id="bob", text="his")
    await kit.create("Project", id="p1", organization_id="north", title="bridge")
    await kit.create("Project", id="p2", organization_id="south", title="tunnel")
    await kit.create("Paper", id="q1", title="draft")


class Refused(Exception):
    """A request that is refused, with a status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def new_id() -> str:
    return uuid4().hex


def plain(row: Row) -> Row:
    """A row as `express` reads it, without what is DataFlow's."""
    return {
        name: value for name, value in row.items() if name not in ("found", "created_at", "updated_at", "deleted_at")
    }


async def row_of(db: Any, model: str, row_id: str) -> Row:
    row = await db.express.read(model, row_id)
    if row is None:
        raise Refused(404, f"no such {model.lower()}")
    return plain(row)


class Together:
    """Writes that are taken back, the last first, when one of them or what comes after them fails."""

    def __init__(self, db: Any) -> None:
        self._express = db.express
        self._undo: list[Callable[[], Awaitable[Any]]] = []

    async def create(self, model: str, row: Row) -> None:
        await self._express.create(model, row)
        self._undo.append(lambda: self._express.delete(model, row["id"]))

    async def update(self, model: str, row_id: str, fields: Row) -> None:
        before = plain(await self._express.read(model, row_id))
        await self._express.update(model, row_id, fields)
        old = {name: before[name] for name in fields}
        self._undo.append(lambda: self._express.update(model, row_id, old))

    async def delete(self, model: str, row_id: str) -> None:
        before = plain(await self._express.read(model, row_id))
        await self._express.delete(model, row_id)
        self._undo.append(lambda: self._express.create(model, before))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for undo in reversed(self._undo):
                await undo()


def in_one_transaction(db: Any, statements: Sequence[tuple[str, Row]]) -> None:
    """Runs SQL past DataFlow, on a SQLite file."""
    connection = sqlite3.connect(db.config.database.url.removeprefix("sqlite:///"))
    try:
        with connection:
            for statement, values in statements:
                connection.execute(statement, values)
    except sqlite3.Error as error:
        raise Refused(409, "the database refused it") from error
    finally:
        connection.close()
