"""An API on the shop's orders and products whose faults can be chosen: it writes SQL, as a handler with a bug may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from database_kinds import Kind
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

COLUMNS = ("id", "customer_id", "total", "status", "note")
Rows = list[dict[str, Any]]


class OrderApi:
    """Correct, until a test sets one of its faults or another form of its answers."""

    def __init__(self, kind: Kind, url: str) -> None:
        self._kind = kind
        self._url = url
        self.faults: set[str] = set()
        self.wrap: Callable[[dict[str, Any]], Any] = lambda row: row
        self.wrap_list: Callable[[Rows, Request], Any] = lambda rows, request: rows
        self.cached: dict[str, Any] = {}
        self.app = Starlette(
            routes=[
                Route("/orders", self.create, methods=["POST"]),
                Route("/orders", self.list, methods=["GET"]),
                Route("/customers/{customer}/orders", self.list, methods=["GET"]),
                Route("/orders/{id}", self.read, methods=["GET"]),
                Route("/orders/{id}", self.update, methods=["PUT", "PATCH"]),
                Route("/orders/{id}", self.delete, methods=["DELETE"]),
                Route("/products/{id}", self.delete_product, methods=["DELETE"]),
            ]
        )

    def sql(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self._kind.sql(self._url)(statement, *parameters)

    def rows(self, where: str = "true", *parameters: object) -> Rows:
        found = self.sql(f"SELECT {', '.join(COLUMNS)} FROM orders WHERE {where} ORDER BY id", *parameters)
        return [dict(zip(COLUMNS, row, strict=True)) for row in found]

    def row(self, row_id: object) -> dict[str, Any] | None:
        rows = self.rows("id = ?", int(str(row_id)))
        return rows[0] if rows else None

    async def create(self, request: Request) -> Response:
        sent = await request.json()
        values = {"status": "open", "note": "", **sent}
        if "changes the total" in self.faults:
            values["total"] += 1
        names = [name for name in COLUMNS if name in values]
        row_id = 4711
        if "stores nothing" not in self.faults:
            marks = ", ".join("?" * len(names))
            values_given = [values[name] for name in names]
            ((row_id,),) = self.sql(
                f"INSERT INTO orders ({', '.join(names)}) VALUES ({marks}) RETURNING id", *values_given
            )
        if "writes another table" in self.faults:
            self.sql("INSERT INTO products (id, name) VALUES ('p', 'by the way')")
        row = {**values, "id": row_id}
        if "answers without the note" in self.faults:
            del row["note"]
        if "answers another note" in self.faults:
            row["note"] = "another"
        if "answers without an id" in self.faults:
            del row["id"]
        return JSONResponse(self.wrap(row), 201)

    async def read(self, request: Request) -> Response:
        row_id = request.path_params["id"]
        row = self.cached.setdefault(row_id, self.row(row_id)) if "caches" in self.faults else self.row(row_id)
        if row is None or "hides" in self.faults:
            return JSONResponse({"detail": "no such order"}, 404)
        return JSONResponse(self.wrap(row))

    async def list(self, request: Request) -> Response:
        customer = request.path_params.get("customer")
        rows = [row for row in self.rows() if customer in (None, row["customer_id"])]
        status = request.query_params.get("status")
        rows = [row for row in rows if status in (None, row["status"])]
        if "caches" in self.faults:
            rows = self.cached.setdefault("list", rows)
        if "lists ten" in self.faults:
            rows = rows[:10]
        return JSONResponse(self.wrap_list(rows, request))

    async def update(self, request: Request) -> Response:
        row_id, sent = request.path_params["id"], await request.json()
        before = self.row(row_id)
        if before is None and "believes UpdateNode" not in self.faults:
            return JSONResponse({"detail": "no such order"}, 404)
        changed = dict(sent)
        if "touches the note" in self.faults:
            changed["note"] = "touched"
        if "stores nothing" not in self.faults:
            columns = ", ".join(f"{name} = ?" for name in changed)
            every = "true OR " if "updates all rows" in self.faults else ""
            self.sql(f"UPDATE orders SET {columns} WHERE {every}id = ?", *changed.values(), int(row_id))
        if "answers the old state" in self.faults:
            return JSONResponse(self.wrap(before or {}))
        if before is None or "answers updated" in self.faults:
            return JSONResponse({"updated": True, "rows_affected": 0 if before is None else 1})
        return JSONResponse(self.wrap(self.row(row_id) or {}))

    async def delete(self, request: Request) -> Response:
        row_id = request.path_params["id"]
        if self.row(row_id) is None and "believes DeleteNode" not in self.faults:
            return JSONResponse({"detail": "no such order"}, 404)
        if "stores nothing" not in self.faults:
            every = "true OR " if "deletes all rows" in self.faults else ""
            self.sql(f"DELETE FROM orders WHERE {every}id = ?", int(row_id))
        return Response(status_code=204)

    async def delete_product(self, request: Request) -> Response:
        self.sql("UPDATE products SET deleted_at = '2025-01-01 00:00:00' WHERE id = ?", request.path_params["id"])
        return Response(status_code=204)
