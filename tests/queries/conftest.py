"""A kit on the library, with six authors, and enough books and reviews for a loop over them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from database_kinds import Kind
from kits_of_tests import OpenKits
from library import BOOKS, register_models
from sample_app import in_this_loop

from kailash_testkit import Kit


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenKits]:
    kits = OpenKits(tmp_path_factory.mktemp("library"), lambda db, _kind: register_models(db))
    yield kits
    kits.close()


@pytest.fixture
async def library(libraries: OpenKits, database_kind: Kind) -> AsyncIterator[Kit]:
    async with in_this_loop(libraries.on(database_kind)) as kit:
        kit.explainer.forget()
        kit.repeats.clear()
        await kit.factory("Author").create_many({"id": number, "name": f"Author {number}"} for number in range(1, 7))
        await kit.factory("Book").create_many(
            {"id": number, "author_id": 1 if number <= BOOKS else number - BOOKS + 1, "title": f"Book {number}"}
            for number in range(1, 2 * BOOKS)
        )
        await kit.factory("Review").create_many({"book_id": 1 + number // BOOKS} for number in range(5 * BOOKS + BOOKS))
        yield kit
