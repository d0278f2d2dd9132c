"""Pages of a list whose answer does not say how to ask for the next one: the usual parameters are tried.

Asked only when rows are known to be missing, or an answer has a cursor and "cursor" is not its parameter. A page counts
as the next one when nothing of it has been shown so far: a fresh copy of a stale list is none.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

from kailash_testkit import http_library as httpx
from kailash_testkit.judge.bodies import Json, metadata

Page = tuple[list[Json], object, httpx.Response]
"""The objects of a page, its body, and the response."""

Ask = Callable[[Mapping[str, Any]], Awaitable[Page | None]]
"""Asks for a page with further parameters; None where the application does not take them."""

Style = Callable[[list[Json], int, Page], Mapping[str, Any] | None]
"""The parameters of the next page: by what has been shown, the page's number from 1, and the last page."""

_MOST_PAGES: Final = 1000
_OFFSETS: Final = ("offset", "skip", "page[offset]")
_NUMBERS: Final = ("page", "page[number]", "page_number", "pageNumber")
_KEYS: Final = ("after", "starting_after", "after_id", "cursor", "last_id", "page[after]", "before", "before_id")
_TOKENS: Final = frozenset(  # as answers name them, in lower case and without signs
    {"next", "nextcursor", "nextpagetoken", "nexttoken", "nextpage", "nextkey", "endcursor", "cursor", "after"}
    | {"continuationtoken", "continuation", "pagetoken", "token"}
)
_TOKEN_PARAMETERS: Final = (
    "cursor",
    "after",
    "page_token",
    "pageToken",
    "token",
    "next_token",
    "continuation_token",
    "starting_after",
    "page[cursor]",
    "page[after]",
    "next_cursor",
    "page",
)
_TOKEN_HEADER: Final = re.compile("next|cursor|continuation", re.IGNORECASE)


async def followed(shown: list[Json], last: Page, ask: Ask, id_field: str, *, blind: bool) -> list[Json]:
    """What was shown, and what further pages show. blind: also where no answer has a cursor."""
    for style in _styles(last, id_field, blind=blind):
        found = await _all_pages(shown, last, ask, id_field, style)
        if found:
            return [*shown, *found]
    return shown


def _styles(last: Page, id_field: str, *, blind: bool) -> Iterator[Style]:
    for key in dict(_tokens(last)):
        for parameter in dict.fromkeys([*_named_after(key), *_TOKEN_PARAMETERS]):
            yield _by_token(key, parameter)
    if not blind:
        return
    for name in _OFFSETS:
        yield lambda shown, number, page, name=name: {name: len(shown)}  # type: ignore[misc]
    for name in _NUMBERS:
        yield lambda shown, number, page, name=name: {name: number}  # type: ignore[misc]
    for name in _KEYS:
        yield lambda shown, number, page, name=name: {name: shown[-1].get(id_field)}  # type: ignore[misc]


def _by_token(key: str, parameter: str) -> Style:
    def parameters(shown: list[Json], number: int, page: Page) -> Mapping[str, Any] | None:
        token = dict(_tokens(page)).get(key)
        return None if token is None else {parameter: token}

    return parameters


async def _all_pages(shown: list[Json], last: Page, ask: Ask, id_field: str, style: Style) -> list[Json]:
    found: list[Json] = []
    known = {str(item.get(id_field)) for item in shown}
    for number in range(1, _MOST_PAGES):
        parameters = style([*shown, *found], number, last)
        page = None if parameters is None else await ask(parameters)
        ids: set[str] = set() if page is None else {str(item.get(id_field)) for item in page[0]}
        if page is not None and ids and not ids & known:
            found += page[0]
            known |= ids
            last = page
        elif number > 1 or page is None:  # the first page may be number 1
            break
    return found


def _tokens(page: Page) -> Iterator[tuple[str, Any]]:
    """What may be the token of the next page, by the name that the answer gives it."""
    _, body, response = page
    for fields in metadata(body):
        for name, value in fields.items():
            if _flat(name) in _TOKENS and _is_token(value):
                yield name, value
    for name, value in response.headers.items():
        if _TOKEN_HEADER.search(name) and _is_token(value):
            yield name, value


def _is_token(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    return bool(value) and not str(value).startswith(("http", "/", "?"))


def _named_after(key: str) -> list[str]:
    """The parameters that go by the name of a token: ``page_token`` and ``pageToken`` for ``nextPageToken``."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+", key)]
    words = [word for word in words if word not in ("next", "end", "x")]
    if not words:
        return []
    return ["_".join(words), words[0] + "".join(word.title() for word in words[1:])]


def _flat(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
