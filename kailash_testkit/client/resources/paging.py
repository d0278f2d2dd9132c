"""Where the next page of a list is, as the current one tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kailash_testkit import http_library as httpx
from kailash_testkit.judge.bodies import Json, metadata

PAGING: Final = frozenset(
    ("limit", "offset", "page", "size", "page_size", "per_page", "cursor", "skip", "take", "after", "before")
)
"""Parameters by which a caller asks for one page."""

ORDERING: Final = frozenset({"sort", "sort_by", "order", "order_by", "ordering"})
"""Parameters that leave the rows the same."""

_TOTALS: Final = ("total", "total_count", "totalCount", "count")
_PAGES: Final = ("pages", "total_pages", "totalPages", "page_count")
_MORE: Final = ("has_more", "hasMore", "has_next", "hasNext")
_CURSORS: Final = ("next_cursor", "nextCursor")

Step = tuple[str | None, Mapping[str, Any]]
"""The next request: a URL (or None for the same path), and parameters to add."""


def next_step(response: httpx.Response, body: object, seen: int) -> Step | None:
    """How to ask for the next page; None when there is none, or nothing tells how.

    seen: how many objects have come so far.
    """
    link = response.links.get("next", {}).get("url") or _first(body, ("next",))
    if isinstance(link, dict):
        link = link.get("href")  # pyright: ignore
    if isinstance(link, str) and link.startswith(("http", "/", "?")):
        return str(response.request.url.join(link)), {}
    cursor = _first(body, _CURSORS)
    if cursor:
        return None, {"cursor": cursor}
    if not _is_more(body, seen):
        return None
    page, offset = _number(body, ("page",)), _number(body, ("offset", "skip"))
    if page is not None:
        return None, {"page": page + 1}
    if offset is not None:
        return None, {"skip" if _number(body, ("offset",)) is None else "offset": seen}
    return None


def total(body: object) -> int | None:
    """How many objects the list has in all, as far as the response says."""
    return _number(body, _TOTALS)


def _is_more(body: object, seen: int) -> bool:
    if any(fields.get(name) is True for fields in metadata(body) for name in _MORE):
        return True
    page, pages = _number(body, ("page",)), _number(body, _PAGES)
    if page is not None and pages is not None:
        return page < pages
    return (total(body) or 0) > seen


def _first(body: object, names: tuple[str, ...]) -> Any:
    found: list[Json] = [fields for fields in metadata(body) if any(fields.get(name) for name in names)]
    return next((found[0][name] for name in names if found[0].get(name)), None) if found else None


def _number(body: object, names: tuple[str, ...]) -> int | None:
    for fields in metadata(body):
        for name in names:
            value = fields.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
    return None
