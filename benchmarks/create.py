"""Rows: the kit's verified `create` and `create_many` against the usual hand-written helper and the nodes alone.

    python benchmarks/create.py [rounds]

The helper is what applications' tests contain today: a new AsyncLocalRuntime and a new WorkflowBuilder
for each row, nothing verified. Both store the same model in the same SQLite file, in turns, so that a
change of the machine's speed meets both.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from measuring import Target, compare

from kailash_testkit import Kit
from kailash_testkit.databases.storage import RunFolder
from kailash_testkit.store.bulk import chunk_size

ROWS_A_ROUND = 20
ROWS_A_BATCH = 1000


async def main(rounds: int) -> None:
    """Prints the median time of a row for each way, and their ratio."""
    folder = RunFolder()
    folder.create()
    try:
        await measure(folder.path / "bench.db", rounds)
    finally:
        folder.remove()


async def measure(file: Path, rounds: int) -> None:
    """Measures the ways in turns."""
    db = models(f"sqlite:///{file}")
    async with Kit(db) as kit:
        ways: dict[str, Callable[[int], Awaitable[object]]] = {
            "hand-written helper, runtime closed": lambda n: by_hand(n, close=True),
            "hand-written helper, runtime left open": lambda n: by_hand(n, close=False),
            "CreateNode alone, runtime and workflow kept": lambda n: alone(kit, {"id": f"node-{n}"}),
            "kit.create, verified": lambda n: kit.create("Order", id=f"kit-{n}"),
        }
        await many(kit, rounds)
        times: dict[str, list[float]] = {name: [] for name in ways}
        numbers = iter(range(10**9))
        for turn in range(rounds + 1):
            for name, create in ways.items():
                started = time.perf_counter()
                for _ in range(ROWS_A_ROUND):
                    await create(next(numbers))
                if turn:  # the first turn warms up
                    times[name].append((time.perf_counter() - started) / ROWS_A_ROUND * 1000)
    ours, node = "kit.create, verified", "CreateNode alone, runtime and workflow kept"
    targets = {name: Target(1.0, at="least") for name in ways if name.startswith("hand-written")}
    compare(f"a row, in rounds of {ROWS_A_ROUND}, SQLite", times, to=ours, targets=targets)
    bare = {name: times[name] for name in (node, ours)}
    compare("the same, beside its node", bare, to=node, targets={ours: Target(1.08)})


async def alone(kit: Kit, values: dict[str, object]) -> None:
    """What a row costs in Kailash and DataFlow at least."""
    await kit.store.workflows.run(kit.store.model("Order"), "Create", {**values, "customer_id": "customer"})


async def many(kit: Kit, rounds: int) -> None:
    """A batch against BulkCreateNode, given the same rows in the same chunks."""
    orders, model = kit.factory("Order"), kit.store.model("Order")
    batches = iter(range(10**9))

    async def nodes() -> None:
        batch = next(batches)
        given = {"customer_id": "customer", "status": "open", "total": 0.0, "paid": False}
        rows: list[dict[str, object]] = [{"id": f"bulk-{batch}-{n}", **given} for n in range(ROWS_A_BATCH)]
        size = chunk_size(len(rows[0]))
        for start in range(0, ROWS_A_BATCH, size):
            data = rows[start : start + size]
            await kit.store.workflows.run(model, "BulkCreate", {"data": data, "batch_size": len(data)})

    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "BulkCreateNode alone": nodes,
        "kit.create_many, verified": lambda: orders.create_many(ROWS_A_BATCH),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, create in ways.items():
            started = time.perf_counter()
            await create()
            if turn:
                times[name].append((time.perf_counter() - started) * 1000)
            await kit.reset()
    targets = {"kit.create_many, verified": Target(1.15)}
    compare(f"a batch of {ROWS_A_BATCH} rows, SQLite", times, to="BulkCreateNode alone", targets=targets)


def models(url: str) -> Any:
    """A DataFlow with one model, as applications have it."""
    from dataflow import DataFlow

    db: Any = DataFlow(url, cache_enabled=False)

    class Order:
        id: str
        customer_id: str
        status: str = "open"
        total: float = 0.0
        paid: bool = False

    db.model(Order)
    return db


async def by_hand(n: int, *, close: bool) -> None:
    """The helper that is found in applications' tests."""
    from kailash.runtime import AsyncLocalRuntime
    from kailash.workflow.builder import WorkflowBuilder

    workflow = WorkflowBuilder()
    workflow.add_node("OrderCreateNode", "create", {"id": f"hand-{n}", "customer_id": f"customer {n}"})
    runtime = AsyncLocalRuntime()
    await runtime.execute_workflow_async(workflow.build(), {})
    if close:
        runtime.close()


if __name__ == "__main__":
    os.environ.setdefault("PYTEST_CURRENT_TEST", "benchmark")  # as in a test, Kailash starts no analytics tasks
    os.chdir(tempfile.gettempdir())  # DataFlow leaves a folder where it is started
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
