"""What a test says of the statements of a block, and of a request."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiosqlite
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kailash_testkit import ApiClient, Kit
from kailash_testkit.asgi.live import LiveServer
from kailash_testkit.client.targets import UrlTarget
from kailash_testkit.errors import (
    ConfigurationError,
    FieldTypeError,
    TooManyQueries,
    UnindexedQuery,
    UnknownModel,
    UnobservedQueries,
)

pytestmark = pytest.mark.databases("sqlite")


def application(db: Any) -> Starlette:
    async def lists(request: Request) -> JSONResponse:
        for _ in range(request.path_params["number"]):
            await db.express.list("Author", cache_ttl=0)
        return JSONResponse({})

    async def in_a_bare_thread(_request: Request) -> JSONResponse:
        loop, bare = asyncio.get_running_loop(), contextvars.Context()

        def count() -> None:
            bare.run(asyncio.run_coroutine_threadsafe, db.express.count("Author", cache_ttl=0), loop).result()

        with ThreadPoolExecutor() as pool:
            await loop.run_in_executor(pool, count)
        return JSONResponse({})

    return Starlette(routes=[Route("/lists/{number:int}", lists), Route("/thread", in_a_bare_thread)])


@pytest.fixture
async def api(library: Kit) -> Any:
    async with ApiClient(application(library.dataflow), kit=library) as api:
        yield api


async def test_a_request_may_run_so_many(api: ApiClient) -> None:
    await api.expect(200, queries=3).get("/lists/3")
    await api.expect(200, queries=0).get("/lists/0")
    with pytest.raises(TooManyQueries) as error:
        await api.expect(200, queries=2).get("/lists/3")
    assert str(error.value).splitlines()[0] == "GET http://testserver/lists/3: 3 statements, at most 2 expected"
    assert "3 x AuthorListNode, the same each time, 18 rows" in str(error.value)
    assert "test_queries.py:" in str(error.value)


@pytest.mark.databases("postgresql")  # on SQLite DataFlow itself fails now and then
async def test_requests_at_the_same_time_have_statements_of_their_own(api: ApiClient) -> None:
    expected = api.expect(200, queries=4)
    await asyncio.gather(*(expected.get("/lists/4") for _ in range(5)))


async def test_a_statement_says_what_it_is(api: ApiClient, library: Kit) -> None:
    with library.queries() as queries:
        assert queries.statements == []
        await api.get("/lists/1")
        await library.create("Author", name="Tove")
        await library.dataflow.express.create("Author", {"name": "Selma"})
    await library.dataflow.express.count("Author")
    listed, created = queries.statements
    assert (listed.operation, listed.model, listed.node, listed.rows) == ("SELECT", "Author", "AuthorListNode", 6)
    assert listed.request is not None
    assert listed.request.path == "/lists/1"
    assert listed.where[0].endswith("in lists")
    assert 0 < listed.seconds < 10
    assert (created.operation, created.node, created.request, created.rows) == ("INSERT", "AuthorCreateNode", None, 1)
    assert "Selma" not in repr(created)
    assert str(queries).startswith("2 statements:\n1 x AuthorListNode, 6 rows, GET http://testserver/lists/1, at ")
    queries.assert_at_most(2)
    with pytest.raises(TooManyQueries, match=r"kit.queries\(\): 2 statements, at most 1 expected"):
        queries.assert_at_most(1)


async def test_a_list_that_a_default_limit_cut_is_marked(library: Kit) -> None:
    await library.factory("Author").create_many(100)
    with library.queries() as queries:
        await library.dataflow.express.list("Author", cache_ttl=0)
        await library.dataflow.express.list("Author", limit=100, cache_ttl=0)
    assert [each.limit_cut for each in queries] == [True, False]
    assert "100 rows (cut by the default limit)" not in str(queries)
    assert "200 rows (cut by the default limit)" in str(queries), "both are one group"


async def test_what_a_bare_thread_runs_is_not_taken_for_too_few(api: ApiClient, library: Kit) -> None:
    await api.expect(200, queries=1).get("/thread")
    with pytest.raises(UnobservedQueries, match="0 statements, and 1 that ran meanwhile for no request"):
        await api.expect(200, queries=0).get("/thread")
    with library.queries() as queries:
        await api.get("/thread")
    assert len(queries) == 1


async def test_a_server_at_a_url_is_refused(library: Kit) -> None:
    with LiveServer(application(library.dataflow)) as server:
        async with ApiClient(server.url, kit=library) as api:
            with pytest.raises(UnobservedQueries, match="its statements cannot be counted"):
                await api.expect(200, queries=5).get("/lists/0")
            with library.queries() as queries:
                await api.get("/lists/0")
                with pytest.raises(UnobservedQueries, match="1 request of the block went to a server at a URL"):
                    queries.assert_at_most(5)
            with pytest.raises(UnobservedQueries):
                queries.assert_indexed()
            with library.queries() as others:
                pass
            others.assert_at_most(0)


async def test_the_kit_s_own_server_is_counted(library: Kit) -> None:
    app = application(library.dataflow)
    with LiveServer(app) as server:
        target: Any = UrlTarget(server.url, app=app, server=server)
        async with ApiClient(target, kit=library) as api:
            await api.expect(200, queries=0).get("/lists/0")


@pytest.mark.parametrize("wrong", [-1, True, "3", 2.0])
async def test_what_is_no_number_is_refused(api: ApiClient, library: Kit, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="is no number of statements"):
        api.expect(200, queries=wrong)
    with library.queries() as queries, pytest.raises(ConfigurationError):
        queries.assert_at_most(wrong)


@pytest.mark.parametrize("wrong", [-1, True, "3", 2.0])
async def test_what_is_no_number_of_rows_is_refused(library: Kit, wrong: Any) -> None:
    with pytest.raises(FieldTypeError, match=r"kit.grow\(Review, .*\): expected a number of rows, 0 or more"):
        await library.grow("Review", wrong)
    with pytest.raises(UnknownModel):
        await library.grow("Reveiw", 0)
    await library.grow("Review", 0)


async def test_indexes_of_a_large_table(library: Kit) -> None:
    with library.queries() as queries:
        await library.dataflow.express.count("Review", {"stars": 3})
        await library.dataflow.express.read("Review", "1")
        await library.dataflow.express.list("Review", {}, 5)
    with pytest.raises(UnobservedQueries, match="there is nothing to look at"):
        queries.assert_indexed()
    with pytest.raises(UnindexedQuery, match="Review: all of 36 rows are read to compare stars"):
        queries.assert_indexed(least_rows=30)
    queries.assert_indexed(least_rows=30, allow="reviews.stars")
    queries.assert_indexed(least_rows=30, allow=["reviews"])


@pytest.fixture
def observing(library: Kit) -> Iterator[None]:
    library.repeats.mode = "report"
    library.repeats.start()
    yield
    library.repeats.stop()
    library.repeats.mode = "off"


@pytest.mark.usefixtures("observing")
async def test_what_a_project_allows_is_left_out(api: ApiClient, library: Kit) -> None:
    async def reads(_request: Request) -> JSONResponse:
        for number in range(1, 6):
            await library.dataflow.express.read("Author", str(number))
        return JSONResponse({})

    async with ApiClient(Starlette(routes=[Route("/reads", reads)]), kit=library) as reading:
        await reading.get("/reads")
    (found,) = library.repeats
    assert (found.times, found.model) == (5, "Author")
    library.repeats.allows = lambda _request, model: model == "Author"
    assert [*library.repeats] == []
    library.repeats.allows, library.repeats.most = lambda _request, _model: False, 5
    assert [*library.repeats] == []
    library.repeats.most = 3


@pytest.mark.usefixtures("observing")
async def test_values_are_those_that_were_sent_also_where_their_list_is_used_again(library: Kit) -> None:
    path = library.dataflow.config.database.url.removeprefix("sqlite:///")

    async def reads(_request: Request) -> JSONResponse:
        async with aiosqlite.connect(path) as connection:
            values = [0]
            for number in range(1, 5):
                values[0] = number
                await connection.execute_fetchall("SELECT name FROM authors WHERE id = ?", values)
        return JSONResponse({})

    async with ApiClient(Starlette(routes=[Route("/reads", reads)]), kit=library) as reading:
        await reading.get("/reads")
    (found,) = library.repeats
    assert (found.times, found.model) == (4, "Author")


@pytest.mark.usefixtures("observing")
async def test_requests_that_have_ended_without_too_many_are_not_kept(api: ApiClient, library: Kit) -> None:
    for _ in range(3):
        await api.get("/lists/3")
    assert len(library.repeats._requests) == 1
