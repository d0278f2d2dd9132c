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


# --- updates ------------------------------------------------------------------------------------------


@planted_in_orders(
    "changed-another-row", "PUT /orders/{order_id}", Call("PUT", "/orders/o1", {**SMALL, "note": "x"}),
    also=IN_SEVERAL_WRITES,
)  # fmt: skip
class UpdatesAllOrdersOfTheCustomer(Orders):
    async def replace(self, order_id: str, order: OrderIn) -> Row:
        stored = await super().replace(order_id, order)
        for other in await self.express.list("Order", {"customer_id": order.customer_id}, limit=1000):
            await self.express.update("Order", other["id"], {"note": order.note, "quantity": order.quantity})
        return stored


@planted_in_orders(
    "changed-another-row", "PATCH /orders/{order_id}", Call("PATCH", "/orders/o1", {"status": "shipped"}),
    by=by_starlette, also=["changed-unsent-column"],
)  # fmt: skip
class ShippingShipsTheNextOne(Orders):
    async def change(self, order_id: str, change: OrderChange) -> Row:
        stored = await super().change(order_id, change)
        if change.status == Status.SHIPPED:
            for other in await self.express.list("Order", limit=1000, order_by="id"):
                if other["id"] != order_id:
                    await self.express.update("Order", other["id"], {"status": "shipped"})
        return stored


@planted_in_orders("changed-unsent-column", "PATCH /orders/{order_id}", Call("PATCH", "/orders/o1", {"quantity": 3}))
class APatchThatResets(Orders):
    async def change(self, order_id: str, change: OrderChange) -> Row:
        await self.found(order_id)
        await self.express.update("Order", order_id, change.model_dump(mode="json"))
        return await self.found(order_id)


@planted_in_orders(
    "changed-unsent-column", "PATCH /orders/{order_id}", Call("PATCH", "/orders/o1", {"status": "paid"}), by=by_litestar
)
class PayingClearsTheNote(Orders):
    async def change(self, order_id: str, change: OrderChange) -> Row:
        stored = await super().change(order_id, change)
        if change.model_fields_set == {"status"}:
            await self.express.update("Order", order_id, {"note": ""})
            stored = await self.found(order_id)
        return stored


@planted_in_orders(
    "success-wrote-nothing", "PATCH /orders/{order_id}", Call("PATCH", "/orders/o1", {"note": "late"}),
    also=["sent-not-stored"],
)  # fmt: skip
class AnUpdateWithAWrongFilter(Orders):
    async def change(self, order_id: str, change: OrderChange) -> Row:
        stored = await self.found(order_id)
        sent = change.model_dump(mode="json", exclude_unset=True)
        await self.express.update("Order", stored["customer_id"], sent)
        return await self.found(order_id)


# --- deletes ------------------------------------------------------------------------------------------


@planted_in_orders(
    "success-wrote-nothing", "DELETE /orders/{order_id}", Call("DELETE", "/orders/o1", None, 204), by=by_litestar
)
class ADeleteThatDeletesNothing(Orders):
    async def delete(self, order_id: str) -> None:
        row = await self.found(order_id)
        await self.express.delete("Order", row["customer_id"])


@planted_in_orders(
    "changed-another-row", "DELETE /orders/{order_id}", Call("DELETE", "/orders/o1", None, 204), also=IN_SEVERAL_WRITES
)
class DeletesAllOrdersOfTheCustomer(Orders):
    async def delete(self, order_id: str) -> None:
        row = await self.found(order_id)
        for each in await self.express.list("Order", {"customer_id": row["customer_id"]}, limit=1000):
            await self.express.delete("Order", each["id"])


@planted_in_orders(
    "found-after-delete", "GET /orders/{order_id}", Call("GET", "/orders/o1"), Call("DELETE", "/orders/o1", None, 204),
    Call("GET", "/orders/o1", None, 404), by=by_starlette, also=["answer-not-stored"],
)  # fmt: skip
class ShowsWhatIsDeleted(Orders):
    """What was read once is kept, and forgotten only by updates."""

    def __init__(self, db: Any) -> None:
        super().__init__(db)
        self.kept: dict[str, Row] = {}

    async def read(self, order_id: str) -> Row:
        if order_id not in self.kept:
            self.kept[order_id] = await super().read(order_id)
        return self.kept[order_id]

    async def replace(self, order_id: str, order: OrderIn) -> Row:
        self.kept.pop(order_id, None)
        return await super().replace(order_id, order)

    async def change(self, order_id: str, change: OrderChange) -> Row:
        self.kept.pop(order_id, None)
        return await super().change(order_id, change)


@planted_in_orders(
    "repeat-changed-more", "PUT /orders/{order_id}", Call("PUT", "/orders/o1", SMALL), Call("PUT", "/orders/o1", SMALL),
    also=IN_SEVERAL_WRITES,
)  # fmt: skip
class EachPutAddsALine(Orders):
    async def replace(self, order_id: str, order: OrderIn) -> Row:
        stored = await super().replace(order_id, order)
        await self.express.create("OrderLine", {"id": new_id(), "order_id": order_id, "product": "AB-1", "quantity": 1})
        return stored


class Cancelling(Orders):
    """Deleting twice is a success."""

    async def delete(self, order_id: str) -> None:
        row = await self.express.read("Order", order_id)
        if row is not None:
            await self.express.delete("Order", order_id)


@planted_in_orders(
    "repeat-changed-more", "DELETE /orders/{order_id}", Call("DELETE", "/orders/o1", None, 204),
    Call("DELETE", "/orders/o1", None, 204), by=by_litestar, also=IN_SEVERAL_WRITES,
)  # fmt: skip
class EachDeleteGivesCredit(Cancelling):
    async def delete(self, order_id: str) -> None:
        await super().delete(order_id)
        first = (await self.express.list("Customer", limit=1, order_by="id"))[0]
        await self.express.update("Customer", first["id"], {"credit": first["credit"] + 1})


# --- answers that do not fit their description --------------------------------------------------------


@planted_in_orders("response-schema", "GET /orders/{order_id}", Call("GET", "/orders/o1"), by=by_starlette)
class AQuantityAsText(Orders):
    async def read(self, order_id: str) -> Row:
        row = await self.found(order_id)
        return {**row, "quantity": f"{row['quantity']} pieces"}


@planted_in_orders("response-schema", "GET /orders", Call("GET", "/orders?offset=9000"), by=by_starlette)
class AnEmptyPageWithoutAList(Orders):
    async def page(self, limit: int, offset: int) -> Row:
        found = await super().page(limit, offset)
        return found if found["items"] else {"items": None, "total": found["total"]}


# --- writes that fail half-way ------------------------------------------------------------------------


class WithALine(Orders):
    """An order comes with a first line: taken back if the line cannot be stored."""

    async def store(self, order_id: str, order: OrderIn) -> Row:
        stored = await super().store(order_id, order)
        try:
            await self.first_line(order_id)
        except RuntimeError:
            await self.express.delete("Order", order_id)
            raise
        return stored

    async def first_line(self, order_id: str) -> None:
        line = {"id": new_id(), "order_id": order_id, "product": "AB-1", "quantity": 1}
        await self.express.create("OrderLine", line)


@planted_in_orders("failpoint-left-rows", "POST /orders", Call("POST", "/orders", SMALL, 201))
class HalfOfAnOrderStays(WithALine):
    async def store(self, order_id: str, order: OrderIn) -> Row:
        stored = await Orders.store(self, order_id, order)
        await self.first_line(order_id)
        return stored


@planted_in_orders("failpoint-ignored", "POST /orders", Call("POST", "/orders", SMALL, 201), by=by_litestar)
class ALineMayBeMissing(WithALine):
    async def first_line(self, order_id: str) -> None:
        await node("OrderLineCreateNode", id=new_id(), order_id=order_id, product="AB-1", quantity=1)


@planted_in_orders(
    "failpoint-left-rows", "POST /workflows/place_order/execute",
    Call("POST", "/workflows/place_order/execute", {"inputs": SMALL}), by=by_nexus, skip={"*": ["server-error"]},
)  # fmt: skip
class AHandlerThatLeavesHalf(WithALine):
    async def store(self, order_id: str, order: OrderIn) -> Row:
        stored = await Orders.store(self, order_id, order)
        await self.first_line(order_id)
        return stored


# --- values at the edges ------------------------------------------------------------------------------


@planted_in_orders(
    "edge-not-kept", "POST /orders", Call("POST", "/orders", {**SMALL, "note": "please drop table nine"}, 201),
    small=lambda body: body.keys() == {"customer_id", "quantity", "note"},
)  # fmt: skip
class TextThatDataFlowRewrites(Orders):
    async def store(self, order_id: str, order: OrderIn) -> Row:
        await node("OrderCreateNode", id=order_id, **order.model_dump(mode="json"))
        return await self.found(order_id)


@planted_in_orders(
    "edge-not-kept", "PUT /orders/{order_id}", Call("PUT", "/orders/o1", {**SMALL, "note": "x" * 90}), by=by_litestar,
    also=["sent-not-stored"],
)  # fmt: skip
class LongTextIsCut(Orders):
    async def replace(self, order_id: str, order: OrderIn) -> Row:
        return await super().replace(order_id, order.model_copy(update={"note": order.note[:80]}))


@planted_in_orders(
    "edge-not-kept", "POST /orders", Call("POST", "/orders", {**SMALL, "note": "Grüße"}, 201), by=by_starlette,
    also=["sent-not-stored"],
)  # fmt: skip
class OnlyAsciiIsKept(Orders):
    async def create(self, order: OrderIn) -> Row:
        kept = order.note.encode("ascii", "ignore").decode()
        return await super().create(order.model_copy(update={"note": kept}))


@planted_in_orders(
    "edge-not-kept", "PATCH /orders/{order_id}", Call("PATCH", "/orders/o1", {"note": "a\0b"}),
    also=["sent-not-stored"],
)  # fmt: skip
class CutAtTheFirstNul(Orders):
    async def change(self, order_id: str, change: OrderChange) -> Row:
        if "note" in change.model_fields_set:
            change = change.model_copy(update={"note": change.note.split("\0")[0]})
        return await super().change(order_id, change)


# --- sequences ----------------------------------------------------------------------------------------


@planted_in_orders(
    "success-wrote-nothing", "PUT /orders/{order_id}", Call("PUT", "/orders/o1", {**SMALL, "status": "shipped"}),
    Call("PUT", "/orders/o1", {**SMALL, "quantity": 8}), also=["sent-not-stored"],
)  # fmt: skip
class AShippedOrderDoesNotChange(Orders):
    """It says nothing of that: only what was shipped before is left as it is."""

    async def replace(self, order_id: str, order: OrderIn) -> Row:
        before = await self.found(order_id)
        return before if before["status"] == "shipped" else await super().replace(order_id, order)


@planted_in_orders(
    "server-error", "POST /orders", Call("DELETE", "/orders/o3", None, 204),
    Call("POST", "/orders", {"customer_id": "c2", "quantity": 1}, 201), by=by_starlette,
)  # fmt: skip
class NoOrdersNoAverage(Orders):
    """A customer's next order is compared with those before, and once they are deleted there is none."""

    async def create(self, order: OrderIn) -> Row:
        rows = await self.express.list("Order", {"customer_id": order.customer_id}, limit=1000)
        assert sum(row["quantity"] for row in rows) / len(rows) >= 0
        return await super().create(order)


@planted_in_orders(
    "answer-not-stored", "GET /orders/{order_id}", Call("GET", "/orders/o1"),
    Call("PATCH", "/orders/o1", {"quantity": 7}), Call("GET", "/orders/o1"),
)  # fmt: skip
class AReadOfYesterday(Orders):
    """What was read once is kept, and forgotten by a PUT and a DELETE, not by a PATCH."""

    def __init__(self, db: Any) -> None:
        super().__init__(db)
        self.kept: dict[str, Row] = {}

    async def read(self, order_id: str) -> Row:
        if order_id not in self.kept:
            self.kept[order_id] = await super().read(order_id)
        return self.kept[order_id]

    async def replace(self, order_id: str, order: OrderIn) -> Row:
        self.kept.pop(order_id, None)
        return await super().replace(order_id, order)

    async def delete(self, order_id: str) -> None:
        self.kept.pop(order_id, None)
        await super().delete(order_id)
