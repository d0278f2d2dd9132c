"""Statements: a create, and the shop's suite, with all that is observed off and on, in one run.

    python benchmarks/queries.py [rounds]

A create is `db.express.create` of an application, on SQLite, within the context of a request; blocks with observation
off and on take turns, in processor time of all threads. The suite runs
each test of the example many times, each turn a pytest session of its own: with nothing observed, with statements and
N+1, with write coverage, and with all of it; sessions differ among themselves by more than that costs, so that what the
statements take is also measured within them. The last line grows a table.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from measuring import Figure, Target, compare, report
from shop_suite import TESTS, in_turns, project_in

REPEATS = 9  # of 12 tests: about 100
CREATES = 1500  # of each
PARTS = 5
"""The creates are parted by turns, so that there are several values."""
BLOCK = 150  # of these, before it is the other's turn
WARMING = 75  # of a block, not counted: to begin to observe makes Python forget what it had learnt

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
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_creates(Path(folder)))
        _suite(Path(folder), rounds)


async def _creates(folder: Path) -> None:
    from kailash_testkit import Kit
    from kailash_testkit.queries.repeats import RepeatLog

    db: Any = import_module("dataflow").DataFlow(
        f"sqlite:///{folder / 'creates.db'}", cache_enabled=False, migration_enabled=False
    )
    db.model(type("Order", (), {"__annotations__": {"id": int, "customer_id": str, "total": float}}))
    log = RepeatLog()
    log.mode = "report"
    async with Kit(db, allow_existing=True) as kit:

        async def create() -> None:
            await db.express.create("Order", {"customer_id": "a", "total": 1.0})

        spent: dict[str, list[float]] = {"off": [], "on": []}
        for turn in range(CREATES // BLOCK):
            for mode in spent if turn % 2 else reversed(spent):
                (log.start if mode == "on" else log.stop)()
                spent[mode] += [await _timed(create, turn * BLOCK + number) for number in range(BLOCK)][WARMING:]
            log.stop()
            await kit.reset()
        best = {mode: [1e6 * _best(spent[mode][start::PARTS]) for start in range(PARTS)] for mode in spent}
        title = f"a create, the best tenth of {CREATES // PARTS}, of the processor"
        named = {"statements not observed": best["off"], "observed": best["on"]}
        compare(title, named, unit="us", targets={"observed": Target(1.03)})
        started = time.perf_counter()
        await kit.grow("Order", 100_000)
        grown = time.perf_counter()
        await kit.reset()
        figures = Figure("grown", "s", (grown - started,)), Figure("taken back", "s", (time.perf_counter() - grown,))
        report("kit.grow(Order, 100_000)", figures)
    await db.close_async()


def _best(times: list[float]) -> float:
    return statistics.mean(sorted(times)[: len(times) // 10])


async def _timed(create: Callable[[], Awaitable[None]], number: int) -> float:
    """A create for a request of its own, as far as the log is concerned."""
    from kailash_testkit.asgi.timeline import CURRENT, TimedRequest

    token = CURRENT.set(TimedRequest(number, "POST", lambda: "POST /orders", None))
    started = time.process_time()
    await create()
    spent = time.process_time() - started
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
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
