"""What DataFlow really does, pinned: each test names a behaviour that the kit relies on or works around.

When one fails after an upgrade of kailash or kailash-dataflow, the behaviour has changed: look up who
relies on it (the comment above the test), adapt that, then this file. No kit is used here, only DataFlow.
"""

# ruff: noqa: UP045 - types are written in every way that applications write them

from __future__ import annotations

import json
import os
import textwrap
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Optional

import pytest
from kailash.runtime import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from sample_app import Colour, Status, make_db, register
from warm_python import WarmPython

from kailash_testkit.internals import releases
from kailash_testkit.internals.dataflow_loops import close_in_running_loop

pytestmark = pytest.mark.databases("sqlite")

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    db = make_db(tmp_path_factory.mktemp("facts") / "facts.db")
    register(db, "Item", id=int, name=str, size=(int, 0))
    register(db, "Keyed", id=str, name=str)
    register(db, "Uniq", id=int, code=str, config={"indexes": [{"name": "uc", "fields": ["code"], "unique": True}]})
    register(db, "Typed", id=int, flag=bool, numbers=list[int], data=(bytes | None, None), colour=(Colour, Colour.RED))
    register(db, "Filtered", id=int, maybe=(Optional[str], None), name=str)
    register(db, "Strict", id=int, text=Optional[str])
    register(db, "Booking", id=int, name=str, status=(Status, Status.OPEN))
    register(db, "Bulk", id=int, name=str, note=(str, ""))
    register(db, "Holiday", id=int, day=date)
    register(db, "Hidden", id=int, name=str, config={"soft_delete": True})
    register(db, "Wordy", id=str, values=str)
    assert db.create_tables_sync()
    yield db
    db.close()


@pytest.fixture
async def run(db: Any) -> AsyncIterator[Run]:
    """Runs one node: ``await run("ItemCreateNode", name="a")``, on ``db`` unless told otherwise."""
    used = [db]

    async def run(node: str, dataflow: Any = db, by_name: bool = False, **inputs: Any) -> dict[str, Any]:
        if dataflow not in used:
            used.append(dataflow)
        builder = WorkflowBuilder()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            builder.add_node(node if by_name else dataflow.get_node(node), "node", {})
        async with AsyncLocalRuntime() as runtime:
            results, _ = await runtime.execute_workflow_async(builder.build(), {"node": inputs})
        result: dict[str, Any] = results["node"]
        return result

    yield run
    for dataflow in used:
        await close_in_running_loop(dataflow)


@pytest.fixture
def stored(db: Any) -> Callable[[str], list[Any]]:
    return lambda statement: rows_of(db, statement)


def rows_of(db: Any, statement: str) -> list[Any]:
    import sqlite3

    connection = sqlite3.connect(db.config.database.url.removeprefix("sqlite:///"))
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


# --- silent failures: Workflows and Store check every result ---------------------------------------


async def test_create_node_reports_a_unique_violation_as_success_false(run: Run) -> None:
    await run("UniqCreateNode", code="a")
    result = await run("UniqCreateNode", code="a")
    assert result["success"] is False
    assert "UNIQUE constraint failed: uniqs.code" in result["error"]


async def test_create_node_reports_a_missing_required_field_as_success_false(run: Run) -> None:
    result = await run("ItemCreateNode", size=1)
    assert result["success"] is False
    assert "MISSING_PARAMETER" in result["error"]
    assert "field_name: name" in result["error"]


async def test_create_node_echoes_an_unknown_field_and_stores_nothing_for_it(run: Run) -> None:
    result = await run("ItemCreateNode", name="a", colour="red")
    assert result["colour"] == "red"
    assert "success" not in result or result["success"]


async def test_create_node_does_not_check_or_convert_runtime_inputs(run: Run, stored: Any) -> None:
    await run("ItemCreateNode", name="untyped", size="big")
    assert stored("SELECT size FROM items WHERE name = 'untyped'") == [("big",)]


async def test_create_node_returns_no_automatic_id_on_sqlite(run: Run) -> None:
    assert "id" not in await run("ItemCreateNode", name="a")


async def test_create_node_stores_null_for_a_text_id_that_is_not_given(run: Run, stored: Any) -> None:
    await run("KeyedCreateNode", name="keyless")
    assert stored("SELECT id FROM keyeds WHERE name = 'keyless'") == [(None,)]


async def test_create_node_discards_a_given_created_at(run: Run, stored: Any) -> None:
    await run("ItemCreateNode", name="old", created_at="2001-01-01")
    ((created_at,),) = stored("SELECT created_at FROM items WHERE name = 'old'")
    assert not created_at.startswith("2001")


async def test_create_node_stores_a_date_and_then_raises(run: Run, stored: Any) -> None:
    with pytest.raises(Exception, match="JSON-serializable"):
        await run("HolidayCreateNode", day=date(2025, 1, 2))
    assert stored("SELECT day FROM holidays") == [("2025-01-02",)]


async def test_update_node_says_updated_for_a_missing_id(run: Run) -> None:
    result = await run("ItemUpdateNode", filter={"id": 999_999}, fields={"name": "x"})
    assert result["updated"] is True
    assert result["rows_affected"] == 0


async def test_update_node_changes_a_given_id(run: Run, stored: Any) -> None:
    await run("KeyedCreateNode", id="before", name="moving")
    await run("KeyedUpdateNode", filter={"id": "before"}, fields={"id": "after"})
    assert stored("SELECT id FROM keyeds WHERE name = 'moving'") == [("after",)]


async def test_update_node_fails_for_an_enum_member_that_create_node_takes(run: Run, stored: Any) -> None:
    await run("TypedCreateNode", id=50, flag=True, numbers=[], colour=Colour.GREEN)
    assert stored("SELECT colour FROM typeds WHERE id = 50") == [("Colour.GREEN",)]
    with pytest.raises(Exception, match="'Colour' is not supported"):
        await run("TypedUpdateNode", filter={"id": 50}, fields={"colour": Colour.RED})


async def test_read_node_raises_for_a_missing_row_with_terminal_codes_unless_told_otherwise(run: Run) -> None:
    with pytest.raises(Exception, match="not found"):
        await run("ItemReadNode", id=999_999)
    assert (await run("ItemReadNode", id=999_999, raise_on_not_found=False))["found"] is False


async def test_bulk_create_node_takes_its_columns_from_the_first_row(run: Run, stored: Any) -> None:
    await run("BulkBulkCreateNode", data=[{"name": "first"}, {"name": "second", "note": "lost"}])
    assert stored("SELECT name, note FROM bulks ORDER BY id") == [("first", ""), ("second", "")]


async def test_bulk_create_node_stores_the_text_of_a_str_enum_default(run: Run, stored: Any) -> None:
    await run("BookingCreateNode", name="one")
    await run("BookingBulkCreateNode", data=[{"name": "bulk"}])
    assert stored("SELECT name, status FROM bookings ORDER BY id") == [("one", "open"), ("bulk", "Status.OPEN")]


# --- values on their way: models.types decodes, Store compares -------------------------------------


async def test_values_are_stored_otherwise_on_sqlite(run: Run, stored: Any) -> None:
    await run("TypedCreateNode", id=60, flag=True, numbers=[1], data=b"x")
    assert stored("SELECT flag, numbers, data, colour FROM typeds WHERE id = 60") == [(1, "[1]", "b'x'", "Colour.RED")]


async def test_optional_without_a_default_is_not_null(stored: Any) -> None:
    ((statement,),) = stored("SELECT sql FROM sqlite_master WHERE name = 'stricts'")
    assert '"text" TEXT NOT NULL' in statement


# dataflow_internals.rewrites_text knows the patterns.
async def test_the_sanitiser_rewrites_texts_of_create_node_and_filters_but_not_of_update_node(
    run: Run, stored: Any
) -> None:
    await run("ItemCreateNode", id=70, name="select * from x")
    assert stored("SELECT name FROM items WHERE id = 70") == [("SELECT_FROM x",)]
    await run("ItemUpdateNode", filter={"id": 70}, fields={"name": "select * from x"})
    assert stored("SELECT name FROM items WHERE id = 70") == [("select * from x",)]
    for node, found in (("ItemListNode", "records"), ("ItemCountNode", "count")):
        assert not (await run(node, filter={"name": "select * from x"}))[found]


async def test_a_callable_default_makes_create_node_impossible(new_db: Any) -> None:
    db = new_db()
    register(db, "Visit", id=int, at=(datetime, datetime.now))
    with pytest.raises(Exception, match="Configuration parameter 'at' must be of type datetime"):
        add_node(db.get_node("VisitCreateNode"), {})
    add_node(db.get_node("VisitCreateNode"), {"at": datetime(2025, 1, 1)})


def add_node(node: Any, configuration: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        builder = WorkflowBuilder()
        builder.add_node(node, "node", configuration)
        return builder.build()


async def test_adding_a_node_class_warns_without_reason(db: Any) -> None:
    with pytest.warns(UserWarning, match="SDK node detected"):
        WorkflowBuilder().add_node(db.get_node("ItemCreateNode"), "node", {})


# --- reads: filters and Store ask for more --------------------------------------------------------


async def test_list_node_returns_ten_rows_newest_first_unless_told_otherwise(run: Run) -> None:
    for n in range(12):
        await run("FilteredCreateNode", name=f"n{n}", maybe=None if n else "x")
    listed = await run("FilteredListNode", enable_cache=False)
    assert [row["name"] for row in listed["records"]] == [f"n{n}" for n in range(11, 1, -1)]
    assert (await run("FilteredCountNode"))["count"] == 12
    await check_filters(run)


async def check_filters(run: Run) -> None:
    async def found(**conditions: Any) -> int:
        result = await run("FilteredListNode", filter=conditions, limit=100, enable_cache=False)
        return len(result["records"])

    assert await found(maybe={"$ne": None}) == 1
    assert await found(maybe={"$null": True}) == 11
    assert await found(maybe={"$null": False}) == 11, "right would be 1"
    assert await found(maybe={"$in": [None, "x"]}) == 1, "right would be 12"
    assert await found(nmae="n1") == 0, "right would be an error"


async def test_list_node_takes_a_descending_order_by_a_minus(run: Run) -> None:
    for size in (5, 7, 6):
        await run("ItemCreateNode", name="ordered", size=size)
    listed = await run("ItemListNode", filter={"name": "ordered"}, order_by=["-size"], enable_cache=False)
    assert [row["size"] for row in listed["records"]] == [7, 6, 5]


# --- which database: Workflows adds nodes by class ------------------------------------------------


async def test_a_node_by_name_goes_to_the_instance_that_registered_the_name_last(run: Run, new_db: Any) -> None:
    first, last = new_db("first"), new_db("last")
    name = f"Pair{uuid.uuid4().hex[:6]}"
    for one in (first, last):
        register(one, name, id=int, text=str)
        assert one.create_tables_sync()
    table = first.get_model_info(name)["table_name"]
    await run(f"{name}CreateNode", dataflow=last, by_name=True, text="by name")
    await run(f"{name}CreateNode", dataflow=first, text="by class")
    assert rows_of(first, f"SELECT text FROM {table}") == [("by class",)]
    assert rows_of(last, f"SELECT text FROM {table}") == [("by name",)]


# databases.sqlite.file_of refuses relative URLs.
@pytest.mark.skipif(not os.access("/", os.W_OK), reason="needs to write to / as the nodes of a relative URL do")
async def test_a_relative_sqlite_url_makes_tables_here_and_rows_in_the_root(
    run: Run, db_at: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"kailash-testkit-fact-{uuid.uuid4().hex}.db"
    db = db_at(f"sqlite:///{name}", auto_migrate=False)
    register(db, "Lost", id=int, text=str)
    try:
        assert db.create_tables_sync()
        assert rows_in(tmp_path / name) == "table without rows"
        result = await run("LostCreateNode", dataflow=db, text="x")
        assert result["success"] is False
        assert "no such table" in result["error"]
        assert rows_in(Path("/", name)) == "no table"
    finally:
        await close_in_running_loop(db)
        remove_from_root(name)


def remove_from_root(name: str) -> None:
    for left in Path("/").glob(f"{name}*"):
        left.unlink()


def rows_in(path: Path) -> str:
    import sqlite3

    assert path.exists()
    connection = sqlite3.connect(path)
    try:
        return "rows" if connection.execute("SELECT * FROM losts").fetchall() else "table without rows"
    except sqlite3.OperationalError:
        return "no table"
    finally:
        connection.close()


# --- tenants: Store passes no tenant's id ---------------------------------------------------------


async def test_a_declared_tenant_id_must_be_given_and_must_not_be_the_tenants(run: Run, new_db: Any) -> None:
    db = new_db(multi_tenant=True)
    register(db, "Owned", id=int, tenant_id=str)
    assert db.create_tables_sync()
    db.tenant_context.register_tenant("acme", "acme")
    with db.tenant_context.switch("acme"):
        assert (await run("OwnedCreateNode", dataflow=db))["success"] is False
        assert (await run("OwnedCreateNode", dataflow=db, tenant_id="acme"))["success"] is False
        await run("OwnedCreateNode", dataflow=db, tenant_id="")
    assert rows_of(db, "SELECT tenant_id FROM owneds") == [("acme",)]


# --- connections and caches: dataflow_internals ----------------------------------------------------


async def test_what_dataflow_keeps_per_event_loop_is_where_the_kit_looks_for_it(run: Run, db: Any) -> None:
    await run("ItemCreateNode", name="a")
    import asyncio

    loop_id = id(asyncio.get_running_loop())
    assert any(made_in == loop_id for _, made_in in db._async_sql_node_cache.values())
    await close_in_running_loop(db)
    assert not any(made_in == loop_id for _, made_in in db._async_sql_node_cache.values())


_LEAK = """
    import asyncio, gc, os, sys
    from dataflow import DataFlow
    from kailash.runtime import AsyncLocalRuntime
    from kailash.workflow.builder import WorkflowBuilder

    path = sys.argv[1]
    db = DataFlow(f"sqlite:///{path}", cache_enabled=False, migration_enabled=False)

    @db.model
    class Item:
        id: int
        name: str

    db.create_tables_sync()

    def open_files():
        links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
        return sum(os.readlink(link) == path for link in links if os.path.exists(link))

    async def create(runtime, name):
        builder = WorkflowBuilder()
        builder.add_node("ItemCreateNode", "node", {"name": name})
        await runtime.execute_workflow_async(builder.build(), {})

    async def main():
        async with AsyncLocalRuntime() as runtime:
            for n in range(12):
                await create(runtime, f"one{n}")
            in_turn = open_files()
            await asyncio.gather(*(create(runtime, f"all{n}") for n in range(12)))
            print(in_turn, open_files(), flush=True)

    asyncio.run(main())
    os._exit(0)
"""


# databases.sqlite.Database.serial_writes: the kit writes one row after the other, whatever the release.
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
def test_concurrent_creates_leak_connections_on_sqlite(warm_python: WarmPython, tmp_path: Path) -> None:
    """They share one transaction depth in kailash's SQLite adapter, and all but the outermost are never closed."""
    script = tmp_path / "leak.py"
    script.write_text(textwrap.dedent(_LEAK))
    done = warm_python.run(str(script), str(tmp_path / "leak.db"), folder=tmp_path)
    in_turn, at_once = map(int, done.stdout.split()[-2:])
    assert in_turn <= 2, done.stderr
    leaks = at_once >= in_turn + 5
    assert leaks or not releases.CREATES_LEAK.holds(), "no leak any more: serial_writes may be dropped"


# --- where releases differ: internals.releases -----------------------------------------------------


async def test_soft_deletion_is_what_the_table_of_releases_says(run: Run, stored: Any) -> None:
    await run("HiddenCreateNode", id=1, name="a")
    listed = (await run("HiddenListNode", enable_cache=False))["records"]
    assert len(listed) == (await run("HiddenCountNode"))["count"] == releases.SOFT_DELETE.holds()
    await run("HiddenDeleteNode", filter={"id": 1})
    assert len(stored("SELECT * FROM hiddens")) == releases.SOFT_DELETE.holds()


async def test_read_node_returns_the_columns_that_the_table_of_releases_says(run: Run) -> None:
    await run("ItemCreateNode", id=80, name="read")
    assert ("created_at" in await run("ItemReadNode", id=80)) is releases.WHOLE_ROWS.holds()


async def test_bulk_create_node_quotes_names_since_the_release_in_the_table(run: Run, stored: Any) -> None:
    result = await run("WordyBulkCreateNode", data=[{"id": "a", "values": "x"}])
    assert (result.get("success") is not False) is releases.QUOTED_BATCHES.holds()
    assert len(stored("SELECT * FROM wordies")) == releases.QUOTED_BATCHES.holds()


def test_a_function_as_a_default_is_left_out_of_the_table_since_the_release_in_the_table(new_db: Any) -> None:
    db = new_db()
    register(db, "Visit", id=int, at=(datetime, datetime.now))
    written = "built-in" in db._generate_create_table_sql("Visit", "postgresql")
    assert written is not releases.FUNCTIONS_AS_DEFAULTS.holds()


def test_cached_results_on_a_redis_name_the_database_since_the_release_in_the_table() -> None:
    from dataflow.cache.key_generator import CacheKeyGenerator

    assert hasattr(CacheKeyGenerator(), "express_db_instance") is releases.OWN_CACHE_KEYS.holds()


# --- what is known of models: models.model ----------------------------------------------------------


def test_model_info_has_what_the_kit_reads(shop_db: Any) -> None:
    info = shop_db.get_model_info("Product")
    assert info["table_name"] == "products"
    assert info["config"]["soft_delete"] is True
    assert "created_at" not in info["fields"]
    assert shop_db.get_model_info("Entry")["append_only"] is True
    assert shop_db.get_model_info("Nope") is None
    assert shop_db.get_models()["Customer"]._dataflow is shop_db
    assert "default" not in info["fields"]["name"]
    assert json.dumps(sorted(info["fields"]["name"]))
