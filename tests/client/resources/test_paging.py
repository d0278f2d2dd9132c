"""Lists in pages: followed by what the answer says, else by the usual parameters; a stale list is no page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
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


def _of_page(rows: Rows, params: Any, start: int = 1) -> Rows:
    return _from(rows, SIZE * (_number(params, "page", start) - start))


def _before(rows: Rows, params: Any) -> Rows:
    newest_first = [row for row in reversed(rows) if "before" not in params or row["id"] < int(params["before"])]
    return newest_first[:SIZE]


def _linked(rows: Rows, params: Any) -> Response:
    number, more = _number(params, "page", 1), len(rows) > SIZE * _number(params, "page", 1)
    link = {"Link": f'</notes?page={number + 1}>; rel="next", </notes?page=1>; rel="first"'} if more else {}
    return JSONResponse(_of_page(rows, params), headers=link)


def _next_url(rows: Rows, params: Any) -> Any:
    number = _number(params, "page", 1)
    return f"?page={number + 1}" if len(rows) > SIZE * number else None


STATED: dict[str, Answer] = {
    "`Link: <...>; rel=\"next\"`": _linked,
    "`next`, or `links.next`, with a URL": lambda rows, p: {"results": _of_page(rows, p), "next": _next_url(rows, p)},
    "`next_cursor`": lambda rows, p: _with(rows, p, "cursor", "next_cursor"),
    "`page`, and `pages`, `total` or `has_more`": lambda rows, p: {
        "items": _of_page(rows, p), "page": _number(p, "page", 1), "size": SIZE, "pages": -(-len(rows) // SIZE)
    },
    "`offset` or `skip`, and `total` or `has_more`": lambda rows, p: {
        "data": _from(rows, at := _number(p, "skip")), "meta": {"skip": at, "has_more": at + SIZE < len(rows)}
    },
}  # fmt: skip
"""What answers say of their next page, as docs/lists.md names it: followed in every case."""

SCHEMES: dict[str, Answer] = {
    **STATED,
    "newest first, before": _before,
    "bare skip": lambda rows, p: _from(rows, _number(p, "skip")),
    "bare offset": lambda rows, p: _from(rows, _number(p, "offset")),
    "offset beyond the end is the last page": lambda rows, p: _from(rows, min(_number(p, "offset"), 10)),
    "bare page": _of_page,
    "bare page from 0": lambda rows, p: _of_page(rows, p, 0),
    "page[number]": lambda rows, p: {"data": _from(rows, SIZE * (_number(p, "page[number]", 1) - 1))},
    "last id": lambda rows, p: _after(rows, p.get("after")),
    "starting_after": lambda rows, p: {"data": _after(rows, p.get("starting_after"))},
    "cursor as after": lambda rows, p: _with(rows, p, "after", "next_cursor"),
    "nextPageToken": lambda rows, p: _with(rows, p, "pageToken", "nextPageToken"),
    "header": _in_header,
    "next.href": lambda rows, p: {"items": _of_page(rows, p), "next": {"href": _next_url(rows, p)}},
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
    listed = await api.resource("/notes", model="Order").list()
    assert listed in (pages.rows, pages.rows[::-1])
    asked = 3 if scheme in (*STATED, "next.href") else 2
    assert api.timeline.count - before <= asked, "what was tried in vain is none of the test's requests"


@pytest.mark.parametrize("scheme", STATED)
async def test_what_an_answer_says_is_followed_without_a_model(api: ApiClient, pages: Pages, scheme: str) -> None:
    pages.answer = STATED[scheme]
    assert await api.resource("/notes").list() == pages.rows


async def test_one_page_that_a_test_asks_for_is_one_request(api: ApiClient, pages: Pages) -> None:
    pages.answer = STATED["`page`, and `pages`, `total` or `has_more`"]
    assert await api.resource("/notes", model="Order").list(page=2) == pages.rows[5:10]
    assert pages.asked == 1


def test_the_page_of_lists_names_what_is_followed() -> None:
    text = (Path(__file__).parents[3] / "docs" / "lists.md").read_text("utf-8")
    assert set(re.findall(r"^\| (`.*?) \| ", text, re.MULTILINE)) == {*STATED}


async def test_of_a_bare_list_without_a_model_the_first_page_is_all(api: ApiClient, pages: Pages) -> None:
    pages.answer = SCHEMES["bare skip"]
    assert await api.resource("/notes").list() == pages.rows[:SIZE]


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
