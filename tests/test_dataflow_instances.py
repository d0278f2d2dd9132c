"""What the kit assumes of DataFlow to notice an instance and keep it from its database, one test each.

Should a new DataFlow reach its database by another way, the test of that way fails: the file is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import inspect
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dataflow import DataFlow
from dataflow.core.config import DatabaseConfig, DataFlowConfig
from dataflow.fabric.config import DatabaseSourceConfig
from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from kailash_testkit.internals.dataflow_instances import choose, made_at, unchosen_urls, watch


class Refused(Exception):
    """What the check raises."""


def register(db: Any) -> None:
    @db.model
    class Book:
        id: int
        title: str


class Shelf:
    """An instance that must not be used. uses: how often somebody tried."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "shelf.db"
        self.uses = 0
        self.db: Any = DataFlow(f"sqlite:///{self.file}", cache_enabled=False)
        self.end = watch(self._check)

        register(self.db)

    def _check(self, dataflow: Any, opens_sources: bool) -> None:
        assert dataflow is self.db
        self.uses += 1
        raise Refused


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    assert (shelf.uses, shelf.file.exists()) == (0, False), "making an instance and a model touches no database"
    yield shelf
    shelf.end()
    shelf.db.close()


@pytest.fixture
def dataflows() -> Iterator[list[Any]]:
    """What a test makes, closed after it."""
    made: list[Any] = []
    yield made
    while made:
        made.pop().close()
    gc.collect()  # what DataFlow forgets is this test's, not the next one's


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


@pytest.mark.slow
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
    shelf.end()
    assert shelf.db.create_tables_sync()
    assert shelf.file.exists()
    assert not shelf.uses


def test_whoever_asks_for_its_methods_gets_what_dataflow_has(shelf: Shelf) -> None:
    """Frameworks ask whether a hook is to be awaited, and for its parameters."""
    watched = {name: getattr(shelf.db, name) for name in ("initialize", "create_tables_async", "create_tables_sync")}
    shelf.end()
    for name, method in watched.items():
        original = getattr(shelf.db, name)
        assert method != original
        assert inspect.iscoroutinefunction(method) == inspect.iscoroutinefunction(original)
        assert inspect.signature(method) == inspect.signature(original)
    assert copy.deepcopy(shelf.db).config.database.url == shelf.db.config.database.url


def test_instances_are_noticed_wherever_they_were_made(tmp_path: Path, dataflows: list[Any]) -> None:
    def made(name: str, kind: Any = DataFlow) -> Any:
        dataflows.append(kind(f"sqlite:///{tmp_path}/{name}.db", cache_enabled=False))
        return dataflows[-1]

    def use(db: Any) -> None:
        with pytest.raises(Refused):
            db.create_tables_sync()

    def refuse(dataflow: Any, opens_sources: bool) -> None:
        noticed.append(dataflow)
        raise Refused

    class Own(DataFlow):  # type: ignore[misc, unused-ignore]
        pass

    noticed: list[Any] = []
    before = made("before")
    original = DataFlow.__init__
    end = watch(refuse)
    try:
        after, own, copied = made("after"), made("own", Own), copy.copy(before)
        for db in (before, after, own, copied):
            use(db)
        thread = threading.Thread(target=use, args=[made("thread")])
        thread.start()
        thread.join()
        assert [each is db for each, db in zip(noticed, (before, after, own, copied), strict=False)] == [True] * 4
        assert len(noticed) == 5
        assert str(made_at(after)).startswith(f"{__file__}:")
        assert made_at(before) is None
    finally:
        end()
    assert DataFlow.__init__ is original
    made("later").create_tables_sync()
    assert len(noticed) == 5


def test_each_database_that_an_instance_may_connect_to_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataflows: list[Any]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    place = f"sqlite:///{tmp_path}"
    db: Any = DataFlow(f"{place}/a.db", read_url=f"{place}/replica.db", cache_enabled=False)
    dataflows.append(db)
    assert unchosen_urls(db) == [f"{place}/a.db", f"{place}/replica.db"]
    db.source("crm", DatabaseSourceConfig(url="postgresql://ada@crm.test:5432/crm"))
    assert unchosen_urls(db, with_sources=True)[2:] == ["postgresql://ada@crm.test:5432/crm"]
    choose(db)
    assert unchosen_urls(db) == [f"{place}/replica.db"]
    db.config.database.url = f"{place}/b.db"
    assert unchosen_urls(db) == [f"{place}/b.db", f"{place}/replica.db"]

    by_parts = DatabaseConfig(driver="postgresql", host="db.test", database="shop")
    dataflows.append(DataFlow(config=DataFlowConfig(database=by_parts), cache_enabled=False))
    assert "postgresql://db.test/shop" in unchosen_urls(dataflows[-1])


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")  # DataFlow's in memory; Python 3.13 says so
def test_an_instance_without_a_url_makes_its_tables_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataflows: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Its nodes work in memory, though; so the two are two databases."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/first.db")
    db: Any = DataFlow(cache_enabled=False)
    dataflows.append(db)
    assert unchosen_urls(db) == [":memory:", f"sqlite:///{tmp_path}/first.db"]
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/second.db")
    assert unchosen_urls(db) == [":memory:", f"sqlite:///{tmp_path}/second.db"]
    with contextlib.suppress(Exception):  # DataFlow finds the table in one and not in the other
        register(db)
        asyncio.run(db.express.create("Book", {"title": "a"}))
    caplog.clear()  # a traceback holds the connection
    assert "second.db" in [each.name for each in tmp_path.iterdir()]
    assert "first.db" not in [each.name for each in tmp_path.iterdir()]


def test_instances_are_noticed_when_they_are_made_and_before(tmp_path: Path) -> None:
    before = DataFlow(f"sqlite:///{tmp_path}/before.db", cache_enabled=False)
    noticed: list[Any] = []
    end = watch(lambda *_: None, noticed.append)
    try:
        assert any(each is before for each in noticed)
        after = DataFlow(f"sqlite:///{tmp_path}/after.db", cache_enabled=False)
        assert noticed[-1] is after
    finally:
        end()
    later = DataFlow(f"sqlite:///{tmp_path}/later.db", cache_enabled=False)
    assert not any(each is later for each in noticed)


@pytest.mark.slow
def test_watching_waits_for_dataflow_and_imports_nothing() -> None:
    script = """
        import inspect, sys
        from kailash_testkit.internals.dataflow_instances import watch
        def refuse(dataflow, opens_sources):
            noticed.append(dataflow)
            raise KeyError
        noticed = []
        end = watch(refuse)
        assert "dataflow" not in sys.modules and "kailash" not in sys.modules
        from dataflow import DataFlow
        db = DataFlow("sqlite:///never.db", cache_enabled=False)
        try:
            db.create_tables_sync()
        except KeyError:
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
