"""Forty handlers with which nothing is wrong. Each test begins with Item 1 "tea" of size 1, Member 1 and Paper 1."""

from __future__ import annotations

import asyncio
from typing import Any

from corpus import ITEM, healthy, node
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

NEW: dict[str, Any] = {"id": 7, "name": "new", "size": 2}
POST_ITEM = ("POST", "/items", NEW)
POST_LOGIN = ("POST", "/login", {"name": "Ada", "password": "wrong"})


# --- refusals --------------------------------------------------------------------------------------


@healthy(POST_ITEM)
async def refuses_before_the_write(db: Any, _: Request) -> Response:
    return JSONResponse({}, 422)


@healthy(POST_ITEM)
async def notes_a_refusal(db: Any, _: Request) -> Response:
    await db.express.create("AuditEntry", {"id": 1, "text": "refused"})
    return JSONResponse({}, 403)


@healthy(POST_LOGIN)
async def counts_failed_logins(db: Any, _: Request) -> Response:
    await db.express.update("Member", "1", {"failed_logins": 1})
    return JSONResponse({}, 401)


@healthy(POST_ITEM)
async def takes_back_what_it_wrote(db: Any, _: Request) -> Response:
    await db.express.create("Item", NEW)
    await db.express.delete("Item", "7")
    return JSONResponse({}, 409)


@healthy(("GET", "/items/99", None))
async def finds_nothing(db: Any, _: Request) -> Response:
    return JSONResponse({}, 404)


@healthy(("DELETE", "/items/99", None))
async def deletes_nothing_and_says_so(db: Any, _: Request) -> Response:
    return JSONResponse({}, 404)


@healthy(POST_ITEM)
async def raises_before_the_write(db: Any, _: Request) -> Response:
    raise RuntimeError("mail server not reached")


# --- reads -----------------------------------------------------------------------------------------


@healthy(("GET", "/members/1", None))
async def notes_who_was_seen(db: Any, _: Request) -> Response:
    await db.express.update("Member", "1", {"last_seen": "today"})
    return JSONResponse({"id": 1, "name": "Ada", "last_seen": "today"})


@healthy(("GET", "/members/1", None))
async def counts_views(db: Any, _: Request) -> Response:
    await db.express.update("Member", "1", {"view_count": 1})
    return JSONResponse({"name": "Ada"})


@healthy(("GET", "/items/1", None))
async def logs_a_read(db: Any, _: Request) -> Response:
    await db.express.create("AuditEntry", {"id": 1, "text": "read"})
    return JSONResponse(ITEM)


@healthy(("GET", "/items", None))
async def lists_what_is_stored(db: Any, _: Request) -> Response:
    listed = await node("ItemListNode", limit=10, enable_cache=False)
    return JSONResponse({"items": listed["records"], "total": 1})


@healthy(("HEAD", "/items/1", None))
async def has_a_head(db: Any, _: Request) -> Response:
    return Response()


@healthy(("GET", "/items/1/label", None))
async def shows_something_else_of_a_row(db: Any, _: Request) -> Response:
    return JSONResponse({"id": 1, "name": "TEA (1)", "size": 100})


@healthy(("GET", "/items/1", None))
async def shows_a_row_in_another_form(db: Any, _: Request) -> Response:
    return JSONResponse({"id": 1, "name": "tea", "size": "1 g", "links": {"self": "/items/1"}})


@healthy(("GET", "/items/statistics", None))
async def shows_sums(db: Any, _: Request) -> Response:
    return JSONResponse({"count": 1, "size": 1, "name": "all"})


@healthy(("GET", "/items/export", None))
async def exports_text(db: Any, _: Request) -> Response:
    return PlainTextResponse("id,name\n1,tea\n")


# --- what writes nothing, and need not -----------------------------------------------------------------


@healthy(("POST", "/items/validate", NEW))
async def validates(db: Any, _: Request) -> Response:
    return JSONResponse({"valid": True})


@healthy(("POST", "/estimates", NEW))
async def estimates(db: Any, _: Request) -> Response:
    return JSONResponse({"price": 12.5})


@healthy(("POST", "/items/search", {"name": "tea"}))
async def searches(db: Any, _: Request) -> Response:
    return JSONResponse([ITEM])


@healthy(("POST", "/login", {"name": "Ada", "password": "right"}))
async def logs_in(db: Any, _: Request) -> Response:
    return JSONResponse({"token": "abc"})


@healthy(("DELETE", "/session", None))
async def logs_out(db: Any, _: Request) -> Response:
    return Response(status_code=204)


@healthy(POST_ITEM, POST_ITEM)
async def is_idempotent_by_key(db: Any, request: Request) -> Response:
    sent = await request.json()
    if not await db.express.list("Item", {"id": sent["id"]}):
        await db.express.create("Item", sent)
    return JSONResponse(sent, 201)


@healthy(("PUT", "/items/1", {"size": 1}))
async def has_nothing_to_change(db: Any, _: Request) -> Response:
    return JSONResponse(ITEM)


@healthy(("PATCH", "/items/1", {"name": None, "size": 1}))
async def takes_null_for_a_field_that_was_not_sent(db: Any, request: Request) -> Response:
    sent = {name: value for name, value in (await request.json()).items() if value is not None}
    if sent != {"size": ITEM["size"]}:
        await db.express.update("Item", 1, sent)
    return JSONResponse(ITEM)


@healthy(("PUT", "/items/1", {"size": 5}), ("PUT", "/items/1", {"size": 5}))
async def puts_twice(db: Any, request: Request) -> Response:
    await db.express.update("Item", "1", await request.json())
    return JSONResponse({"id": 1, "name": "tea", "size": 5})


@healthy(("DELETE", "/items/1", None), ("DELETE", "/items/1", None))
async def deletes_twice(db: Any, _: Request) -> Response:
    if await db.express.list("Item", {"id": 1}):
        await db.express.delete("Item", "1")
    return Response(status_code=204)


@healthy(("POST", "/jobs", {}))
async def accepts_for_later(db: Any, _: Request) -> Response:
    return JSONResponse({"job": 1}, 202)


# --- what writes -----------------------------------------------------------------------------------


@healthy(POST_ITEM)
async def creates(db: Any, request: Request) -> Response:
    created = await request.json()
    await db.express.create("Item", created)
    return JSONResponse(created, 201)


@healthy(POST_ITEM)
async def creates_and_computes(db: Any, request: Request) -> Response:
    created = await request.json()
    await db.express.create("Item", created)
    return JSONResponse({"data": {**created, "label": "new (2)", "lines": []}}, 201)


@healthy(POST_ITEM)
async def creates_and_answers_with_an_id(db: Any, request: Request) -> Response:
    await db.express.create("Item", await request.json())
    return JSONResponse({"id": 7}, 201)


@healthy(("POST", "/items", {"id": 7, "name": "4111111111111111", "size": 2}))
async def masks_what_it_stores(db: Any, request: Request) -> Response:
    await db.express.create("Item", await request.json())
    return JSONResponse({"id": 7, "name": "**** 1111", "size": 2}, 201)


@healthy(("POST", "/items", {"id": 1, "name": "tea", "size": 4}))
async def updates_what_is_there(db: Any, request: Request) -> Response:
    sent = await request.json()
    result = await node("ItemCreateNode", **sent)
    if result.get("success") is False:
        await db.express.update("Item", "1", {"size": sent["size"]})
    return JSONResponse(sent)


@healthy(("POST", "/items", ITEM))
async def gets_or_creates(db: Any, request: Request) -> Response:
    sent = await request.json()
    await node("ItemCreateNode", **sent)
    return JSONResponse(sent)


@healthy(("POST", "/items/1/confirm", None))
async def confirms(db: Any, _: Request) -> Response:
    await db.express.update("Item", "1", {"size": 3})
    return JSONResponse({"id": 1, "state": "confirmed"})


@healthy(("POST", "/items/1/lines", {"text": "a"}))
async def adds_a_child(db: Any, _: Request) -> Response:
    line = {"id": 1, "item_id": 1, "text": "a"}
    await db.express.create("ItemLine", line)
    return JSONResponse(line, 201)


@healthy(("DELETE", "/papers/1", None))
async def deletes_softly(db: Any, _: Request) -> Response:
    await node("PaperDeleteNode", filter={"id": 1})
    return Response(status_code=204)


@healthy(POST_ITEM)
async def writes_in_a_background_task(db: Any, _: Request) -> Response:
    async def later() -> None:
        await db.express.create("Item", NEW)

    return JSONResponse({"ok": True}, 201, background=BackgroundTask(later))


LATER: list[asyncio.Task[Any]] = []
"""For the test to await."""


@healthy(POST_ITEM)
async def writes_in_a_task_of_its_own(db: Any, _: Request) -> Response:
    async def later() -> None:
        await asyncio.sleep(0.05)
        await db.express.create("Item", NEW)

    LATER.append(asyncio.create_task(later()))
    return JSONResponse({"ok": True}, 201)


@healthy(("POST", "/items/form", NEW))
async def redirects_after_the_write(db: Any, request: Request) -> Response:
    await db.express.create("Item", await request.json())
    return RedirectResponse("/items/7", 303)


@healthy(POST_ITEM)
async def creates_several(db: Any, _: Request) -> Response:
    rows = [{"id": number, "name": f"n{number}", "size": 1} for number in (7, 8)]
    for row in rows:
        await db.express.create("Item", row)
    return JSONResponse(rows, 201)


@healthy(("POST", "/reports", {}))
async def asks_whether_there_is_any(db: Any, _: Request) -> Response:
    for number in range(10, 22):
        await db.express.create("ItemLine", {"id": number, "item_id": 1, "text": "x"})
    listed = await node("ItemLineListNode", enable_cache=False)
    return JSONResponse({"any": bool(listed["records"])})
