"""Orders with one fault each: what updates, deletions and series of requests do."""

from __future__ import annotations

from typing import Any

from corpus import node
from explored_app import Call, planted_in_orders
from explored_faults_in_orders import IN_SEVERAL_WRITES, SMALL
from explored_models import Row, Status, new_id
from explored_orders import OrderChange, OrderIn, Orders
from explored_serving import by_litestar, by_nexus, by_starlette

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
