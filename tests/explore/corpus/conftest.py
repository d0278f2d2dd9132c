"""A kit on the models of the applications, with the rows that are there first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from explored_models import register_models, store_rows
from kits_of_tests import kit_on_sqlite
from sample_app import in_this_loop

from kailash_testkit import Kit


@pytest.fixture(scope="session")
def open_kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    with kit_on_sqlite(tmp_path_factory.mktemp("explored"), register_models) as kit:
        yield kit


@pytest.fixture
async def kit(open_kit: Kit) -> AsyncIterator[Kit]:
    async with in_this_loop(open_kit) as kit:
        await store_rows(kit)
        yield kit
