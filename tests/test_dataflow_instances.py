"""What the kit assumes of DataFlow to notice an instance and keep it from its database, one test each.

Should a new DataFlow reach its database by another way, the test of that way fails: the file is there.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dataflow import DataFlow
from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from kailash_testkit.internals.dataflow_instances import guard, made_at, unguard, watch


class Refused(Exception):
    """What the check raises."""


class Shelf:
    """An instance that must not be used. uses: how often somebody tried."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "shelf.db"
        self.uses = 0
        self.db: Any = DataFlow(f"sqlite:///{self.file}", cache_enabled=False)
        guard(self.db, self._check)

        @self.db.model
        class Book:
            id: int
            title: str

    def _check(self) -> None:
        self.uses += 1
        raise Refused


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    assert (shelf.uses, shelf.file.exists()) == (0, False), "making an instance and a model touches no database"
    yield shelf
    shelf.db.close()


async def node(db: Any, kind: str, values: dict[str, Any]) -> Any:
    workflow = WorkflowBuilder()
    workflow.add_node(db.get_node(f"Book{kind}"), "node", values)
    async with AsyncLocalRuntime() as runtime:
        return await runtime.execute_workflow_async(workflow.build(), {})


async def node_by_name(db: Any) -> Any:
    workflow = WorkflowBuilder()
    workflow.add_node("BookCreateNode", "node", {"title": "a"})
    async with AsyncLocalRuntime() as runtime:
        return await runtime.execute_workflow_async(workflow.build(), {})


async def transaction(db: Any) -> None:
    async with db.transactions.begin() as open_transaction:
        await open_transaction.execute_raw("CREATE TABLE book (title text)")


def transaction_sync(db: Any) -> None:
    with db.transactions_sync.begin() as open_transaction:
        open_transaction.execute_raw("CREATE TABLE book (title text)")


async def connection(db: Any) -> None:
    async with db.get_connection() as opened:
        await opened.execute("CREATE TABLE book (title text)")


Use = Callable[[Any], Any]
NODES: dict[str, dict[str, Any]] = {
    "CreateNode": {"title": "a"},
    "ReadNode": {"id": 1},
    "UpdateNode": {"filter": {"id": 1}, "fields": {"title": "b"}},
    "DeleteNode": {"id": 1},
    "ListNode": {},
    "CountNode": {},
    "UpsertNode": {"where": {"id": 1}, "update": {"title": "b"}, "create": {"title": "a"}},
    "BulkCreateNode": {"data": [{"title": "a"}]},
    "BulkUpdateNode": {"filter": {"id": 1}, "update": {"title": "b"}},
    "BulkDeleteNode": {"filter": {"id": 1}},
    "BulkUpsertNode": {"data": [{"id": 1, "title": "a"}]},
}
USES: dict[str, Use] = {
    **{
        kind: lambda db, kind=kind, values=values: asyncio.run(node(db, kind, values))  # type: ignore[misc]
        for kind, values in NODES.items()
    },
    "a node by its name": lambda db: asyncio.run(node_by_name(db)),
    "express.create": lambda db: asyncio.run(db.express.create("Book", {"title": "a"})),
    "express.list": lambda db: asyncio.run(db.express.list("Book")),
    "express_sync.create": lambda db: db.express_sync.create("Book", {"title": "a"}),
    "initialize": lambda db: asyncio.run(db.initialize()),
    "start": lambda db: asyncio.run(db.start()),
    "create_tables": lambda db: db.create_tables(),
    "create_tables_sync": lambda db: db.create_tables_sync(),
    "create_tables_async": lambda db: asyncio.run(db.create_tables_async()),
    "auto_migrate": lambda db: asyncio.run(db.auto_migrate()),
    "transactions.begin": lambda db: asyncio.run(transaction(db)),
    "transactions_sync.begin": lambda db: transaction_sync(db),
    "get_connection": lambda db: asyncio.run(connection(db)),
    "health_check": lambda db: db.health_check(),
}


@pytest.mark.filterwarnings("ignore:SDK node detected")
@pytest.mark.parametrize("use", USES)
def test_each_use_is_noticed_and_prevented(shelf: Shelf, use: str) -> None:
    try:
        USES[use](shelf.db)
    except Exception as error:  # nodes wrap it in whatever they raise, or only report it
        print(f"{type(error).__name__}: {error}")
    assert shelf.uses
    assert not shelf.file.exists()


def test_what_express_is_refused_reaches_the_caller(shelf: Shelf) -> None:
    with pytest.raises(Refused):
        asyncio.run(shelf.db.express.create("Book", {"title": "a"}))


def test_an_instance_can_be_used_again(shelf: Shelf) -> None:
    unguard(shelf.db)
    unguard(shelf.db)
    assert shelf.db.create_tables_sync()
    assert shelf.file.exists()
    assert not shelf.uses


def test_instances_are_noticed_when_they_are_made_and_before(tmp_path: Path) -> None:
    before = DataFlow(f"sqlite:///{tmp_path}/before.db", cache_enabled=False)
    original = DataFlow.__init__
    noticed: list[Any] = []
    end = watch(noticed.append)
    try:
        assert any(each is before for each in noticed)
        after = DataFlow(f"sqlite:///{tmp_path}/after.db", cache_enabled=False)
        assert noticed[-1] is after
        assert str(made_at(after)).startswith(f"{__file__}:")

        class Own(DataFlow):
            def __init__(self) -> None:
                super().__init__(f"sqlite:///{tmp_path}/own.db", cache_enabled=False)

        own = Own()
        assert noticed[-1] is own
    finally:
        end()
    assert DataFlow.__init__ is original
    later = DataFlow(f"sqlite:///{tmp_path}/later.db", cache_enabled=False)
    assert not any(each is later for each in noticed)


def test_watching_waits_for_dataflow_and_imports_nothing() -> None:
    script = """
        import inspect, sys
        from kailash_testkit.internals.dataflow_instances import watch
        noticed = []
        end = watch(noticed.append)
        assert "dataflow" not in sys.modules and "kailash" not in sys.modules
        from dataflow import DataFlow
        db = DataFlow("sqlite:///never.db", cache_enabled=False)
        assert noticed == [db]
        assert "class DataFlow" in inspect.getsource(sys.modules["dataflow.core.engine"])
        assert "database_url" in inspect.signature(DataFlow).parameters
        end()
        assert not any(type(each).__name__ == "ImportHook" for each in sys.meta_path)
        print("noticed")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stdout == "noticed\n", done.stderr
