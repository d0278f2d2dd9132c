"""The application in which the tests plant causes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from database_kinds import Kind
from faulty_shop import Shop, UrlOf, application, register_models
from sample_app import make_db

from kailash_testkit import ApiClient, Kit
from kailash_testkit.internals.dataflow import close_in_running_loop


@pytest.fixture
def options() -> dict[str, Any]:
    """Options of the DataFlow; a module overrides it."""
    return {}


@pytest.fixture
async def shop(url_of: UrlOf, database_kind: Kind, options: dict[str, Any]) -> AsyncIterator[Shop]:
    db = make_db(url_of("shop"), **{**database_kind.options, **options})
    register_models(db)
    place: list[Shop] = []
    async with Kit(db) as kit, ApiClient(application(place), kit=kit) as api:
        place.append(Shop(db, kit, api))
        yield place[0]
        for other in place[0].others:
            await close_in_running_loop(other)
            other.close()
    db.close()
