"""`Resource`: the verbs of one kind of row behind an API."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import request_line
from kailash_testkit.client.interface import Client
from kailash_testkit.client.resources import answers, paging, writes
from kailash_testkit.client.resources.explaining import explained, unconfirmed
from kailash_testkit.client.resources.listing import ListedRows
from kailash_testkit.client.resources.options import Verb
from kailash_testkit.client.resources.probing import Page, followed
from kailash_testkit.client.resources.stored import StoredRows, kit_of
from kailash_testkit.errors import (
    ConfigurationError,
    UnconfirmedWrite,
    UnexpectedResponse,
    UnexpectedStatus,
)
from kailash_testkit.judge.bodies import (
    Json,
    JsonList,
    is_cached,
    item_in,
    parsed,
    required_item,
    required_list,
)
from kailash_testkit.models.rows import Row, jsonable

if TYPE_CHECKING:
    from kailash_testkit.changes import Changes

_SUCCESS: Final = tuple(range(200, 300))
_MOST_PAGES: Final = 1000
_HIDDEN: Final = (404, 410)


class Resource:
    """The rows behind a path of an API; each verb checks the answer and, with ``model``, the database.

    client: sends the requests. path: the collection's path; nested ones are fine.
    model: the model whose rows they are, or its name; needs a client with a kit.
    id_field: the name of the id in responses.
    item_path: the path of one row, such as ``"/order/{id}"``; ``<path>/<id>`` unless given.
    envelope, list_envelope: the key under which responses have the object or the list, dotted where it is nested;
        usual ones are found without.
    statuses: the accepted status codes of a verb, such as ``{"create": 201}``; any 2xx unless given.
    server_set: sent or stored fields that the application decides itself; they are not compared.
    write_only: sent fields that responses do not show, such as a password.
    where: column values of the rows that ``list`` shows, where it does not show all.
    allow: other models whose rows a write may change, too.
    """

    def __init__(
        self,
        client: Client,
        path: str,
        /,
        *,
        model: type | str | None = None,
        id_field: str = "id",
        item_path: str | None = None,
        envelope: str | None = None,
        list_envelope: str | None = None,
        statuses: Mapping[Verb, int | tuple[int, ...]] | None = None,
        server_set: Collection[str] = (),
        write_only: Collection[str] = (),
        where: Mapping[str, object] | None = None,
        allow: Collection[type | str] = (),
    ) -> None:
        self._client = client
        self._path = path
        self._id_field = id_field
        self._item_path = item_path or f"{path.rstrip('/')}/{{id}}"
        if "{id}" not in self._item_path:
            raise ConfigurationError(f"item_path = {item_path!r} has no place for the id", do="write {id} in it")
        self._envelope = envelope
        self._list_envelope = list_envelope
        self._statuses = statuses or {}
        self._server_set = server_set
        self._not_compared = {*server_set, *write_only}
        self._rows = (
            None if model is None else StoredRows(kit_of(client.kit, model), model, where or {}, server_set, allow)
        )

    def __repr__(self) -> str:
        return f"<resource {self._path}>"

    async def create(self, data: Mapping[str, object], /) -> Json:
        """POST ``data``; returns the object of the response.

        It must have an id and show every field that was sent. With ``model``: the row is stored as it was sent,
        and nothing else changed. Raises `UnexpectedStatus`, `UnexpectedResponse`, `UnconfirmedWrite`,
        `StoredRowMismatch` or `UnexpectedChanges`.
        """
        __tracebackhide__ = True
        sent = _sent(data)
        with self._recorded() as changes:
            response = await self._send("create", "POST", self._path, json=sent)
            hint = writes.hint_without_id(self._rows, changes) if self._rows and changes else None
            item = required_item(response, self._envelope, self._id_field, hint)
            if self._rows is not None and changes is not None:
                try:
                    writes.check_created(self._rows, response, item[self._id_field], sent, changes)
                except UnconfirmedWrite as failure:
                    raise await unconfirmed(failure, self._rows, response, creates=True) from None
        answers.check_shown(response, sent, item, sent.keys() - self._not_compared, self._rows)
        return item

    async def update(self, row_id: object, data: Mapping[str, object], /) -> Json:
        """PUT ``data``; returns the object of the response, or the stored row where the response has none.

        The response shows the new state if it shows any. With ``model``: the row was there, is as it was sent,
        and nothing else changed. Raises like `create`.
        """
        __tracebackhide__ = True
        return await self._change("update", "PUT", row_id, data)

    async def patch(self, row_id: object, data: Mapping[str, object], /) -> Json:
        """PATCH ``data``; otherwise as `update`."""
        __tracebackhide__ = True
        return await self._change("patch", "PATCH", row_id, data)

    async def delete(self, row_id: object, /) -> None:
        """DELETE the row. With ``model``: it was there, is gone or soft-deleted, and nothing else changed.

        Looked up in the database, never by a GET, which a cache may answer. Raises `UnexpectedStatus`,
        `UnconfirmedWrite` or `UnexpectedChanges`.
        """
        __tracebackhide__ = True
        before = None if self._rows is None else self._rows.visible(row_id)
        with self._recorded() as changes:
            response = await self._send("delete", "DELETE", self._path_of(row_id))
            if self._rows is not None and changes is not None:
                try:
                    writes.check_deleted(self._rows, response, row_id, before, changes)
                except UnconfirmedWrite as failure:
                    raise await unconfirmed(failure, self._rows, response) from None

    async def get(self, row_id: object, /, **params: Any) -> Json:
        """GET the row. With ``model``: it is shown as it is stored.

        Raises `UnexpectedStatus`, or `ReadYourWritesError` for a 404 or an old state of a row that is stored, and
        for an answer about a row that is not.
        """
        __tracebackhide__ = True
        row = None if self._rows is None else self._rows.visible(row_id)
        try:
            response = await self._send("get", "GET", self._path_of(row_id), params=params or None)
        except UnexpectedStatus as failure:
            if (
                self._rows is not None
                and row is not None
                and failure.status in _HIDDEN
                and failure.response is not None
            ):
                if failure.no_route:
                    raise
                raise await explained(answers.hidden(failure, row), self._rows, failure.response, None) from None
            raise
        item = required_item(response, self._envelope, self._id_field, None)
        answers.check_id(response, row_id, item, self._id_field)
        if self._rows is not None:
            failed = answers.not_current(response, row_id, row, item, self._rows)
            if failed is not None:
                raise await explained(failed, self._rows, response, item)
        return item

    async def list(self, **params: Any) -> JsonList:
        """GET the collection, all of its pages; returns its objects.

        params: query parameters. With ``limit``, ``page`` and the like only that page is asked for.

        With ``model``: every stored row is there, as it is stored; those named by parameters that are columns
        where there are any. Raises `UnexpectedStatus`, `UnexpectedResponse`, or `ReadYourWritesError`.
        """
        __tracebackhide__ = True
        items: JsonList = []
        step: paging.Step | None = (None, {})
        last: Page | None = None
        for _ in range(_MOST_PAGES):
            if step is None:
                break
            url, more = step
            last = await self._page(url, params, more)
            new = [item for item in last[0] if item not in items]
            items += new
            single = bool(paging.PAGING & params.keys()) or not new
            step = None if single else paging.next_step(last[2], last[1], len(items))
        if last is None or paging.PAGING & params.keys():
            return items if last is None else await self._checked(items, last, params)
        rows = self._rows
        missing = rows is not None and bool(self._listed(items, last, params, rows).missing)
        if items and (missing or rows is None):
            items = await followed(items, last, lambda more: self._tried(params, more), self._id_field, blind=missing)
        return await self._checked(items, last, params)

    async def _page(self, url: str | None, params: Mapping[str, Any], more: Mapping[str, Any]) -> Page:
        __tracebackhide__ = True
        response = await self._send("list", "GET", url or self._path, params=None if url else {**params, **more})
        return required_list(response, self._list_envelope), parsed(response), response

    async def _tried(self, params: Mapping[str, Any], more: Mapping[str, Any]) -> Page | None:
        """The page for parameters that the application may not know."""
        with self._client.timeline.unrecorded():
            try:
                return await self._page(None, params, more)
            except (UnexpectedStatus, UnexpectedResponse):
                return None

    async def _checked(self, items: JsonList, last: Page, params: Mapping[str, Any]) -> JsonList:
        __tracebackhide__ = True
        if self._rows is not None:
            failed = self._listed(items, last, params, self._rows).failure()
            if failed is not None:
                raise await explained(failed[0], self._rows, last[2], failed[1], len(items))
        return items

    # --- requests ------------------------------------------------------------------------------

    def _path_of(self, row_id: object) -> str:
        return self._item_path.replace("{id}", quote(str(jsonable(row_id)), safe=""))

    def _recorded(self) -> AbstractContextManager[Changes | None]:
        return nullcontext() if self._rows is None else self._rows.kit.changes()

    async def _send(self, verb: Verb, method: str, path: str, **options: Any) -> httpx.Response:
        __tracebackhide__ = True
        accepted = self._statuses.get(verb, _SUCCESS)
        statuses = (accepted,) if isinstance(accepted, int) else accepted
        return await self._client.expect(*statuses).request(method, path, **options)

    async def _change(self, verb: Verb, method: str, row_id: object, data: Mapping[str, object]) -> Json:
        __tracebackhide__ = True
        sent = _sent(data)
        before = None if self._rows is None else self._rows.visible(row_id)
        row: Row | None = None
        with self._recorded() as changes:
            response = await self._send(verb, method, self._path_of(row_id), json=sent)
            if self._rows is not None and changes is not None:
                try:
                    row = writes.check_changed(self._rows, response, row_id, sent, before, changes)
                except UnconfirmedWrite as failure:
                    raise await unconfirmed(failure, self._rows, response) from None
        item = item_in(parsed(response), self._envelope, self._id_field) or {}
        answers.check_id(response, row_id, item, self._id_field)
        answers.check_shown(response, sent, item, (sent.keys() & item.keys()) - self._not_compared, self._rows)
        return item if row is None or self._id_field in item else row.as_json()

    def _listed(self, items: JsonList, last: Page, params: Mapping[str, Any], rows: StoredRows) -> ListedRows:
        _, body, response = last
        filters = {name: value for name, value in params.items() if name not in paging.ORDERING}
        complete = filters.keys() <= rows.model.columns.keys() and not paging.PAGING & params.keys()
        return ListedRows(
            request_line(response.request),
            items,
            filters if complete else None,
            rows,
            self._id_field,
            cached=is_cached(body),
            stated_total=paging.total(body),
            ignored=self._server_set,
        )


def _sent(data: Mapping[str, object]) -> Json:
    return {name: jsonable(value) for name, value in data.items()}
