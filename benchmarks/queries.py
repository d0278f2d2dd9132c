"""Statements: a create, and the shop's suite, with all that is observed off and on, in one run.

    python benchmarks/queries.py [rounds]

A create is that of an application, on SQLite, within the context of a request, by express and by a workflow under
AsyncLocalRuntime. Sessions observe from their beginning to their end, so processes with observation off and on take
turns; to begin and to end within one makes Python forget what it had learnt of the classes. Processor time of all
threads. The suite runs each test of the example many times, each turn a pytest session of its own: with nothing
observed, with statements and N+1, with write coverage, and with all of it; sessions differ among themselves by more
than that costs, so that what the statements take is also measured within them. The last line grows a table.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from measuring import Figure, Target, compare, report
from shop_suite import TESTS, in_turns, project_in

REPEATS = 9  # of 12 tests: about 100
WAYS = ("express", "a workflow")
TURNS = 9  # processes of each
CREATES = 1500  # in each process, of each way
WARMING = 300  # of these, not counted
BLOCK = 150  # after which the rows are taken back

_MEASURING = """
from kailash_testkit.queries import recorder

ran = recorder._ran

def measured(statement):
    global within
    started = time.thread_time()
    ran(statement)
    within += time.thread_time() - started

recorder._ran = measured
"""


def main(rounds: int) -> None:
    """Prints all of it."""
    _quiet()
    with tempfile.TemporaryDirectory() as folder:
        _creates()
        asyncio.run(_grow(Path(folder)))
        _suite(Path(folder), rounds)


def _quiet() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def _creates() -> None:
    """Each way, in processes with observation off and on that take turns."""
    taken: dict[str, dict[str, list[float]]] = {way: defaultdict(list) for way in WAYS}
    for turn in range(TURNS):
        for mode in ("off", "on") if turn % 2 else ("on", "off"):
            done = subprocess.run([sys.executable, __file__, "one", mode], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr)
            for way, figure in zip(WAYS, done.stdout.split()[-len(WAYS) :], strict=True):
                taken[way][mode].append(float(figure))
    for way, found in taken.items():
        named = {"statements not observed": found["off"], "observed": found["on"]}
        title = f"a create by {way}, the best tenth of {CREATES - WARMING} in a process, of the processor"
        compare(title, named, unit="us", targets={"observed": Target(1.03)})


async def one(mode: str) -> None:
    """Prints what a create took in this process, by each way."""
    from kailash.runtime import AsyncLocalRuntime
    from kailash.workflow.builder import WorkflowBuilder

    from kailash_testkit.queries.repeats import RepeatLog

    log = RepeatLog()
    log.mode = "report"
    row = {"customer_id": "a", "total": 1.0}
    with tempfile.TemporaryDirectory() as folder:
        async with _orders(Path(folder)) as (db, kit), AsyncLocalRuntime() as runtime:
            builder = WorkflowBuilder()
            builder.add_node(db.get_node("OrderCreateNode"), "create", row)
            workflow = builder.build()
            ways: dict[str, Callable[[], Awaitable[Any]]] = {
                "express": lambda: db.express.create("Order", row),
                "a workflow": lambda: runtime.execute_workflow_async(workflow, {}),
            }
            if mode == "on":
                log.start()
            best: list[float] = []
            for way in WAYS:
                times: list[float] = []
                while len(times) < CREATES:
                    times += [await _timed(ways[way], len(times) + number) for number in range(BLOCK)]
                    await kit.reset()
                best.append(1e6 * _best(times[WARMING:]))
            log.stop()
    print(*best)


@asynccontextmanager
async def _orders(folder: Path) -> AsyncIterator[tuple[Any, Any]]:
    """A DataFlow with orders, and a kit on it."""
    from kailash_testkit import Kit

    db: Any = import_module("dataflow").DataFlow(
        f"sqlite:///{folder / 'orders.db'}", cache_enabled=False, migration_enabled=False
    )
    db.model(type("Order", (), {"__annotations__": {"id": int, "customer_id": str, "total": float}}))
    async with Kit(db, allow_existing=True) as kit:
        yield db, kit
    await db.close_async()


async def _grow(folder: Path) -> None:
    async with _orders(folder) as (_, kit):
        started = time.perf_counter()
        await kit.grow("Order", 100_000)
        grown = time.perf_counter()
        await kit.reset()
        figures = Figure("grown", "s", (grown - started,)), Figure("taken back", "s", (time.perf_counter() - grown,))
        report("kit.grow(Order, 100_000)", figures)


def _best(times: list[float]) -> float:
    return statistics.mean(sorted(times)[: len(times) // 10])


async def _timed(create: Callable[[], Awaitable[Any]], number: int) -> float:
    """A create for a request of its own, as far as the log is concerned."""
    from kailash_testkit.asgi.timeline import CURRENT, TimedRequest

    request = TimedRequest(number, "POST", lambda: "POST /orders", None)
    token = CURRENT.set(request)
    started = time.process_time()
    await create()
    request.seconds = spent = time.process_time() - started
    CURRENT.reset(token)
    return spent


def _suite(folder: Path, rounds: int) -> None:
    modes = {
        "all of it off": _options("off"),
        "statements and N+1": _options("report"),
        "write coverage": _options("off", "--testkit-coverage=term"),
        "all of it on": _options("report", "--testkit-coverage=term"),
    }
    spent = in_turns(project_in(folder), modes, rounds, REPEATS, _MEASURING)
    compare(f"processor time of about {TESTS * (REPEATS - 1)} tests", spent.seconds, unit="s")
    shares = tuple(100 * each for each in spent.shares["statements and N+1"])
    report("the share of the statements", [Figure("measured within the sessions", "%", shares)])


def _options(n_plus_one: str, *others: str) -> list[str]:
    return ["-o", f"testkit_n_plus_one={n_plus_one}", *others]


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        _quiet()
        asyncio.run(one(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
