"""Batches, graphs and values: the kit against what applications and other libraries do, side by side in one run.

    python benchmarks/factories.py [--large] [--url URL]

The hand-written helper is what applications' tests contain today: a new AsyncLocalRuntime and a new WorkflowBuilder
for each row, nothing verified. The bare BulkCreateNode stores the same rows as the kit, in one node, nothing
verified. All ways take turns. CPU time, except on a server, where the clock is taken. --large: batches of up to 100,000
rows. --url: another database than a SQLite file, which must be empty or the kit's.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from measuring import Target, compare

from kailash_testkit import Factory, Kit, related
from kailash_testkit.databases.storage import RunFolder

ROWS = 1000
ROUNDS = 5
Way = Callable[[], Awaitable[object]]


class Status(str, Enum):
    OPEN = "open"
    PAID = "paid"


async def main(url: str, *, large: bool) -> None:
    """Prints each comparison."""
    clock = time.process_time if url.startswith("sqlite") else time.perf_counter
    db = models(url)
    async with Kit(db, allow_existing=True) as kit:
        await batches(kit, clock)
        await graphs(kit, clock)
        if large:
            await sizes(kit, clock)
        values(kit)


def models(url: str) -> Any:
    """A DataFlow with three models, as applications have them."""
    from dataflow import DataFlow

    db: Any = DataFlow(url, cache_enabled=False)

    class Customer:
        id: str
        name: str

    class Order:
        id: str
        customer_id: str
        note: str
        quantity: int
        total: float
        paid: bool
        placed_at: datetime
        status: Status = Status.OPEN

    class Line:
        id: int
        order_id: str
        product: str
        quantity: int

    for model in (Customer, Order, Line):
        db.model(model)
    return db


async def batches(kit: Kit, clock: Callable[[], float]) -> None:
    """`create_many` of 1000 rows."""
    orders = kit.factory("Order")
    prepared = iter(_data(kit, ROUNDS + 1))
    ways: dict[str, tuple[int, Way]] = {
        "create_many, verified": (ROWS, lambda: orders.create_many(ROWS)),
        "bare BulkCreateNode, unverified": (ROWS, lambda: bare(kit, next(prepared))),
        "hand-written helper, runtime closed": (100, lambda: by_hand(kit, 100, close=True)),
        "hand-written helper, runtime left open": (100, lambda: by_hand(kit, 100, close=False)),
    }
    helper = Target(5, at="least")
    targets = {name: helper for name in ways if name.startswith("hand-written")}
    times = await in_turns(kit, clock, ways)
    compare(f"a row of {ROWS}, of 8 columns", times, to="create_many, verified", targets=targets)


def _data(kit: Kit, rounds: int) -> list[list[dict[str, Any]]]:
    """What the bare node is given: the same values as the kit's, made before the clock starts."""
    orders = kit.factory("Order", status="open")
    return [orders.build_many(ROWS) for _ in range(rounds)]


async def bare(kit: Kit, data: list[dict[str, Any]]) -> None:
    """One BulkCreateNode, its workflow built once, as a careful application runs it."""
    await kit.store.workflows.run(kit.store.model("Order"), "BulkCreate", {"data": data})


async def by_hand(kit: Kit, count: int, *, close: bool) -> None:
    """The helper that is found in applications' tests."""
    from kailash.runtime import AsyncLocalRuntime
    from kailash.workflow.builder import WorkflowBuilder

    for values in kit.factory("Order").build_many(count):
        workflow = WorkflowBuilder()
        workflow.add_node("OrderCreateNode", "create", {**values, "placed_at": values["placed_at"].isoformat()})
        runtime = AsyncLocalRuntime()
        await runtime.execute_workflow_async(workflow.build(), {})
        if close:
            runtime.close()


async def graphs(kit: Kit, clock: Callable[[], float]) -> None:
    """A graph of 10 x 10 x 10 rows, against one factory call for each row."""
    customers, orders, lines = (kit.factory(name) for name in ("Customer", "Order", "Line"))
    graph = customers.with_children(
        orders.using(customer_id=related(customers)).with_children(lines.using(order_id=related(orders)), 10), 10
    )

    async def one_by_one() -> None:
        for _ in range(10):
            customer = await customers.create()
            for _ in range(10):
                order = await orders.create(customer_id=customer.id)
                for _ in range(10):
                    await lines.create(order_id=order.id)

    async def by_factory() -> None:
        for customer in await customers.create_many(10):
            for order in await orders.create_many(10, customer_id=customer.id):
                await lines.create_many(10, order_id=order.id)

    ways: dict[str, tuple[int, Way]] = {
        "one planned graph": (1110, lambda: graph.create_many(10)),
        "a batch for each parent": (1110, by_factory),
        "factory by factory, row by row": (1110, one_by_one),
    }
    compare("a row of a graph of 10 x 10 x 10", await in_turns(kit, clock, ways, rounds=3), to="one planned graph")


async def sizes(kit: Kit, clock: Callable[[], float]) -> None:
    """The cost of a row does not grow with the batch."""
    customers = kit.factory("Customer")
    times: dict[str, list[float]] = {}
    for size in (100, 1000, 10_000, 100_000):
        started = clock()
        await customers.create_many(size)
        times[f"{size:,} rows"] = [(clock() - started) / size * 1000]
        await kit.reset()
    compare("a row of create_many, by the size of the batch", times)


async def in_turns(
    kit: Kit, clock: Callable[[], float], ways: dict[str, tuple[int, Way]], rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """The cost of a row, in milliseconds, of each way and round; the first turn warms up."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, (rows, way) in ways.items():
            gc.collect()
            started = clock()
            await way()
            if turn:
                taken[name].append((clock() - started) / rows * 1000)
        await kit.reset()
    return taken


# --- values ----------------------------------------------------------------------------------------


@dataclass
class PlainOrder:
    """The same order for polyfactory."""

    id: str
    customer_id: str
    note: str
    quantity: int
    total: float
    paid: bool
    placed_at: datetime
    status: Status


def values(kit: Kit) -> None:
    """Rows of values in a second of CPU time."""
    from faker import Faker
    from polyfactory.factories import DataclassFactory

    class PlainOrders(DataclassFactory[PlainOrder]):
        __model__ = PlainOrder

    faker = Faker()
    orders: Factory = kit.factory("Order", status="open")
    ways: dict[str, tuple[int, Callable[[int], object]]] = {
        "Factory.build_many": (20_000, orders.build_many),
        "polyfactory batch": (2_000, PlainOrders.batch),
        "Faker, a call for each field": (5_000, lambda count: [_faked(faker) for _ in range(count)]),
    }
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (count, make) in ways.items():
            started = time.process_time()
            make(count)
            costs[name].append((time.process_time() - started) / count * 1e6)
    compare("values of 8 fields, a row", costs, unit="us", targets={"polyfactory batch": Target(20, at="least")})


def _faked(faker: Any) -> tuple[object, ...]:
    return (
        faker.uuid4(), faker.uuid4(), faker.sentence(), faker.pyint(), faker.pyfloat(), faker.pybool(),
        faker.date_time(), faker.random_element(Status),
    )  # fmt: skip


if __name__ == "__main__":
    os.environ.setdefault("PYTEST_CURRENT_TEST", "benchmark")  # as in a test, Kailash starts no analytics tasks
    os.chdir(tempfile.gettempdir())  # DataFlow leaves a folder where it is started
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--url")
    chosen = parser.parse_args()
    folder = RunFolder()
    folder.create()
    try:
        asyncio.run(main(chosen.url or f"sqlite:///{folder.path / 'bench.db'}", large=chosen.large))
    finally:
        folder.remove()
