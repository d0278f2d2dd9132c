"""One row: the kit's verified `create` against the usual hand-written helper, in one run.

    python benchmarks/create.py [rounds]

The helper is what applications' tests contain today: a new AsyncLocalRuntime and a new WorkflowBuilder
for each row, nothing verified. Both store the same model in the same SQLite file, in turns, so that a
change of the machine's speed meets both.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from kailash_testkit import Kit
from kailash_testkit.databases.storage import RunFolder

ROWS_A_ROUND = 20


async def main(rounds: int) -> None:
    """Prints the median time of a row for each way, and their ratio."""
    folder = RunFolder()
    folder.create()
    try:
        await compare(folder.path / "bench.db", rounds)
    finally:
        folder.remove()


async def compare(file: Path, rounds: int) -> None:
    """Measures the ways in turns."""
    db = models(f"sqlite:///{file}")
    async with Kit(db) as kit:
        ways: dict[str, Callable[[int], Awaitable[object]]] = {
            "hand-written helper, runtime closed": lambda n: by_hand(n, close=True),
            "hand-written helper, runtime left open": lambda n: by_hand(n, close=False),
            "kit.create, verified": lambda n: kit.create("Order", id=f"kit-{n}"),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        numbers = iter(range(10**9))
        for turn in range(rounds + 1):
            for name, create in ways.items():
                started = time.perf_counter()
                for _ in range(ROWS_A_ROUND):
                    await create(next(numbers))
                if turn:  # the first turn warms up
                    times[name].append((time.perf_counter() - started) / ROWS_A_ROUND * 1000)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    ours = medians["kit.create, verified"]
    print(f"milliseconds a row, median of {rounds} rounds of {ROWS_A_ROUND} rows, SQLite")
    for name, median in medians.items():
        print(f"  {name:<40} {median:7.2f}   {median / ours:5.2f} x kit.create")


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
