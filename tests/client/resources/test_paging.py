"""Lists in pages: followed by what the answer says, else by the usual parameters; a stale list is no page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kailash_testkit import ApiClient, Kit
from kailash_testkit.errors import ReadYourWritesError

Rows = list[dict[str, Any]]
Answer = Callable[[Rows, Any], Any]
SIZE = 5


def _number(params: Any, name: str, default: int = 0) -> int:
    return int(params.get(name, default))


def _from(rows: Rows, start: int) -> Rows:
    return rows[start : start + SIZE]


def _after(rows: Rows, last: str | None) -> Rows:
    return [row for row in rows if last is None or row["id"] > int(last)][:SIZE]


def _token(rows: Rows, page: Rows) -> Any:
    return page[-1]["id"] if page and page[-1]["id"] != rows[-1]["id"] else None


def _with(rows: Rows, params: Any, parameter: str, key: str) -> Any:
    page = _after(rows, params.get(parameter))
    return {"items": page, key: _token(rows, page)}


def _in_header(rows: Rows, params: Any) -> Response:
    page = _after(rows, params.get("page_token"))
    token = _token(rows, page)
    return JSONResponse(page, headers={} if token is None else {"X-Next-Page-Token": str(token)})


SCHEMES: dict[str, Answer] = {
    "bare skip": lambda rows, p: _from(rows, _number(p, "skip")),
    "bare offset": lambda rows, p: _from(rows, _number(p, "offset")),
    "offset beyond the end is the last page": lambda rows, p: _from(rows, min(_number(p, "offset"), 10)),
    "bare page": lambda rows, p: _from(rows, SIZE * (_number(p, "page", 1) - 1)),
    "bare page from 0": lambda rows, p: _from(rows, SIZE * _number(p, "page")),
    "page[number]": lambda rows, p: {"data": _from(rows, SIZE * (_number(p, "page[number]", 1) - 1))},
    "last id": lambda rows, p: _after(rows, p.get("after")),
    "starting_after": lambda rows, p: {"data": _after(rows, p.get("starting_after"))},
    "cursor as after": lambda rows, p: _with(rows, p, "after", "next_cursor"),
    "nextPageToken": lambda rows, p: _with(rows, p, "pageToken", "nextPageToken"),
    "header": _in_header,
}


class Pages:
    def __init__(self) -> None:
        self.rows: Rows = []
        self.answer: Answer = lambda rows, params: rows
        self.asked = 0
        self.app = Starlette(routes=[Route("/notes", self.list)])

    async def list(self, request: Request) -> Response:
        self.asked += 1
        answer = self.answer(self.rows, request.query_params)
        return answer if isinstance(answer, Response) else JSONResponse(answer)


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
async def api(shop_kit: Kit, pages: Pages) -> AsyncIterator[ApiClient]:
    async with ApiClient(pages.app, kit=shop_kit) as api:
        rows = await shop_kit.factory("Order", customer_id="a", total=1.0).create_many(12)
        pages.rows = [{"id": row.id} for row in rows]
        yield api


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_scheme_is_followed(api: ApiClient, pages: Pages, scheme: str) -> None:
    pages.answer = SCHEMES[scheme]
    before = api.timeline.count
    assert await api.resource("/notes", model="Order").list() == pages.rows
    assert api.timeline.count - before <= 2, "what was tried in vain is none of the test's requests"


async def test_a_list_of_one_page_is_asked_for_once(api: ApiClient, pages: Pages) -> None:
    assert len(await api.resource("/notes", model="Order").list()) == 12
    assert pages.asked == 1


async def test_a_cursor_is_followed_without_a_model(api: ApiClient, pages: Pages) -> None:
    pages.answer = SCHEMES["cursor as after"]
    assert await api.resource("/notes").list() == pages.rows


async def test_a_fresh_copy_of_a_stale_list_is_no_page(api: ApiClient, pages: Pages) -> None:
    pages.answer = lambda rows, params: rows if params else rows[:SIZE]  # cached by its URL
    with pytest.raises(ReadYourWritesError, match="7 missing"):
        await api.resource("/notes", model="Order").list()


async def test_a_parameter_that_breaks_the_application_is_not_the_one(api: ApiClient, pages: Pages) -> None:
    def answer(rows: Rows, params: Any) -> Any:
        if set(params) - {"page"}:
            raise RuntimeError("no such parameter")
        return _from(rows, SIZE * (_number(params, "page", 1) - 1))

    pages.answer = answer
    assert await api.resource("/notes", model="Order").list() == pages.rows
