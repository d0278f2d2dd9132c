"""Getting a clean database for the next test: the change journal against what applications do today, in one run.

    python benchmarks/isolation.py [rounds]

All ways have the same ten models on SQLite and the same fifteen changes to take back. They take turns, so that
a change of the machine's speed meets all of them; medians count. What the changes themselves cost is not
measured. Takes about a minute.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from measuring import Target, compare

from kailash_testkit import Kit
from kailash_testkit.databases.storage import RunFolder

MODELS = [f"Thing{number}" for number in range(10)]
SIZES = (100, 10_000, 1_000_000)
SEEDED = 1000  # rows in each table at the start of each test


async def main(rounds: int) -> None:
    """Prints three tables."""
    folder = RunFolder()
    folder.create()
    try:
        await compare_ways(folder.path, rounds)
        await compare_sizes(folder.path, 10 * rounds)
        await price_of_triggers(folder.path, 20 * rounds)
    finally:
        folder.remove()


def dataflow(file: Path) -> Any:
    """A DataFlow with ten models."""
    from dataflow import DataFlow

    db: Any = DataFlow(f"sqlite:///{file}", cache_enabled=False, migration_enabled=False)
    for name in MODELS:
        kinds = {"id": int, "name": str, "email": str, "amount": float, "note": str}
        db.model(type(name, (), {"__annotations__": kinds}))
    return db


class Application:
    """A DataFlow, its kit, and a connection on which the changes of a test are made."""

    def __init__(self, file: Path, sizes: list[int]) -> None:
        self.file = file
        self.db = dataflow(file)
        self.db.create_tables_sync()
        self.tables: list[str] = [self.db.get_model_info(name)["table_name"] for name in MODELS]
        with closing(sqlite3.connect(file)) as connection, connection:
            for table, size in zip(self.tables, sizes, strict=True):
                connection.execute(
                    f"WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {size}) "
                    f"INSERT INTO {table} (name, email, amount, note) "
                    "SELECT 'n' || i, i || '@example.org', i / 7.0, '' FROM c"
                )
        self.kit = Kit.on_private_database(self.db, verify=False, late_models=lambda: None)
        self.connection = sqlite3.connect(file, isolation_level=None)

    def fifteen_changes(self) -> None:
        """Five inserts, five updates and five deletes, among all ten tables."""
        for number in range(5):
            table, other = self.tables[number], self.tables[number + 5]
            self.connection.execute(f"INSERT INTO {table} (name, email, amount, note) VALUES ('new', '', 1, '')")
            self.connection.execute(f"UPDATE {other} SET note = 'changed' WHERE id = 42")
            self.connection.execute(f"DELETE FROM {table} WHERE id = 43")

    def hundred_inserts(self) -> None:
        """Each in a transaction of its own."""
        for number in range(100):
            self.connection.execute(
                f"INSERT INTO {self.tables[1]} (name, email, amount, note) VALUES ('new', '', ?, '')", (number / 7,)
            )

    def close(self) -> None:
        self.connection.close()


async def timed(act: Callable[[], Awaitable[object] | object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    result = act()
    if isinstance(result, Awaitable):
        await result
    return (time.perf_counter() - started) * 1000


# --- ways to a clean database ----------------------------------------------------------------------


async def compare_ways(folder: Path, rounds: int) -> None:
    """The journal, and what is found in applications' tests."""
    ours = Application(folder / "ours.db", [SEEDED] * 10)
    theirs = Others(folder)
    journal = "undo by the journal (kit.reset)"
    async with ours.kit as kit:
        ways: dict[str, tuple[Application, Callable[[], Awaitable[object] | object]]] = {
            journal: (ours, kit.reset),
            "copy of a template file (and no connection survives)": (theirs.app, theirs.copy),
            "DELETE of all tables (and the seeded rows are gone)": (theirs.app, theirs.empty),
            "one BulkDelete node per model (the same)": (theirs.app, theirs.bulk_delete),
            "a new DataFlow": (theirs.app, theirs.new_dataflow),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(rounds + 1):
            for name, (app, clean) in ways.items():
                theirs.restore()
                app.fifteen_changes()
                taken = await timed(clean)
                if turn:  # the first turn warms up
                    times[name].append(taken)
    for app in (ours, theirs.app):
        app.close()
    compare(f"a clean database after 15 changes; ten tables of {SEEDED:,} rows", times, to=journal)


class Others:
    """What applications do today, on a database without a kit."""

    def __init__(self, folder: Path) -> None:
        self.app = Application(folder / "theirs.db", [SEEDED] * 10)
        self._folder = folder
        self._template = folder / "template.db"
        self._made = 0
        with closing(sqlite3.connect(self._template)) as template:
            self.app.connection.backup(template)

    def restore(self) -> None:
        """The rows as they were, not on the clock."""
        with closing(sqlite3.connect(self._template)) as template:
            template.backup(self.app.connection)

    def copy(self) -> None:
        shutil.copyfile(self._template, self._folder / "copied.db")
        with closing(sqlite3.connect(self._folder / "copied.db")) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")

    def empty(self) -> None:
        with closing(sqlite3.connect(self.app.file)) as connection, connection:
            for name in self.app.tables:
                connection.execute(f"DELETE FROM {name}")

    async def bulk_delete(self) -> None:
        from kailash.runtime import AsyncLocalRuntime
        from kailash.workflow.builder import WorkflowBuilder

        async with AsyncLocalRuntime() as runtime:
            for name in MODELS:
                workflow = WorkflowBuilder()
                # By class: a name would mean the instance that registered the model last.
                node = self.app.db.get_node(f"{name}BulkDeleteNode")
                workflow.add_node(node, "delete", {"filter": {}, "confirmed": True})
                await runtime.execute_workflow_async(workflow.build(), {})
        for name in self.app.tables:
            assert self.app.connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)

    async def new_dataflow(self) -> None:
        self._made += 1
        db = dataflow(self._folder / f"new{self._made}.db")
        db.create_tables_sync()
        await db.close_async()


# --- sizes -----------------------------------------------------------------------------------------


async def compare_sizes(folder: Path, rounds: int) -> None:
    """Undo and ledger follow the number of changes, not the size of the tables."""
    apps = {size: Application(folder / f"size{size}.db", sizes(size)) for size in SIZES}
    undo: dict[int, list[float]] = {size: [] for size in SIZES}
    ledger: dict[int, list[float]] = {size: [] for size in SIZES}
    for app in apps.values():
        app.kit.open()
    for turn in range(rounds + 1):
        for size, app in apps.items():
            changes = app.kit.changes()
            entered = await timed(changes.__enter__)
            app.fifteen_changes()
            left = await timed(partial(changes.__exit__, None, None, None))
            assert len(changes) == 15
            undone = await timed(app.kit.reset_sync)
            if turn:
                undo[size].append(undone)
                ledger[size].append(entered + left)
    for app in apps.values():
        app.close()
        app.kit.close()
    for title, times in (("undo (kit.reset)", undo), ("ledger (with kit.changes())", ledger)):
        sized = {f"largest table {size:,} rows": taken for size, taken in times.items()}
        compare(f"{title} of 15 changes", sized, targets=dict.fromkeys(sized, Target(1, of="value")))


def sizes(size: int) -> list[int]:
    """One table of that size; ten of a million rows would take minutes to fill, and tell no more."""
    return [size] + [min(size, 10_000)] * 9


# --- triggers ----------------------------------------------------------------------------------------


async def price_of_triggers(folder: Path, rounds: int) -> None:
    """Two databases in turns, the journal's triggers dropped in one of them."""
    plain, recorded = (Application(folder / f"{name}.db", [SEEDED] * 10) for name in ("plain", "recorded"))
    without, with_triggers = "kit.create without triggers", "kit.create"
    ways = [(without, plain), (with_triggers, recorded)]
    creates: dict[str, list[float]] = {without: [], with_triggers: []}
    inserts: dict[str, list[float]] = {without: [], with_triggers: []}
    async with plain.kit, recorded.kit:
        recorded_triggers = drop_triggers(plain.connection)
        for turn in range(rounds + 1):
            for name, app in ways if turn % 2 else reversed(ways):  # who comes second finds things warm
                created = await timed(partial(app.kit.create, MODELS[0], name="a"))
                inserted = await timed(app.hundred_inserts)
                if turn:
                    creates[name].append(created)
                    inserts[name].append(inserted / 100)
    for app in (plain, recorded):
        app.close()
    compare("what the triggers cost a create", creates, targets={with_triggers: Target(1.08)})
    compare("what they cost one INSERT", inserts, unit="us", factor=1000)
    opened = {name: await openings(app.file) for name, app in ways}
    title = f"a new connection, as DataFlow makes one for each operation, reads the {recorded_triggers} triggers"
    compare(title, opened, unit="us", factor=1000)


async def openings(file: Path) -> list[float]:
    def look() -> None:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()

    return [await timed(look) for _ in range(200)]


def drop_triggers(connection: sqlite3.Connection) -> int:
    """Returns how many there were."""
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    return len(triggers)


if __name__ == "__main__":
    os.environ.setdefault("PYTEST_CURRENT_TEST", "benchmark")  # as in a test, Kailash starts no analytics tasks
    os.chdir(tempfile.gettempdir())  # DataFlow leaves a folder where it is started
    warnings.simplefilter("ignore")  # Kailash's, about nodes that are given by class
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
