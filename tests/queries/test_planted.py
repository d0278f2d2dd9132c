"""Planted N+1 and missing indexes are named with their line and model; handlers with none of it raise no alarm."""

from __future__ import annotations

import contextlib
import gc
import inspect
from collections.abc import Iterator

import pytest
from database_kinds import Kind
from library import HEALTHY, REPEATING, SCANNING, Handler

from kailash_testkit import ApiClient, Kit
from kailash_testkit.errors import NPlusOneQueries, UnindexedQuery, UnobservedQueries


@pytest.fixture
def observed(library: Kit) -> Iterator[Kit]:
    library.repeats.mode = "error"
    library.repeats.start()
    yield library
    library.repeats.stop()
    library.repeats.mode = "off"


def names(handler: Handler) -> str:
    return handler.name


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert (len(REPEATING) >= 10, len(SCANNING) >= 5, len(HEALTHY) >= 10) == (True, True, True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # DataFlow's, of nodes at the same time
@pytest.mark.parametrize("handler", REPEATING, ids=names)
async def test_n_plus_one(observed: Kit, handler: Handler) -> None:
    async with ApiClient(handler.application(observed.dataflow), kit=observed) as api:
        with pytest.raises(NPlusOneQueries) as error:
            await api.post("/library/1")
    first, last = inspect.getsourcelines(handler.handle)
    headline = str(error.value).splitlines()[0]
    assert f"(N+1 of {handler.model})" in headline
    place = headline.partition("library.py:")[2].split()
    assert int(place[0]) in range(last, last + len(first)), headline
    assert "GET" not in str(error.value)
    del error
    gc.collect()  # what DataFlow leaks is this test's, and not the next one's


@pytest.mark.parametrize("handler", HEALTHY, ids=names)
async def test_no_false_alarm(observed: Kit, handler: Handler) -> None:
    async with ApiClient(handler.application(observed.dataflow), kit=observed) as api:
        await api.expect(200).post("/library/1")


@pytest.fixture
async def large(library: Kit) -> Kit:
    for model in ("Author", "Book", "Review", "Member"):
        await library.grow(model, 1200)
    return library


@pytest.mark.databases("postgresql")
async def test_an_index_that_is_passed_over_to_save_a_sort_is_not_missing(library: Kit, database_kind: Kind) -> None:
    await library.grow("Book", 1200, author_id=1)
    database_kind.sql(library.database.url)("ANALYZE books")
    with library.queries() as queries:
        await library.dataflow.express.list("Book", {"author_id": 1}, limit=5, cache_ttl=0)
    queries.assert_indexed()


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.slow
async def test_missing_indexes(large: Kit) -> None:
    for handler in SCANNING:
        async with ApiClient(handler.application(large.dataflow), kit=large) as api:
            with large.queries() as queries:
                await api.expect(200).post("/library/1")
        with pytest.raises(UnindexedQuery) as error:
            queries.assert_indexed()
        headline = str(error.value).splitlines()[0]
        assert headline.startswith(f"{handler.model}: all of 1,2"), handler.name
        assert headline.endswith(f"rows are read to compare {handler.scanned}"), handler.name
        assert "plan: " in str(error.value)


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.slow
async def test_no_false_alarm_about_indexes(large: Kit) -> None:
    by_unindexed_columns = {"page_by_page_with_a_filter", "a_loop_over_different_filters"}
    for handler in HEALTHY:
        if handler.name in by_unindexed_columns:
            continue
        async with ApiClient(handler.application(large.dataflow), kit=large) as api:
            with large.queries() as queries:
                await api.expect(200).post("/library/1")
        with contextlib.suppress(UnobservedQueries):  # there may be nothing to look at
            queries.assert_indexed()
