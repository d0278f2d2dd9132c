"""A kit on the corpus's models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from corpus import register_models
from kits_of_tests import kit_on_sqlite
from sample_app import in_this_loop

from kailash_testkit import Kit


@pytest.fixture(scope="module")
def open_kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    with kit_on_sqlite(tmp_path_factory.mktemp("judge"), register_models) as kit:
        yield kit


@pytest.fixture
async def kit(open_kit: Kit) -> AsyncIterator[Kit]:
    async with in_this_loop(open_kit) as kit:
        open_kit.explainer.forget()
        await kit.create("Item", id=1, name="tea", size=1)
        await kit.create("Member", id=1, name="Ada")
        await kit.create("Paper", id=1, text="a")
        yield kit
