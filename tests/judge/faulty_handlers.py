"""Forty handlers that answer what is not so. Each test begins with Item 1 "tea" of size 1, Member 1 and Paper 1."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from corpus import ITEM, node, planted
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

POST_ITEM = ("POST", "/items", {"id": 7, "name": "new", "size": 2})
NEW: dict[str, Any] = {"id": 7, "name": "new", "size": 2}


# --- a refusal that wrote ------------------------------------------------------------------------


@planted("refusal-wrote", POST_ITEM)
async def conflict_after_the_write(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    return JSONResponse({"detail": "taken"}, 409)


@planted("refusal-wrote", ("PUT", "/items/1", {"size": -1}))
async def invalid_after_the_update(db: Any, _: Request) -> Response:
    await db.express.update("Item", "1", {"size": -1})
    return JSONResponse({"detail": "too small"}, 422)


@planted("refusal-wrote", ("DELETE", "/items/1", None))
async def forbidden_after_the_deletion(db: Any, _: Request) -> Response:
    await db.express.delete("Item", "1")
    return JSONResponse({}, 403)


@planted("refusal-wrote", POST_ITEM)
async def exception_after_the_write(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    raise RuntimeError("mail server not reached")


@planted("refusal-wrote", POST_ITEM)
async def server_error_after_the_write(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    return JSONResponse({}, 503)


@planted("refusal-wrote", POST_ITEM)
async def half_of_an_order(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    await db.express.create("ItemLine", {"id": 1, "item_id": 7, "text": "first"})
    result = await node("ItemLineCreateNode", id=1, item_id=7, text="second")
    return JSONResponse({}, 409 if result.get("success") is False else 201)


@planted("refusal-wrote", ("POST", "/papers/1/archive", None))
async def soft_deleted_and_refused(db: Any, _: Request) -> Response:
    await node("PaperDeleteNode", filter={"id": 1})
    return JSONResponse({}, 404)


@planted("refusal-wrote", POST_ITEM)
async def written_past_dataflow_and_refused(db: Any, _: Request) -> Response:
    with sqlite3.connect(db.config.database.url.removeprefix("sqlite:///")) as connection:
        connection.execute("INSERT INTO items (id, name, size) VALUES (7, 'raw', 1)")
    connection.close()
    return JSONResponse({}, 400)


# --- a read that wrote ---------------------------------------------------------------------------


@planted("read-wrote", ("GET", "/items", None))
async def a_list_that_inserts(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    return JSONResponse([])


@planted("read-wrote", ("GET", "/items/1", None))
async def a_read_that_corrects(db: Any, _: Request) -> Response:
    await db.express.update("Item", "1", {"name": "Tea"})
    return JSONResponse({})


@planted("read-wrote", ("HEAD", "/items/1", None))
async def a_head_that_updates(db: Any, _: Request) -> Response:
    await db.express.update("Item", "1", {"size": 9})
    return Response()


@planted("read-wrote", ("OPTIONS", "/items", None))
async def options_that_insert(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    return Response()


@planted("read-wrote", ("GET", "/items/1/remove", None))
async def a_link_that_deletes(db: Any, _: Request) -> Response:
    await db.express.delete("Item", "1")
    return Response(status_code=204)


@planted("read-wrote", ("GET", "/papers", None))
async def a_list_that_tidies_up(db: Any, _: Request) -> Response:
    await node("PaperDeleteNode", filter={"id": 1})
    return JSONResponse([])


# --- a success that wrote nothing ------------------------------------------------------------------


@planted("success-wrote-nothing", POST_ITEM)
async def created_nothing(db: Any, _: Request) -> Response:
    return JSONResponse({"status": "created"}, 201)


@planted("success-wrote-nothing", POST_ITEM)
async def created_only_in_the_answer(db: Any, _: Request) -> Response:
    return JSONResponse(NEW, 201)


@planted("success-wrote-nothing", ("PUT", "/items/1", {"size": 5}))
async def updated_nothing(db: Any, _: Request) -> Response:
    return JSONResponse({"id": 1, "name": "tea", "size": 1})


@planted("success-wrote-nothing", ("PATCH", "/items/1", {"size": 5}))
async def updated_with_a_wrong_filter(db: Any, _: Request) -> Response:
    await node("ItemUpdateNode", filter={"id": 1000}, fields={"size": 5})
    return Response(status_code=204)


@planted("success-wrote-nothing", ("PUT", "/items/99", {"size": 5}))
async def updated_a_row_that_is_not_there(db: Any, _: Request) -> Response:
    await node("ItemUpdateNode", filter={"id": 99}, fields={"size": 5})
    return JSONResponse({"ok": True})


@planted("success-wrote-nothing", ("DELETE", "/items/1", None))
async def deleted_nothing(db: Any, _: Request) -> Response:
    return Response(status_code=204)


@planted("success-wrote-nothing", ("DELETE", "/items/1", None))
async def deleted_with_a_wrong_filter(db: Any, _: Request) -> Response:
    await node("ItemDeleteNode", filter={"id": 1000})
    return JSONResponse({"deleted": True})


@planted("success-wrote-nothing", ("POST", "/items", {**NEW, "size": 3}), ("POST", "/items", NEW))
async def stores_only_what_is_large(db: Any, request: Request) -> Response:
    sent = await request.json()
    if sent["size"] > 2:
        await db.express.create("Item", sent)
    return JSONResponse({"ok": True})


@planted("success-wrote-nothing", ("PUT", "/settings", {"theme": "dark"}))
async def settings_that_are_not_kept(db: Any, _: Request) -> Response:
    return JSONResponse({"theme": "dark"})


# --- an answer that is not stored ------------------------------------------------------------------


@planted("answer-not-stored", POST_ITEM)
async def answers_what_was_sent(db: Any, request: Request) -> Response:
    sent = await request.json()
    await db.express.create("Item", {**sent, "name": sent["name"].upper()})
    return JSONResponse(sent, 201)


@planted("answer-not-stored", POST_ITEM)
async def answers_with_another_number(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    return JSONResponse({"item": {**NEW, "size": 20}}, 201)


@planted("answer-not-stored", POST_ITEM)
async def answers_with_a_wrong_id(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    return JSONResponse({**NEW, "id": 8}, 201)


@planted("answer-not-stored", ("PUT", "/items/1", {"size": 5}))
async def answers_with_the_old_state(db: Any, _: Request) -> Response:
    await db.express.update("Item", "1", {"size": 5})
    return JSONResponse(ITEM)


@planted("answer-not-stored", ("GET", "/items/1", None))
async def shows_a_stale_copy(db: Any, _: Request) -> Response:
    return JSONResponse({**ITEM, "name": "coffee"})


@planted("answer-not-stored", ("GET", "/items", None))
async def lists_a_stale_copy(db: Any, _: Request) -> Response:
    return JSONResponse({"items": [{**ITEM, "size": 2}]})


@planted("answer-not-stored", ("GET", "/items/99", None))
async def shows_a_row_that_is_not_there(db: Any, _: Request) -> Response:
    return JSONResponse({"id": 99, "name": "ghost", "size": 1})


@planted("answer-not-stored", ("PATCH", "/items/1", {"name": "green tea"}))
async def answers_with_half_of_the_update(db: Any, _: Request) -> Response:
    await db.express.update("Item", "1", {"size": 2})
    return JSONResponse({"id": 1, "name": "green tea", "size": 2})


@planted("answer-not-stored", POST_ITEM)
async def answers_with_what_was_taken_back(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    await db.express.delete("Item", "7")
    return JSONResponse(NEW, 201)


@planted("answer-not-stored", ("GET", "/items", None))
async def lists_a_row_that_was_deleted(db: Any, _: Request) -> Response:
    return JSONResponse([ITEM, {"id": 2, "name": "gone", "size": 1}])


# --- a node that failed silently ---------------------------------------------------------------------


@planted("node-failed-silently", POST_ITEM)
async def ignores_a_duplicate(db: Any, _: Request) -> Response:
    await db.express.create("Item", {"id": 5, "name": "five", "code": "a"})
    await node("ItemCreateNode", id=6, name="six", code="a")
    return JSONResponse({"stored": 2})


@planted("node-failed-silently", ("POST", "/items/1/lines", {"texts": ["a", "b"]}))
async def ignores_the_second_line(db: Any, _: Request) -> Response:
    await node("ItemLineCreateNode", id=1, item_id=1, text="a")
    await node("ItemLineCreateNode", id=1, item_id=1, text="b")
    return JSONResponse({"lines": 2}, 201)


@planted("node-failed-silently", ("PUT", "/items/1", {"code": "a"}))
async def ignores_a_failed_update(db: Any, _: Request) -> Response:
    await db.express.create("Item", {"id": 5, "name": "five", "code": "a"})
    with contextlib.suppress(Exception):
        await node("ItemUpdateNode", filter={"id": 1}, fields={"code": "a"})
    return JSONResponse({"ok": True})


@planted("node-failed-silently", ("POST", "/orders", {}))
async def ignores_a_missing_field(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    await node("ItemLineCreateNode", id=1, item_id=7)
    return JSONResponse({"status": "placed"}, 201)


# --- a list that a default limit cut -----------------------------------------------------------------


async def _twelve(db: Any) -> None:
    for number in range(10, 22):
        await db.express.create("ItemLine", {"id": number, "item_id": 1, "text": "x"})


@planted("cut-by-default-limit", ("POST", "/reports", {}))
async def counts_a_list(db: Any, _: Request) -> Response:
    await _twelve(db)
    listed = await node("ItemLineListNode", filter={"item_id": 1}, enable_cache=False)
    return JSONResponse({"lines": len(listed["records"])})


@planted("cut-by-default-limit", ("POST", "/exports", {}))
async def exports_a_list(db: Any, _: Request) -> Response:
    await _twelve(db)
    listed = await node("ItemLineListNode", enable_cache=False)
    return JSONResponse({"rows": [row["id"] for row in listed["records"]]})


# --- a transaction that was left open ------------------------------------------------------------------

LEFT_OPEN: list[sqlite3.Connection] = []
"""For the test to close."""


@planted("left-open", POST_ITEM)
async def forgets_to_commit(db: Any, _: Request) -> Response:
    connection = sqlite3.connect(db.config.database.url.removeprefix("sqlite:///"))
    LEFT_OPEN.append(connection)
    connection.execute("INSERT INTO items (id, name, size) VALUES (7, 'raw', 1)")
    return JSONResponse(NEW, 201)
