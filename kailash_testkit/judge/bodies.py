"""How APIs wrap what they answer: a bare object or list, or one in an envelope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, cast

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.errors import UnexpectedResponse
from kailash_testkit.text import comma_join

Json: TypeAlias = dict[str, Any]
JsonList: TypeAlias = list[Json]

_ITEM_ENVELOPES: Final = ("data", "item", "record", "result")
_LIST_ENVELOPES: Final = ("items", "data", "records", "results", "rows")
_LONGEST = 300


def answered(response: httpx.Response) -> str:
    """The request and its status, as messages begin: ``POST http://testserver/orders answered 201``."""
    return f"{request_line(response.request)} answered {response.status_code}"


def shown(response: httpx.Response) -> str:
    """The beginning of the body, without secrets."""
    text = Masker(response.request).body(response.content, response.headers.get("content-type", ""))
    return f"response: {text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}"


def parsed(response: httpx.Response) -> Any:
    """The JSON of the body; None without one. Raises `UnexpectedResponse` for anything else."""
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        raise UnexpectedResponse(
            f"{answered(response)}, and its body is not JSON",
            details=[shown(response)],
            do="answer with JSON, or use api.get(...) and its like for this path",
        ) from None


def item_in(body: object, envelope: str | None, id_field: str) -> Json | None:
    """The object in a body; None when there is none. envelope: its key, dotted where nested; None to look for it."""
    if envelope is not None:
        return _object(_at(body, envelope))
    fields = _object(body)
    if fields is None or id_field in fields:
        return fields
    inner = [_object(fields[name]) for name in _ITEM_ENVELOPES if name in fields]
    inner += [_object(value) for value in fields.values()]
    return next((found for found in inner if found is not None and id_field in found), fields)


def items_in(body: object, envelope: str | None) -> list[Json] | None:
    """The objects of a list in a body; None when there is no list. envelope: as for `item_in`."""
    found = _at(body, envelope) if envelope is not None else _some_list(body)
    if not isinstance(found, list):
        return None
    items = cast("list[object]", found)
    return cast("list[Json]", items) if all(isinstance(item, dict) for item in items) else None


def _some_list(body: object, *, deeper: bool = True) -> object:
    fields = _object(body)
    if fields is None:
        return body
    candidates: list[object] = [fields[name] for name in _LIST_ENVELOPES if name in fields]
    for found in candidates:
        if isinstance(found, list):
            return cast("object", found)
    if deeper:
        for found in candidates:
            inner = _some_list(found, deeper=False)
            if isinstance(inner, list):
                return cast("object", inner)
    lists: list[object] = [value for value in fields.values() if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else None


def required_list(response: httpx.Response, envelope: str | None) -> list[Json]:
    """The objects of a list response. Raises `UnexpectedResponse` when there are none."""
    body = parsed(response)
    items = items_in(body, envelope)
    if items is None:
        raise UnexpectedResponse(
            f"{answered(response)}, and its body has no list of objects{_location(envelope)}",
            details=[shown(response)],
            why=f"looked for: a bare list, or one under {comma_join(_LIST_ENVELOPES)}" if envelope is None else None,
            do="say where it is: api.resource(path, list_envelope='page.entries')",
        )
    return items


def required_item(response: httpx.Response, envelope: str | None, id_field: str, hint: str | None) -> Json:
    """The object of a response, with an id. Raises `UnexpectedResponse` when it has none.

    hint: why it has none, if that is known.
    """
    item = item_in(parsed(response), envelope, id_field)
    if item is None:
        raise UnexpectedResponse(
            f"{answered(response)}, and its body has no object{_location(envelope)}",
            details=[shown(response)],
            do="answer with the row as a JSON object, or say where it is: api.resource(path, envelope='data')",
        )
    if item.get(id_field) is None:
        raise UnexpectedResponse(
            f"{answered(response)}, and its body has no {id_field!r}",
            details=[shown(response)],
            why=hint,
            do=f"answer with the row's {id_field}, or name it: api.resource(path, id_field=...)",
        )
    return item


def _location(envelope: str | None) -> str:
    return "" if envelope is None else f" at {envelope!r}"


def _at(body: object, path: str) -> object:
    for name in path.split("."):
        fields = _object(body)
        if fields is None or name not in fields:
            return None
        body = fields[name]
    return body


def _object(value: object) -> Json | None:
    return cast("Json", value) if isinstance(value, dict) else None


def metadata(body: object) -> Iterable[Json]:
    """The objects of a body in which paging and caching may be described."""
    fields = _object(body)
    if fields is not None:
        yield fields
        for name in ("meta", "metadata", "pagination", "paging", "page_info", "links", "_links", "data"):
            inner = _object(fields.get(name))
            if inner is not None:
                yield inner


def is_cached(body: object) -> bool:
    """Whether a body says of itself that it came from DataFlow's query cache."""
    return any((_object(fields.get("_cache")) or {}).get("hit") is True for fields in metadata(body))
