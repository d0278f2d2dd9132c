"""Rows of another tenant are told by a check of their own, on an application of several tenants."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from sample_app import in_this_loop, register

from kailash_testkit import ApiClient, Kit

pytestmark = pytest.mark.databases("sqlite")


def notes_app(db: Any, file: Path, *, faulty: bool) -> FastAPI:
    """Serves the tenant red. faulty: one list is read past DataFlow's nodes, which filter by the tenant."""
    app = FastAPI()

    @app.get("/notes")
    async def listed() -> list[dict[str, Any]]:
        with db.tenant_context.switch("red"):
            rows: list[dict[str, Any]] = await db.express.list("Note", limit=1000, cache_ttl=0)
        if faulty:
            with sqlite3.connect(file) as connection:
                rows = [{"id": row[0], "text": row[1]} for row in connection.execute("SELECT id, text FROM notes")]
        return [{"id": row["id"], "text": row["text"]} for row in rows]

    @app.get("/notes/{note_id}")
    async def read(note_id: str) -> dict[str, Any]:
        with db.tenant_context.switch("red"):
            row = await db.express.read("Note", note_id, cache_ttl=0)
        if row is None:
            raise HTTPException(404)
        return {"id": row["id"], "text": row["text"]}

    return app


@pytest.mark.parametrize("faulty", [True, False])
async def test_rows_of_another_tenant_are_found(db_at: Callable[..., Any], tmp_path: Path, faulty: bool) -> None:
    file = tmp_path / "tenants.db"
    db = db_at(file, multi_tenant=True)
    register(db, "Note", id=str, text=str)
    with Kit(db) as kit:
        async with in_this_loop(kit), ApiClient(notes_app(db, file, faulty=faulty), kit=kit) as api:
            with kit.tenant("blue"):
                await kit.create("Note", id="theirs", text="secret plans")
            with kit.tenant("red"):
                exploration = await kit.explore(api, requests=60, seconds=600)

    assert [(each.check, each.operation) for each in exploration.findings] == (
        [("other-tenant", "GET /notes")] if faulty else []
    ), exploration.report()
    if faulty:
        assert "Note 'theirs' of tenant 'blue'" in exploration.findings[0].message
