"""What the ways without helpers share: values by polyfactory, rows by DataFlow's own `express`."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import httpx
from office.models import MODELS
from polyfactory.factories import DataclassFactory
from scenarios import Row


def _factory(model: type) -> Any:
    hints = {"str": str, "int": int, "float": float, "bool": bool}
    fields = [(name, hints[kind]) for name, kind in model.__annotations__.items()]
    plain: Any = dataclasses.make_dataclass(model.__name__, fields)
    # Numbers that every database keeps as they are.
    small: dict[str, Any] = {name: (lambda: 7) for name, kind in fields if kind is int}
    halves: dict[str, Any] = {name: (lambda: 9.5) for name, kind in fields if kind is float}
    return DataclassFactory.create_factory(plain, id=lambda: str(uuid.uuid4()), **small, **halves)


FACTORIES = {model: _factory(model) for model in MODELS}


class ExpressDriver:
    def __init__(self, db: Any, api: httpx.AsyncClient) -> None:
        self._express = db.express
        self.api = api

    async def seed(self, model: type, **values: object) -> Row:
        row = {**dataclasses.asdict(FACTORIES[model].build()), **values}
        await self._express.create(model.__name__, row)
        return row

    async def seed_many(self, model: type, count: int, **values: object) -> list[Row]:
        rows = [{**dataclasses.asdict(FACTORIES[model].build()), **values} for _ in range(count)]
        await self._express.bulk_create(model.__name__, rows)
        return rows

    async def stored(self, model: type, row_id: str) -> Row | None:
        row: Row | None = await self._express.read(model.__name__, row_id, cache_ttl=0)
        return row

    async def count(self, model: type, **values: object) -> int:
        found: int = await self._express.count(model.__name__, values, cache_ttl=0)
        return found
