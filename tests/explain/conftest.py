"""The application in which the tests plant causes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from database_kinds import Kind
from faulty_shop import Shop, UrlOf, application, register_models
from kits_of_tests import OpenKits
from sample_app import in_this_loop, make_db

from kailash_testkit import ApiClient, Kit
from kailash_testkit.internals.dataflow_loops import close_in_running_loop


@pytest.fixture(scope="module")
def open_shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenKits]:
    with contextlib.closing(OpenKits(tmp_path_factory.mktemp("shops"), lambda db, _: register_models(db))) as shops:
        yield shops


@pytest.fixture
def options() -> dict[str, Any]:
    """Options of the DataFlow; a module overrides it, and its tests get a DataFlow each."""
    return {}


@pytest.fixture
async def kit_on_the_shop(
    open_shops: OpenKits, url_of: UrlOf, database_kind: Kind, options: dict[str, Any]
) -> AsyncIterator[Kit]:
    if not options:
        async with in_this_loop(open_shops.on(database_kind)) as kit:
            yield kit
        return
    db = make_db(url_of("shop"), **{**database_kind.options, **options})
    register_models(db)
    async with Kit(db) as kit:
        yield kit
    db.close()


@pytest.fixture
async def shop(kit_on_the_shop: Kit) -> AsyncIterator[Shop]:
    place: list[Shop] = []
    async with ApiClient(application(place), kit=kit_on_the_shop) as api:
        place.append(Shop(kit_on_the_shop.dataflow, kit_on_the_shop, api))
        yield place[0]
        for other in place[0].others:
            await close_in_running_loop(other)
            other.close()
