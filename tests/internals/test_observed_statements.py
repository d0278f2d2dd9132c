"""Which statements are observed, and what that assumes of Kailash, DataFlow and the drivers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiosqlite
import pytest
from faulty_shop import run
from kailash.runtime import AsyncLocalRuntime, LocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from kailash_testkit import Kit
from kailash_testkit.databases.urls import same_database
from kailash_testkit.internals import observed_statements
from kailash_testkit.internals.dataflow import close_sync_express, url_of
from kailash_testkit.internals.observed_statements import RanStatement, is_housekeeping, rows_of
from kailash_testkit.queries import Statement, recorder

NEW = {"customer_id": "a", "total": 1.0}


@pytest.fixture
def ran() -> Iterator[list[RanStatement]]:
    found: list[RanStatement] = []
    observed_statements.observe(found.append)
    yield found
    observed_statements.ignore(found.append)


def verbs(ran: list[RanStatement]) -> list[tuple[str, int | None]]:
    """The first word of each statement, and its number of rows."""
    found = [(each.text.split()[0], each.rows) for each in ran]
    ran.clear()
    return found


def workflow(kit: Kit, operation: str, **inputs: Any) -> Any:
    builder = WorkflowBuilder()
    with pytest.warns(UserWarning, match="SDK node"):
        builder.add_node(kit.dataflow.get_node(f"Order{operation}Node"), "node", inputs)
    return builder.build()


@pytest.mark.databases
async def test_each_node_runs_its_statements_through_an_adapter(shop_kit: Kit, ran: list[RanStatement]) -> None:
    node = shop_kit.dataflow.get_node
    await run(node("OrderCreateNode"), **NEW)
    (create,) = ran
    assert (create.text.split()[:2], create.rows, create.driver) == (["INSERT", "INTO"], 1, "")
    assert create.url is not None
    assert same_database(create.url, url_of(shop_kit.dataflow))
    assert 0 < create.seconds < 10
    ran.clear()
    await run(node("OrderBulkCreateNode"), data=[NEW, NEW, NEW])
    assert verbs(ran) in ([("INSERT", 3)], [("INSERT", None)])
    await run(node("OrderListNode"), filter={"customer_id": "a"}, limit=2)
    assert verbs(ran) == [("SELECT", 2)]
    await run(node("OrderCountNode"))
    assert verbs(ran) == [("SELECT", 1)]
    await run(node("OrderReadNode"), id=1)
    assert verbs(ran) == [("SELECT", 1)]
    await run(node("OrderReadNode"), id=4711, raise_on_not_found=False)
    assert verbs(ran) == [("SELECT", 0)]
    await run(node("OrderUpdateNode"), filter={"id": 1}, fields={"note": "x"})
    assert ("UPDATE", 1) in verbs(ran)
    await run(node("OrderBulkUpdateNode"), filter={"customer_id": "a"}, fields={"note": "y"})
    assert ("UPDATE", 4) in verbs(ran)
    await run(node("OrderBulkDeleteNode"), filter={"customer_id": "a"})
    assert ("DELETE", 4) in verbs(ran)


@pytest.mark.databases
async def test_express_runs_its_statements_through_an_adapter(shop_kit: Kit, ran: list[RanStatement]) -> None:
    express = shop_kit.dataflow.express
    await express.create("Order", NEW)
    await express.list("Order")
    await express.count("Order")
    await express.read("Order", "1")
    await express.bulk_create("Order", [NEW, NEW])
    *others, bulk = verbs(ran)
    assert others == [("INSERT", 1), ("SELECT", 1), ("SELECT", 1), ("SELECT", 1)]
    assert bulk in (("INSERT", 2), ("INSERT", None))


@pytest.mark.databases
async def test_a_refused_statement_was_sent_too(shop_kit: Kit, ran: list[RanStatement]) -> None:
    row = {"id": "a", "name": "Ada", "email": "ada@example.org"}
    await run(shop_kit.dataflow.get_node("CustomerCreateNode"), **row)
    await run(shop_kit.dataflow.get_node("CustomerCreateNode"), **row)
    assert [verb for verb, _ in verbs(ran)] == ["INSERT", "INSERT"]


async def test_a_transaction_runs_on_the_same_adapters(shop_kit: Kit, ran: list[RanStatement]) -> None:
    db = shop_kit.dataflow
    context: dict[str, Any] = {"dataflow_instance": db}
    with LocalRuntime(content_aware_success_detection=False) as runtime:

        async def step(name: str, **inputs: Any) -> None:
            builder = WorkflowBuilder()
            builder.add_node(name, None, inputs)
            await runtime.execute_async(builder.build(), parameters={"workflow_context": context})

        await step("TransactionScopeNode")
        created = workflow(shop_kit, "Create", **NEW)
        await runtime.execute_async(created, parameters={"workflow_context": context})
        await step("TransactionCommitNode")
    assert verbs(ran) == [("INSERT", 1)], "BEGIN and COMMIT serve the transaction"


@pytest.mark.databases("postgresql")
async def test_statements_past_the_adapters_of_asyncpg(shop_kit: Kit, ran: list[RanStatement]) -> None:
    async with shop_kit.dataflow.transactions.begin() as transaction:
        await transaction.execute_raw("SELECT count(*) FROM orders")
    assert [(each.driver, each.rows) for each in ran] == [("asyncpg", 1)], "DataFlow's own transactions use the driver"
    ran.clear()
    import asyncpg  # type: ignore[import-untyped]

    connection = await asyncpg.connect(url_of(shop_kit.dataflow))
    try:
        await connection.execute("INSERT INTO orders (customer_id, total) VALUES ('a', 1), ('b', 2)")
        assert len(await connection.fetch("SELECT * FROM orders WHERE total > $1", 0)) == 2
        await connection.fetchrow("SELECT * FROM orders WHERE customer_id = $1", "a")
        await connection.fetchval("SELECT 1")
        await connection.executemany("UPDATE orders SET note = $1 WHERE id = $2", [("x", 1), ("y", 2)])
        statement = await connection.prepare("SELECT * FROM orders WHERE id = $1")
        await statement.fetch(1)
        async with connection.transaction():
            pass
    finally:
        await connection.close()
    assert verbs(ran) == [
        ("INSERT", 2),
        ("SELECT", 2),
        ("SELECT", 1),
        ("SELECT", None),
        ("UPDATE", 2),
        ("SELECT", 1),
    ]


@pytest.mark.databases("sqlite")
async def test_statements_past_the_adapters_of_aiosqlite(shop_kit: Kit, ran: list[RanStatement]) -> None:
    path = url_of(shop_kit.dataflow).removeprefix("sqlite:///")
    async with aiosqlite.connect(path) as connection:
        await connection.execute("PRAGMA busy_timeout = 1000")
        await connection.execute("INSERT INTO orders (customer_id, total) VALUES (?, ?)", ("a", 1))
        await connection.executemany("INSERT INTO orders (customer_id, total) VALUES (?, ?)", [("a", 1), ("b", 2)])
        await connection.execute_fetchall("SELECT * FROM orders")
        cursor = await connection.cursor()
        await cursor.execute("SELECT * FROM orders WHERE customer_id = ?", ("a",))
        await cursor.fetchall()
        await connection.rollback()
    assert {each.driver for each in ran} == {"aiosqlite"}
    assert ran[-1].values == ("a",)
    assert verbs(ran) == [("INSERT", 1), ("INSERT", 2), ("SELECT", 3), ("SELECT", None)]


@pytest.mark.databases("mysql")
async def test_statements_past_the_adapters_of_aiomysql(shop_kit: Kit, ran: list[RanStatement]) -> None:
    import aiomysql  # type: ignore[import-untyped]

    from kailash_testkit.databases.urls import server_url

    place = server_url(url_of(shop_kit.dataflow), ("mysql",), 3306)
    connection = await aiomysql.connect(
        host=place.host, port=place.port, user=place.user, password=place.password or "", db=place.database
    )
    try:
        async with connection.cursor() as cursor:
            await cursor.execute("INSERT INTO orders (customer_id, total) VALUES (%s, %s)", ("a", 1))
            await cursor.executemany("INSERT INTO orders (customer_id, total) VALUES (%s, %s)", [("a", 1), ("b", 2)])
            await cursor.execute("SELECT * FROM orders")
        await connection.rollback()
    finally:
        connection.close()
    assert verbs(ran) == [("INSERT", 1), ("INSERT", 2), ("SELECT", 3)]


@pytest.mark.databases
async def test_the_kit_s_own_statements_are_not_told(shop_kit: Kit, ran: list[RanStatement]) -> None:
    orders = shop_kit.factory("Order", customer_id="a", total=1.0)
    await orders.create()
    await orders.create_many(3)
    await orders.count()
    await shop_kit.sql("SELECT * FROM orders")
    await shop_kit.grow("Order", 60)
    shop_kit.sandbox.add_tables(shop_kit.dataflow)
    assert ran == []


@pytest.mark.databases("sqlite")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # DataFlow's node of express_sync's loop
def test_who_asked_is_known_however_the_node_runs(sync_kit: Kit) -> None:
    functions: list[str] = []

    def note(statement: Statement) -> None:
        functions.append(statement.site[0][2] if statement.site else "")

    async def with_async_runtime() -> None:
        async with AsyncLocalRuntime() as runtime:
            await runtime.execute_workflow_async(workflow(sync_kit, "List"), {})

    async def with_local_runtime() -> None:
        with LocalRuntime() as runtime:
            await runtime.execute_async(workflow(sync_kit, "List"))

    def with_synchronous_runtime() -> None:
        with LocalRuntime() as runtime:
            runtime.execute(workflow(sync_kit, "List"))

    async def with_express() -> None:
        await sync_kit.dataflow.express.list("Order")

    def with_synchronous_express() -> None:
        sync_kit.dataflow.express_sync.list("Order")

    async def in_a_thread() -> None:
        await asyncio.to_thread(with_synchronous_runtime)

    async def everything() -> None:
        ways: list[Callable[[], Awaitable[None]]] = [with_async_runtime, with_local_runtime, with_express, in_a_thread]
        for way in ways:
            await way()

    recorder.listen(note)
    try:
        asyncio.run(everything())
        with_synchronous_runtime()
        with_synchronous_express()
    finally:
        recorder.leave(note)
        close_sync_express(sync_kit.dataflow)
    assert functions == [
        "with_async_runtime",
        "with_local_runtime",
        "with_express",
        "with_synchronous_runtime",
        "with_synchronous_runtime",
        "with_synchronous_express",
    ]


def test_what_only_serves_a_connection_is_no_statement_of_the_application() -> None:
    for text in (
        *("BEGIN IMMEDIATE", "BEGIN;", "COMMIT", "ROLLBACK TO SAVEPOINT a", "PRAGMA foreign_keys = ON"),
        *("SET search_path = a", "SELECT pg_advisory_unlock_all();\nCLOSE ALL;", "START TRANSACTION"),
        *("SELECT index_name FROM information_schema.statistics", "SELECT name FROM sqlite_master"),
        *("INSERT INTO dataflow_migrations (id) VALUES (1)", "SELECT relname FROM pg_class"),
    ):
        assert is_housekeeping(text), text
    for text in ("SELECT * FROM settings", "UPDATE orders SET a = 1", "DELETE FROM beginnings", "SELECT 1"):
        assert not is_housekeeping(text), text


def test_the_rows_of_a_result() -> None:
    for result, rows in (
        (None, 0),
        ({"id": 1}, 1),
        ({"lastrowid": 0}, 0),
        ([{"rows_affected": 7}], 7),
        ([{"rows_affected": 0}], 0),
        ([{"rows_affected": 7}, {"rows_affected": 8}], 2),
        ([], 0),
        ("nothing of the kind", None),
    ):
        assert rows_of(result, "UPDATE orders SET a = 1") == rows, result
    assert rows_of([{"rows_affected": 0}], "INSERT INTO orders") is None, "PostgreSQL's adapter knows no other number"


def test_without_a_listener_nothing_is_wrapped(shop_kit: Kit) -> None:
    from kailash.nodes.data import async_sql

    owners = [async_sql.SQLiteAdapter, async_sql.EnterpriseConnectionPool, aiosqlite.Connection, LocalRuntime]
    methods = ["execute", "health_check", "_execute", "execute"]
    found: list[RanStatement] = []
    originals = [vars(owner)[name] for owner, name in zip(owners, methods, strict=True)]
    observed_statements.observe(found.append)
    wrapped = [vars(owner)[name] for owner, name in zip(owners, methods, strict=True)]
    observed_statements.ignore(found.append)
    assert all(one is not other for one, other in zip(originals, wrapped, strict=True))
    assert [vars(owner)[name] for owner, name in zip(owners, methods, strict=True)] == originals
    assert not any(type(each).__name__ == "ImportHook" and each.module.startswith("asyncpg") for each in sys.meta_path)  # type: ignore[attr-defined]
