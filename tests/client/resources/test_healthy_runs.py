"""Correct handlers get no alarm, whatever they are sent: values of many kinds, JSON kept as text, zones, pages."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, HTTPException
from sample_app import Status, make_db, register

from kailash_testkit import ApiClient, Kit

Json = dict[str, Any]
Fields = Annotated[dict[str, Any], Body()]


class Level(IntEnum):
    LOW = 1
    HIGH = 2


def _stored(fields: Json) -> Json:
    found = dict(fields)
    if "tags" in found:
        found["tags"] = json.dumps(found["tags"])
    if "at" in found:
        found["at"] = datetime.fromisoformat(found["at"]).astimezone(UTC).replace(tzinfo=None)
    return found


def _shown(row: Json) -> Json:
    at = str(row["at"]).replace(" ", "T") + "Z"
    numbers = {"level": int(row["level"]), "total": row["total"], "ok": bool(row["ok"])}
    return {"id": row["id"], "status": row["status"], "tags": json.loads(row["tags"]), "at": at, **numbers}


def application(db: Any) -> FastAPI:
    app = FastAPI()

    @app.post("/things", status_code=201)
    async def create(fields: Fields) -> Json:
        row = {"id": str(uuid.uuid4()), **fields}
        await db.express.create("Thing", _stored(row))
        return await read(row["id"])

    @app.get("/things")
    async def every(skip: int = 0, limit: int = 7) -> Any:
        rows = sorted(await db.express.list("Thing", limit=1000), key=lambda row: row["id"])
        return [_shown(row) for row in rows[skip : skip + limit]]

    @app.get("/things/{row_id}")
    async def read(row_id: str) -> Json:
        row = await db.express.read("Thing", row_id)
        if row is None:
            raise HTTPException(404)
        return _shown(row)

    @app.put("/things/{row_id}")
    async def update(row_id: str, fields: Fields) -> Json:
        await db.express.update("Thing", row_id, _stored(fields))
        return await read(row_id)

    @app.delete("/things/{row_id}", status_code=204)
    async def delete(row_id: str) -> None:
        await db.express.delete("Thing", row_id)

    return app


def some_values(rng: random.Random) -> Json:
    zone = timezone(timedelta(hours=rng.choice([0, 2, -5])))
    values: Json = {
        "status": rng.choice(["open", "paid"]),
        "level": rng.choice([1, 2]),
        "total": rng.choice([0.1, 1, 2.5, -3]),
        "tags": rng.choice([[], ["x"], [1, None, {"a": True}], ["é" * 30]]),
        "at": datetime(2025, rng.randint(1, 12), 3, 4, 5, tzinfo=zone).isoformat(),
        "ok": rng.choice([True, False]),
    }
    return {name: values[name] for name in rng.sample(list(values), rng.randint(1, len(values)))}


@pytest.mark.parametrize("runs", [40, pytest.param(500, marks=pytest.mark.slow)])
async def test_no_alarm(url_of: Callable[[str], str], runs: int) -> None:
    db, rng, ids = make_db(url_of("things")), random.Random(runs), list[str]()
    moment = datetime(2025, 1, 1)
    register(
        db,
        "Thing",
        id=str,
        status=(Status, Status.OPEN),
        level=(Level, Level.LOW),
        total=(float, 0.0),
        tags=(str, "[]"),
        at=(datetime, moment),
        ok=(bool, True),
    )
    async with Kit(db) as kit, ApiClient(application(db), kit=kit) as api:
        things = api.resource("/things", model="Thing")
        for _ in range(runs):
            verb = rng.choice(["create", "create", "update", "get", "list", "delete"])
            if verb == "create" or not ids:
                ids.append((await things.create(some_values(rng)))["id"])
            elif verb == "update":
                await things.update(rng.choice(ids), some_values(rng))
            elif verb == "get":
                await things.get(rng.choice(ids))
            elif verb == "list":
                assert len(await things.list()) == len(ids)
            else:
                await things.delete(ids.pop(rng.randrange(len(ids))))
        assert kit.explainer.observed() == []
    db.close()
