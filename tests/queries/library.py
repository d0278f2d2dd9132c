"""Handlers of a library: some ask in a loop (N+1), some lack an index, some look like it and are right."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from sample_app import register
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

BOOKS: Final = 6
"""Of each author, and reviews of each book: more than a statement may be repeated."""


def register_models(db: Any) -> None:
    register(db, "Author", id=int, name=str, country=(str, "fi"))
    by_author = {"indexes": [{"name": "book_author", "fields": ["author_id"]}]}
    register(db, "Book", id=int, author_id=int, title=str, year=(int, 2000), config=by_author)
    register(db, "Review", id=int, book_id=int, text=str, stars=(int, 5))
    unique = {"indexes": [{"name": "member_email", "fields": ["email"], "unique": True}]}
    register(db, "Member", id=str, email=str, name=str, config=unique)
    register(db, "Visit", id=int, member_id=str)


@dataclass(frozen=True)
class Call:
    """What a handler gets."""

    db: Any
    request: Request

    async def run(self, name: str, /, **inputs: Any) -> Any:
        """Runs a node as applications do, with a runtime and a workflow of its own."""
        async with AsyncLocalRuntime() as runtime:
            results, _ = await runtime.execute_workflow_async(built(self.db, name, inputs), {})
        return results["node"]

    async def rows(self, model: str, /, **conditions: Any) -> list[dict[str, Any]]:
        listed = await self.run(f"{model}List", filter=conditions, limit=1000)
        records: list[dict[str, Any]] = listed["records"]
        return records


def built(db: Any, name: str, inputs: dict[str, Any]) -> Any:
    builder = WorkflowBuilder()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        builder.add_node(db.get_node(f"{name}Node"), "node", inputs)
    return builder.build()


Handle = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True)
class Handler:
    """model: that of what is planted. scanned: the column that lacks an index."""

    name: str
    handle: Handle
    model: str = ""
    scanned: str = ""

    def application(self, db: Any) -> Starlette:
        async def endpoint(request: Request) -> JSONResponse:
            return JSONResponse({"answer": await self.handle(Call(db, request))})

        return Starlette(routes=[Route("/library/{number:int}", endpoint, methods=["GET", "POST"])])


REPEATING: Final[list[Handler]] = []
SCANNING: Final[list[Handler]] = []
HEALTHY: Final[list[Handler]] = []


def repeats(model: str) -> Callable[[Handle], Handle]:
    """The handler has an N+1 of the model."""

    def add(handle: Handle) -> Handle:
        REPEATING.append(Handler(handle.__name__, handle, model))
        return handle

    return add


def scans(model: str, column: str) -> Callable[[Handle], Handle]:
    """The handler compares a column that has no index, or in a way for which the index is of no use."""

    def add(handle: Handle) -> Handle:
        SCANNING.append(Handler(handle.__name__, handle, model, column))
        return handle

    return add


def healthy(handle: Handle) -> Handle:
    """Nothing is wrong with the handler."""
    HEALTHY.append(Handler(handle.__name__, handle))
    return handle


# --- N+1 -----------------------------------------------------------------------------------------------


@repeats("Author")
async def a_read_for_each_row_of_a_list(call: Call) -> Any:
    return [(await call.run("AuthorRead", id=book["author_id"]))["name"] for book in await call.rows("Book")]


@repeats("Review")
async def a_list_for_each_row_of_a_list(call: Call) -> Any:
    books = await call.rows("Book", author_id=1)
    return [len(await call.rows("Review", book_id=book["id"])) for book in books]


@repeats("Review")
async def a_count_for_each_row(call: Call) -> Any:
    return [
        await call.db.express.count("Review", {"book_id": book["id"]}) for book in await call.rows("Book", author_id=1)
    ]


@repeats("Author")
async def express_reads_in_a_loop(call: Call) -> Any:
    books = await call.db.express.list("Book", {})
    found = [await call.db.express.read("Author", str(book["author_id"])) for book in books]
    return len(found)


@repeats("Author")
async def reads_at_the_same_time(call: Call) -> Any:
    books = await call.rows("Book")
    found = await asyncio.gather(*(call.db.express.read("Author", str(book["author_id"])) for book in books))
    return len(found)


@repeats("Author")
async def a_helper_that_is_called_in_a_loop(call: Call) -> Any:
    async def author_of(book: dict[str, Any]) -> str:
        name: str = (await call.run("AuthorRead", id=book["author_id"]))["name"]
        return name

    return [await author_of(book) for book in await call.rows("Book")]


@repeats("Visit")
async def creates_in_a_loop(call: Call) -> Any:
    for number in range(BOOKS):
        await call.run("VisitCreate", member_id=f"m{number}")
    return None


@repeats("Book")
async def updates_in_a_loop(call: Call) -> Any:
    for book in await call.rows("Book", author_id=1):
        await call.run("BookUpdate", filter={"id": book["id"]}, fields={"title": f"{book['title']}!"})
    return None


@repeats("Review")
async def deletes_in_a_loop(call: Call) -> Any:
    for review in await call.rows("Review", book_id=1):
        await call.db.express.delete("Review", str(review["id"]))
    return None


@repeats("Review")
async def a_page_for_each_row(call: Call) -> Any:
    """The offset is not all that differs."""
    books = await call.rows("Book", author_id=1)
    return [
        (await call.run("ReviewList", filter={"book_id": book["id"]}, limit=2, offset=1))["count"] for book in books
    ]


@repeats("Author")
async def raw_sql_in_a_loop(call: Call) -> Any:
    node = call.db._get_or_create_async_sql_node(call.db._detect_database_type())
    books = await call.rows("Book")
    for book in books:
        await node.async_run(
            query=f"SELECT name FROM authors WHERE id = {int(book['author_id'])}",
            fetch_mode="one",
            validate_queries=False,
        )
    return None


# --- a missing index -----------------------------------------------------------------------------------


@scans("Review", "book_id")
async def a_list_by_a_column_without_index(call: Call) -> Any:
    return len(await call.rows("Review", book_id=1))


@scans("Author", "country")
async def a_count_by_a_column_without_index(call: Call) -> Any:
    return await call.db.express.count("Author", {"country": "se"})


@scans("Book", "year")
async def a_range_without_index(call: Call) -> Any:
    return (await call.run("BookList", filter={"year": {"$gt": 2020}}, limit=5))["count"]


@scans("Review", "stars")
async def an_update_by_a_column_without_index(call: Call) -> Any:
    return await call.run("ReviewBulkUpdate", filter={"stars": 17}, fields={"text": "x"})


@scans("Author", "name")
async def a_list_of_values_without_index(call: Call) -> Any:
    return len(await call.rows("Author", name={"$in": ["Tove", "Selma"]}))


@scans("Member", "email")
async def a_function_of_an_indexed_column(call: Call) -> Any:
    node = call.db._get_or_create_async_sql_node(call.db._detect_database_type())
    return await node.async_run(
        query="SELECT id FROM members WHERE lower(email) = 'a@example.org'", fetch_mode="all", validate_queries=False
    )


# --- nothing wrong -------------------------------------------------------------------------------------


@healthy
async def one_list_for_all(call: Call) -> Any:
    books = await call.rows("Book")
    authors = await call.rows("Author", id={"$in": [book["author_id"] for book in books]})
    return len(authors)


@healthy
async def bulk_create(call: Call) -> Any:
    await call.run("VisitBulkCreate", data=[{"member_id": f"m{number}"} for number in range(40)], batch_size=5)


@healthy
async def bulk_upsert(call: Call) -> Any:
    rows = [{"id": 1000 + number, "member_id": f"m{number}"} for number in range(20)]
    await call.run("VisitBulkUpsert", data=rows, batch_size=2)


@healthy
async def page_by_page(call: Call) -> Any:
    pages = [await call.run("ReviewList", limit=5, offset=5 * number) for number in range(7)]
    return sum(page["count"] for page in pages)


@healthy
async def page_by_page_with_a_filter(call: Call) -> Any:
    found = []
    for number in range(6):
        found += await call.db.express.list("Book", {"author_id": 1}, limit=1, offset=number, cache_ttl=0)
    return len(found)


@healthy
async def page_by_page_after_the_last_id(call: Call) -> Any:
    last, number = 0, 0
    while True:
        page = await call.run("BookList", filter={"id": {"$gt": last}}, limit=2, order_by=["id"])
        if not page["records"]:
            return number
        last, number = page["records"][-1]["id"], number + len(page["records"])


@healthy
async def a_loop_over_different_statements(call: Call) -> Any:
    return [await call.db.express.count(model, {}) for model in ("Author", "Book", "Review", "Member", "Visit")]


@healthy
async def a_loop_over_different_filters(call: Call) -> Any:
    filters: list[dict[str, Any]] = [{"year": 2000}, {"author_id": 1}, {"title": "a"}, {"id": 1}, {}]
    return [len(await call.rows("Book", **each)) for each in filters]


@healthy
async def the_same_question_again(call: Call) -> Any:
    """Of no use, but no loop over rows."""
    return [(await call.run("AuthorRead", id=1))["name"] for _ in range(8)]


@healthy
async def several_lines_with_the_same_node(call: Call) -> Any:
    first = await call.run("AuthorRead", id=1)
    second = await call.run("AuthorRead", id=2)
    third = await call.run("AuthorRead", id=3)
    return [
        first["name"],
        second["name"],
        third["name"],
        (await call.run("AuthorRead", id=4))["name"],
        (await call.run("AuthorRead", id=5))["name"],
    ]


@healthy
async def a_short_loop(call: Call) -> Any:
    return [(await call.run("AuthorRead", id=number))["name"] for number in (1, 2, 3)]


@healthy
async def one_list_by_an_index(call: Call) -> Any:
    return len(await call.rows("Book", author_id=3))
