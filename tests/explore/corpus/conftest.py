"""A kit on the models of the applications, with the rows that are there first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from explored_models import register_models, store_rows
from sample_app import in_this_loop, make_db

from kailash_testkit import Kit


@pytest.fixture(scope="session")
def open_kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    db = make_db(tmp_path_factory.mktemp("explored") / "explored.db")
    register_models(db)
    kit = Kit(db).open()
    yield kit
    kit.close()
    db.close()


@pytest.fixture
async def kit(open_kit: Kit) -> AsyncIterator[Kit]:
    async with in_this_loop(open_kit) as kit:
        await store_rows(kit)
        yield kit
