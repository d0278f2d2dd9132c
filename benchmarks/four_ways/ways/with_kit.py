"""With the kit: its factories, its client, its isolation; nothing else is set up."""

from __future__ import annotations

from typing import Any

import pytest
from scenarios import Row

from kailash_testkit import ApiClient, Factory, Kit


class KitDriver:
    def __init__(self, kit: Kit, api: ApiClient, factories: dict[type, Factory]) -> None:
        self._kit = kit
        self.api = api
        self._factories = factories

    def _factory(self, model: type) -> Factory:
        """One for each model, as a module of factories has them."""
        return self._factories.setdefault(model, self._kit.factory(model.__name__))

    async def seed(self, model: type, **values: Any) -> Row:
        return (await self._factory(model).create(**values)).as_dict()

    async def seed_many(self, model: type, count: int, **values: Any) -> list[Row]:
        return [row.as_dict() for row in await self._factory(model).create_many(count, **values)]

    async def stored(self, model: type, row_id: str) -> Row | None:
        row = await self._factory(model).find(id=row_id)
        return None if row is None else row.as_dict()

    async def count(self, model: type, **values: Any) -> int:
        return await self._factory(model).count(**values)


@pytest.fixture(scope="session")
def factories() -> dict[type, Factory]:
    return {}


@pytest.fixture
def driver(kit: Kit, api: ApiClient, factories: dict[type, Factory]) -> KitDriver:
    return KitDriver(kit, api, factories)
