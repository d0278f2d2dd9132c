"""Orders with one fault each: what a request leaves, stores, answers, and finds afterwards."""

from __future__ import annotations

from typing import Any

from corpus import node
from explored_app import Call, planted_in_orders
from explored_models import Refused, Row, Status, new_id
from explored_orders import OrderChange, OrderIn, Orders
from explored_serving import by_litestar, by_nexus, by_starlette

SMALL = {"customer_id": "c1", "quantity": 1}
LARGE = {"customer_id": "c1", "quantity": 600}
IN_SEVERAL_WRITES = ("failpoint-left-rows",)
"""A fault that is in more writes than one, without a transaction: a refused one leaves those before it."""


def large_only(least: int) -> Any:
    """The body is minimal: a large quantity, and nothing that may be left out."""
    return lambda body: body["quantity"] >= least and body.keys() == {"customer_id", "quantity"}


# --- a refusal, or an error, that leaves rows ---------------------------------------------------------


@planted_in_orders("refusal-wrote", "POST /orders", Call("POST", "/orders", LARGE, 201), small=large_only(101))
class ConflictAfterTheWrite(Orders):
    async def create(self, order: OrderIn) -> Row:
        stored = await super().create(order)
        if order.quantity > 100:
            raise Refused(409, "not in stock")
        return stored


@planted_in_orders(
    "refusal-wrote", "PUT /orders/{order_id}", Call("PUT", "/orders/o1", {**SMALL, "status": "shipped"}), by=by_litestar
)
class ForbiddenAfterTheUpdate(Orders):
    async def replace(self, order_id: str, order: OrderIn) -> Row:
        stored = await super().replace(order_id, order)
        if order.status == Status.SHIPPED:
            raise Refused(403, "not yours to ship")
        return stored


@planted_in_orders(
    "refusal-wrote", "POST /orders", Call("POST", "/orders", {**SMALL, "note": "gift"}, 201), by=by_starlette,
    also=["server-error"], small=lambda body: body.keys() == {"customer_id", "quantity", "note"},
)  # fmt: skip
class CrashAfterTheWrite(Orders):
    async def create(self, order: OrderIn) -> Row:
        stored = await super().create(order)
        if order.note:
            _title, _text = order.note.split(": ", 1)
        return stored


@planted_in_orders(
    "refusal-wrote", "POST /workflows/place_order/execute",
    Call("POST", "/workflows/place_order/execute", {"inputs": LARGE}), by=by_nexus, also=["server-error"],
    skip={"*": ["server-error"]},
)  # fmt: skip
class HandlerThatFailsAfterTheWrite(Orders):
    async def create(self, order: OrderIn) -> Row:
        stored = await super().create(order)
        if order.quantity > 50:
            raise ValueError("not in stock")
        return stored


@planted_in_orders("refusal-wrote", "DELETE /orders/{order_id}", Call("DELETE", "/orders/o1", None, 204))
class LinesDeletedAndRefused(Orders):
    async def delete(self, order_id: str) -> None:
        lines = await self.express.list("OrderLine", {"order_id": order_id}, limit=1000)
        for line in lines:
            await self.express.delete("OrderLine", line["id"])
        if lines:
            raise Refused(409, "it had lines")
        await super().delete(order_id)


# --- a server error -----------------------------------------------------------------------------------


@planted_in_orders("server-error", "GET /orders", Call("GET", "/orders?limit=1"))
class APageOfOne(Orders):
    async def page(self, limit: int, offset: int) -> Row:
        found = await super().page(limit, offset)
        pages = -(-found["total"] // (limit - 1))
        return {**found, "total": max(found["total"], pages // 1000)}


@planted_in_orders(
    "server-error", "PATCH /orders/{order_id}", Call("PATCH", "/orders/o1", {"note": "no number"}), by=by_litestar,
    small=lambda body: body.keys() == {"note"},
)  # fmt: skip
class ParsesWhatIsNoNumber(Orders):
    async def change(self, order_id: str, change: OrderChange) -> Row:
        if change.note:
            int(change.note)
        return await super().change(order_id, change)


@planted_in_orders(
    "server-error", "PATCH /orders/{order_id}", Call("PATCH", "/orders/o1", {"status": "shipped"}),
    Call("PATCH", "/orders/o1", {"quantity": 3}),
)  # fmt: skip
class FailsOnceItIsShipped(Orders):
    async def change(self, order_id: str, change: OrderChange) -> Row:
        before = await self.found(order_id)
        if before["status"] == "shipped":
            raise KeyError(before["status"])
        return await super().change(order_id, change)


# --- a read that writes -------------------------------------------------------------------------------


@planted_in_orders("read-wrote", "GET /orders/{order_id}", Call("GET", "/orders/o1"))
class AReadThatCorrects(Orders):
    async def read(self, order_id: str) -> Row:
        row = await self.found(order_id)
        return await self.express.update("Order", order_id, {"note": row["note"].title()}) and await self.found(
            order_id
        )


@planted_in_orders("read-wrote", "GET /orders", Call("GET", "/orders?offset=1"), by=by_starlette)
class AListThatShips(Orders):
    async def page(self, limit: int, offset: int) -> Row:
        found = await super().page(limit, offset)
        for row in found["items"] if offset else []:
            await self.express.update("Order", row["id"], {"status": "shipped"})
        return await super().page(limit, offset)


# --- a success that stores nothing, or something else -------------------------------------------------


@planted_in_orders(
    "success-wrote-nothing", "POST /orders", Call("POST", "/orders", LARGE, 201), also=["answer-not-stored"],
    small=large_only(501),
)  # fmt: skip
class LargeOrdersAreNotStored(Orders):
    async def create(self, order: OrderIn) -> Row:
        if order.quantity > 500:
            await self.customer(order.customer_id)
            return {"id": new_id(), **order.model_dump(mode="json")}
        return await super().create(order)


@planted_in_orders("answer-not-stored", "POST /orders", Call("POST", "/orders", LARGE, 201), small=large_only(101))
class AnswersWithAnotherNumber(Orders):
    async def create(self, order: OrderIn) -> Row:
        stored = await super().create(order)
        return {**stored, "quantity": min(order.quantity, 100)}


@planted_in_orders(
    "sent-not-stored", "POST /orders", Call("POST", "/orders", LARGE, 201), small=large_only(101),
    also=["answer-not-stored"],
)  # fmt: skip
class AnswersWhatWasSent(Orders):
    async def create(self, order: OrderIn) -> Row:
        capped = order.model_copy(update={"quantity": min(order.quantity, 100)})
        return {**await super().create(capped), "quantity": order.quantity}


@planted_in_orders("sent-not-stored", "POST /orders", Call("POST", "/orders", {**SMALL, "status": "paid"}, 201))
class AStatusThatIsNotKept(Orders):
    async def create(self, order: OrderIn) -> Row:
        return await super().create(order.model_copy(update={"status": Status.OPEN}))


@planted_in_orders(
    "sent-not-stored",
    "PUT /orders/{order_id}",
    Call("PUT", "/orders/o1", SMALL),
    by=by_litestar,
    also=["repeat-changed-more"],
)
class APutThatAddsUp(Orders):
    """The quantity is added to what was ordered before."""

    async def replace(self, order_id: str, order: OrderIn) -> Row:
        before = await self.found(order_id)
        return await super().replace(
            order_id, order.model_copy(update={"quantity": before["quantity"] + order.quantity})
        )


@planted_in_orders(
    "answer-not-stored", "PATCH /orders/{order_id}", Call("PATCH", "/orders/o1", {"quantity": 9}), by=by_starlette
)
class AnswersWithTheOldState(Orders):
    async def change(self, order_id: str, change: OrderChange) -> Row:
        before = await self.found(order_id)
        await super().change(order_id, change)
        return before


class WithAGift(Orders):
    """Larger orders come with a gift."""

    async def create(self, order: OrderIn) -> Row:
        stored = await super().create(order)
        if order.quantity > 2:
            await self.gift(stored)
        return stored

    async def gift(self, order: Row) -> None:
        line = {"id": new_id(), "order_id": order["id"], "product": "gift", "quantity": 1}
        try:
            await self.express.create("OrderLine", line)
        except RuntimeError:
            await self.express.delete("Order", order["id"])
            raise


LARGER = {"customer_id": "c1", "quantity": 3}


@planted_in_orders(
    "node-failed-silently", "POST /orders", Call("POST", "/orders", LARGER, 201), Call("POST", "/orders", LARGER, 201),
    also=["failpoint-ignored"],
)  # fmt: skip
class LooksAtNoResult(WithAGift):
    """The second gift of a customer has the number of the first."""

    async def gift(self, order: Row) -> None:
        await node("OrderLineCreateNode", id=f"gift-{order['customer_id']}", order_id=order["id"], product="gift")


# --- what was created is not to be seen ---------------------------------------------------------------


@planted_in_orders(
    "not-found-after-create", "GET /orders/{order_id}", Call("POST", "/orders", {**SMALL, "status": "paid"}, 201),
    Call("GET", "/orders/$last"),
)  # fmt: skip
class FindsOnlyOpenOrders(Orders):
    async def read(self, order_id: str) -> Row:
        row = await self.found(order_id)
        if row["status"] == "paid":
            raise Refused(404, "no such order")
        return row


@planted_in_orders(
    "not-listed-after-create", "GET /orders", Call("GET", "/orders"), Call("POST", "/orders", SMALL, 201),
    Call("GET", "/orders"), also=["answer-not-stored", "found-after-delete"],
)  # fmt: skip
class AListOfYesterday(Orders):
    """Pages are kept, and forgotten only when an order is deleted or changed."""

    def __init__(self, db: Any) -> None:
        super().__init__(db)
        self.pages: dict[tuple[int, int], Row] = {}

    async def page(self, limit: int, offset: int) -> Row:
        if (limit, offset) not in self.pages:
            self.pages[limit, offset] = await super().page(limit, offset)
        return self.pages[limit, offset]

    async def change(self, order_id: str, change: OrderChange) -> Row:
        self.pages.clear()
        return await super().change(order_id, change)

    async def replace(self, order_id: str, order: OrderIn) -> Row:
        self.pages.clear()
        return await super().replace(order_id, order)

    async def delete(self, order_id: str) -> None:
        self.pages.clear()
        await super().delete(order_id)


@planted_in_orders(
    "cut-by-default-limit", "GET /orders", *[Call("POST", "/orders", SMALL, 201)] * 9, Call("GET", "/orders"),
    also=["not-listed-after-create"],
)  # fmt: skip
class AListWithoutALimit(Orders):
    async def page(self, limit: int, offset: int) -> Row:
        listed = await node("OrderListNode", order_by=["id"], enable_cache=False)
        rows = listed["records"][offset : offset + limit]
        return {**await super().page(limit, offset), "items": [_shown(row) for row in rows]}


def _shown(row: Row) -> Row:
    return {name: row[name] for name in ("id", "customer_id", "quantity", "status", "note")}
