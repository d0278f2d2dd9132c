"""What an answer shows, held against what was sent and what is stored."""

from __future__ import annotations

from collections.abc import Collection

from kailash_testkit import http_library as httpx
from kailash_testkit.client.resources.stored import StoredRows
from kailash_testkit.errors import ReadYourWritesError, UnexpectedResponse, UnexpectedStatus
from kailash_testkit.judge.bodies import Json, answered, is_cached, parsed, shown
from kailash_testkit.judge.comparing import not_shown, stale
from kailash_testkit.models.rows import Row, jsonable


def check_shown(
    response: httpx.Response, sent: Json, item: Json, names: Collection[str], rows: StoredRows | None
) -> None:
    """Raises `UnexpectedResponse` where one of these fields is not shown as it was sent."""
    lines = not_shown(sent, item, [name for name in sent if name in names], None if rows is None else rows.model)
    if lines:
        raise UnexpectedResponse(
            f"{answered(response)}, and its body is not what was sent",
            details=[*lines, shown(response)],
            why=None if rows is None else "the row is stored as it was sent; only the response is wrong",
            do="answer with the new state; or name the fields: api.resource(path, server_set={...}) for what "
            "the server decides, write_only={...} for what it does not show",
        )


def check_id(response: httpx.Response, row_id: object, item: Json, id_field: str) -> None:
    """Raises `UnexpectedResponse` where the object is another row."""
    answered_id = item.get(id_field)
    if answered_id is not None and str(answered_id) != str(jsonable(row_id)):
        raise UnexpectedResponse(
            f"{answered(response)} with another row: {id_field} is {answered_id!r}",
            details=[shown(response)],
            do="check the filter of the node in the handler",
        )


def not_current(
    response: httpx.Response, row_id: object, row: Row | None, item: Json, rows: StoredRows
) -> ReadYourWritesError | None:
    """The error where the object is not the row as it is stored."""
    lines = [] if row is None else stale(row, item, rows.server_set)
    if row is not None and not lines:
        return None
    cached = is_cached(parsed(response))
    failure = ReadYourWritesError(
        f"{answered(response)} "
        + (
            f"for a row that is not there: {rows.missing(row_id)}"
            if row is None
            else f"with another state than {rows.model.name} {row_id!r} has in the database"
        ),
        details=lines or [shown(response)],
        why="the response says that it comes from DataFlow's query cache (_cache.hit)" if cached else None,
        do="DataFlow(url, cache_enabled=False), or cache_ttl=0"
        if cached
        else "fields that the API shows in its own form: api.resource(path, server_set={...})",
    )
    failure.row_id = row_id
    return failure


def hidden(failure: UnexpectedStatus, row: Row) -> ReadYourWritesError:
    """The error for a refusal to show a row that is stored."""
    failed = ReadYourWritesError(
        f"{failure.what}, and the row is in the database",
        details=[f"stored: {row!r}"],
        do="compare the handler's query with the row; where hiding it is meant: api.expect(404).get(...)",
    )
    failed.row_id = row.id
    return failed
