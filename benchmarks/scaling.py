"""How the kit's cost follows the size of tables, the number of models, of changed rows, and of tests in a session.

    python benchmarks/scaling.py [--kinds sqlite,postgresql] [--small]

The first three are measured on a kit in this process, sizes in turns. The last is a pytest session of 10,000 tests on
SQLite and of 1,000 on a server, each with a row and a look at it: what a test takes, and what the process holds
(memory, objects, open files, threads, network connections, files beside its database) after 10, 100, 1,000 and 10,000
of them. ``--small``: a hundredth of everything, to try the script.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import logging
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from measuring import Figure, Target, in_turns, report, timed

from kailash_testkit import Kit
from kailash_testkit.databases.servers import started
from kailash_testkit.databases.storage import RunFolder
from kailash_testkit.errors import ServerUnavailable

FLAT = Target(1.5)  # of the smallest: medians of a busy machine differ by less than that


@dataclass(frozen=True)
class Sizes:
    rows: tuple[int, ...] = (100, 1_000, 10_000, 100_000, 1_000_000)
    models: tuple[int, ...] = (5, 20, 50, 100, 200)
    changed: tuple[int, ...] = (1, 10, 100, 1_000, 10_000)
    tests: int = 10_000
    rounds: int = 15


SMALL = Sizes(rows=(100, 1_000), models=(5, 10), changed=(1, 10), tests=100, rounds=2)


class Place:
    """A kind of database: makes databases one after the other, and connects to them as an application does."""

    def __init__(self, kind: str, folder: Path, server: Any) -> None:
        self.kind = kind
        self._folder = folder
        self._server = server
        self._made = 0

    def new_url(self) -> str:
        self._made += 1
        if self._server is None:
            return f"sqlite:///{self._folder}/scaling{self._made}.db"
        self._server.create(f"scaling{self._made}")
        url: str = self._server.url(f"scaling{self._made}")
        return url

    def connect(self, url: str) -> Callable[[str], object]:
        """Runs statements, each in a transaction of its own."""
        if self._server is None:
            return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None).execute
        connection = import_module("psycopg2").connect(url)
        connection.autocommit = True
        cursor: Any = connection.cursor()
        run: Callable[[str], object] = cursor.execute
        return run

    def numbers(self, count: int) -> str:
        """A table expression of the numbers to `count`, as column i of c."""
        if self._server is None:
            return f"WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {count})"
        return f"WITH c (i) AS (SELECT generate_series(1, {count}))"


@contextlib.contextmanager
def place(kind: str) -> Iterator[Place]:
    folder = RunFolder()
    folder.create()
    try:
        if kind == "sqlite":
            yield Place(kind, folder.path, None)
        else:
            with started(kind) as server:
                server.create("first")
                yield Place(kind, folder.path, server)
    finally:
        folder.remove()


class Application:
    """A DataFlow of some models, the first of whose tables has some rows, and a kit on it."""

    def __init__(self, place: Place, models: int, rows: int) -> None:
        from dataflow import DataFlow

        url = place.new_url()
        self.db: Any = DataFlow(url, cache_enabled=False, migration_enabled=False, pool_size=5)
        kinds = {"id": int, "name": str, "amount": float, "note": str}
        for number in range(models):
            self.db.model(type(f"Model{number}", (), {"__annotations__": kinds}))
        self.db.create_tables_sync()
        self.tables: list[str] = [self.db.get_model_info(f"Model{number}")["table_name"] for number in range(models)]
        self.run = place.connect(url)
        self._place = place
        for index, table in enumerate(self.tables[:10]):
            self.insert(table, rows if index == 0 else min(rows, 100))
        if place.kind != "sqlite":
            self.run("ANALYZE")
        self.kit = Kit.on_private_database(self.db, verify=False, late_models=lambda: None)

    def insert(self, table: str, count: int) -> None:
        """Rows, in one statement."""
        numbers = self._place.numbers(count)
        self.run(f"{numbers} INSERT INTO {table} (name, amount, note) SELECT 'n' || i, i / 7.0, '' FROM c")

    def fifteen_changes(self) -> None:
        """Five inserts, five updates and five deletes in the five first tables, of which one is large."""
        for table in self.tables[:5]:
            self.run(f"INSERT INTO {table} (name, amount, note) VALUES ('new', 1, '')")
            self.run(f"UPDATE {table} SET note = 'changed' WHERE id = 42")
            self.run(f"DELETE FROM {table} WHERE id = 43")

    def undo_of(self, change: Callable[[], None]) -> Callable[[], float]:
        """A round: the change, then the time of the undo alone."""

        def measured() -> float:
            change()
            return timed(self.kit.reset_sync)

        return measured


async def main(kinds: list[str], sizes: Sizes) -> None:
    """Prints a table for each dimension and kind of database."""
    for kind in kinds:
        try:
            with place(kind) as where:
                by_rows(where, sizes)
                await by_models(where, sizes)
                by_changes(where, sizes)
            held = session(kind, sizes.tests if kind == "sqlite" else min(sizes.tests, 1_000))
            if kind == "sqlite":
                report_kept(held, held_by_pytest(sizes.tests), sizes.tests)
        except ServerUnavailable as error:
            print(f"{kind}: {error.what}")


def milliseconds(times: dict[str, tuple[float, ...]], target: Target | None) -> list[Figure]:
    """Each size, compared with the smallest."""
    first = next(iter(times))
    return [
        Figure(name, "ms", tuple(1e3 * each for each in taken), *((None, None) if name == first else (first, target)))
        for name, taken in times.items()
    ]


def by_rows(where: Place, sizes: Sizes) -> None:
    """The same changes beside more and more rows."""
    apps = {f"{rows:,} rows": Application(where, 10, rows) for rows in sizes.rows}
    with contextlib.ExitStack() as stack:
        for app in apps.values():
            stack.enter_context(app.kit)
        undo = in_turns(sizes.rounds, {name: app.undo_of(app.fifteen_changes) for name, app in apps.items()}, warm=True)
    report(f"{where.kind}: undo of 15 changes, by rows of the largest table", milliseconds(undo, FLAT))


async def by_models(where: Place, sizes: Sizes) -> None:
    """The same changes, and a `create`, beside more and more models; and what opening the kit takes."""
    opening: dict[str, tuple[float, ...]] = {}
    creates: dict[str, list[float]] = {}
    apps: dict[str, Application] = {}
    with contextlib.ExitStack() as stack:
        for models in sizes.models:
            name = f"{models} models"
            apps[name] = Application(where, models, 100)
            opening[name] = (timed(lambda name=name: stack.enter_context(apps[name].kit)),)  # type: ignore[misc]
        undo = in_turns(sizes.rounds, {name: app.undo_of(app.fifteen_changes) for name, app in apps.items()}, warm=True)
        for turn in range(sizes.rounds + 1):
            for name, app in apps.items():
                create = app.kit.factory("Model0").create
                begun = asyncio.get_running_loop().time()
                await create()
                if turn:
                    creates.setdefault(name, []).append(asyncio.get_running_loop().time() - begun)
        for app in apps.values():
            await app.kit.reset()
            await app.kit.store.workflows.close()
            await app.db.cleanup_all_pools()
    report(f"{where.kind}: undo of 15 changes, by models", milliseconds(undo, FLAT))
    report(f"{where.kind}: a verified create, by models", milliseconds({n: tuple(t) for n, t in creates.items()}, FLAT))
    report(f"{where.kind}: opening the kit where the tables are there, once for a session, by models",
           milliseconds(opening, None))  # fmt: skip


def by_changes(where: Place, sizes: Sizes) -> None:
    """More and more inserted rows: what the undo takes for each."""
    app = Application(where, 10, 100)
    with app.kit:
        rounds = {
            f"{count:,} inserted rows": app.undo_of(lambda count=count: app.insert(app.tables[1], count))  # type: ignore[misc]
            for count in sizes.changed
        }
        times = in_turns(min(sizes.rounds, 7), rounds, warm=True)
    report(f"{where.kind}: undo, by inserted rows", milliseconds(times, None))
    largest = f"{sizes.changed[-1]:,} inserted rows"
    each = {largest: tuple(taken / sizes.changed[-1] for taken in times[largest])}
    report(f"{where.kind}: undo of {largest}, each", [
        Figure(largest, "us", tuple(1e6 * taken for taken in each[largest]))
    ])  # fmt: skip


# --- a session of many tests ---------------------------------------------------------------------------------

_MODELS = """
import os
from dataflow import DataFlow

db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False, migration_enabled=False, pool_size=5)


@db.model
class Item:
    id: str
    name: str
    amount: float
"""
_API = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def read(request):
    from items import db
    return JSONResponse((await db.express.read("Item", request.path_params["id"]))["name"])


app = Starlette(routes=[Route("/items/{id}", read)])
"""
_TESTS = """
import pytest
from kailash_testkit import Factory

items = Factory("Item")


@pytest.mark.parametrize("number", range({tests}))
async def test_item(kit, api, number):
    item = await items.create(name="tea")
    assert (await api.get(f"/items/{{item.id}}")).json() == "tea"
    assert await items.count() == 1
"""
_PLAIN_TESTS = """
import pytest


@pytest.fixture(scope="session")
def wide():
    return object()


@pytest.fixture
def narrow(wide):
    return wide


@pytest.mark.parametrize("number", range({tests}))
async def test_item(wide, narrow, number):
    assert narrow is wide
"""
_CONFTEST = """
import gc, json, os, threading, time
from pathlib import Path
import psutil
import pytest

POINTS = {points}
process = psutil.Process()
taken, held = [], {{}}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    begun = time.perf_counter()
    try:
        return (yield)
    finally:
        taken.append(time.perf_counter() - begun)
        if len(taken) in POINTS:
            gc.collect()
            held[len(taken)] = {{
                "resident memory": process.memory_info().rss / 2**20,
                "objects": len(gc.get_objects()),
                "open files": process.num_fds(),
                "threads": threading.active_count(),
                "connections": len(process.net_connections()),
                "files in its folder": sum(len(files) for _, _, files in os.walk(folder(item.config))),
            }}


def folder(config):
    if not config.pluginmanager.has_plugin("kailash_testkit"):
        return Path("/nowhere")
    from items import db
    url = db.config.database.url
    return Path(url.removeprefix("sqlite:///")).parent if url.startswith("sqlite") else Path("/nowhere")


def pytest_sessionfinish():
    Path("held.json").write_text(json.dumps({{"taken": taken, "held": held}}))
"""
_INI = """
[pytest]
pythonpath = .
asyncio_mode = auto
asyncio_default_fixture_loop_scope = session
asyncio_default_test_loop_scope = session
testkit_dataflow = items:db
testkit_app = items_api:app
log_level = CRITICAL
filterwarnings = ignore
"""


Held = dict[int, dict[str, float]]
"""What a process holds, by the number of tests that it has run."""


def session(kind: str, tests: int) -> Held:
    """A session of many tests: what each takes, and what the process holds at several points."""
    points, found = run_session(tests, _TESTS, [f"--testkit-database={kind}"])
    windows = {f"tests {first + 1:,} to {last:,}": found["taken"][first:last] for first, last in windows_of(points)}
    medians: dict[str, tuple[float, ...]] = {name: (statistics.median(taken),) for name, taken in windows.items()}
    report(f"{kind}: a test of a session of {tests:,}, by its place in it", milliseconds(medians, Target(1.2)))
    held: Held = {int(count): each for count, each in found["held"].items()}
    report_held(kind, tests, held)
    return held


def held_by_pytest(tests: int) -> Held:
    """The same of plain pytest, which keeps its reports, and a finalizer for each use of a wider fixture."""
    _, found = run_session(tests, _PLAIN_TESTS, ["-p", "no:kailash_testkit"])
    return {int(count): each for count, each in found["held"].items()}


def report_kept(ours: Held, plain: Held, tests: int) -> None:
    """What is kept of each test until the session ends, with the kit and without."""
    for what, unit, factor in (("objects", "", 1.0), ("resident memory", "kB", 1024.0)):
        first, last = sorted(ours)[-2:] if len(ours) > 1 else (0, max(ours))
        kept = {
            name: (factor * (held[last][what] - held[first][what]) / (last - first),)
            for name, held in (("plain pytest", plain), ("with the kit", ours))
        }
        figures = [Figure(name, unit, values) for name, values in kept.items()]
        report(f"{what} kept of each test, of a session of {tests:,}", figures)


def run_session(tests: int, text: str, options: list[str]) -> tuple[list[int], dict[str, Any]]:
    """Runs it; the points, and what its conftest wrote down."""
    points = [count for count in (10, 100, 1_000, 10_000) if count <= tests]
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "items.py").write_text(_MODELS)
        (project / "items_api.py").write_text(_API)
        (project / "conftest.py").write_text(_CONFTEST.format(points=points))
        (project / "test_items.py").write_text(text.format(tests=tests))
        (project / "pytest.ini").write_text(_INI)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "TESTKIT_"))}
        done = subprocess.run([*command, *options], cwd=project, env=kept, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"the session of {tests} tests failed:\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads((project / "held.json").read_text())
    return points, found


def windows_of(points: list[int]) -> list[tuple[int, int]]:
    """The tests between two points; the first ten start the application, and are left out."""
    return list(itertools.pairwise(points))


def report_held(kind: str, tests: int, held: dict[int, dict[str, float]]) -> None:
    """What the process holds after so many tests; from the second point on nothing may grow."""
    units = {"resident memory": "MB"}
    points = sorted(held)
    base = points[min(1, len(points) - 1)]
    figures: list[Figure] = []
    for what, there in held[base].items():
        for count in points:
            grown = count > base and there > 0
            by_pytest = what in ("resident memory", "objects")  # it keeps its reports: see `report_kept`
            against = (f"{what}, after {base:,} tests", None if by_pytest else Target(1.1)) if grown else (None, None)
            figures.append(
                Figure(f"{what}, after {count:,} tests", units.get(what, ""), (held[count][what],), *against)
            )
    report(f"{kind}: what the process of a session of {tests:,} tests holds", figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kinds", default="sqlite,postgresql")
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("PYTEST_CURRENT_TEST", "benchmark")  # as in a test, Kailash starts no analytics tasks
    os.chdir(tempfile.gettempdir())  # DataFlow leaves a folder where it is started
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    asyncio.run(main(given.kinds.split(","), SMALL if given.small else Sizes()))
