"""Tests that run again with a write of their requests refused by the database, in whole sessions."""

from __future__ import annotations

import re

import pytest
from inner_session import Outcome, Project
from releases_of_kailash import needs_transactions
from server_runs import available

pytestmark = pytest.mark.databases("sqlite")

MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)

    @db.model
    class Order:
        id: int
        note: str

    @db.model
    class Line:
        id: int
        order_id: int

    @db.model
    class AuditLog:
        id: int
        what: str
"""
API = """
    import asyncio
    import contextlib
    import sqlite3
    from kailash.runtime import AsyncLocalRuntime, LocalRuntime
    from kailash.workflow.builder import WorkflowBuilder
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    async def node(name, fields, context=None):
        workflow = WorkflowBuilder()
        step = workflow.add_node(name, None, fields)
        if context is None:
            async with AsyncLocalRuntime() as runtime:
                results, _ = await runtime.execute_workflow_async(workflow.build(), {})
        else:
            with LocalRuntime(content_aware_success_detection=False) as runtime:
                results, _ = await runtime.execute_async(workflow.build(), parameters={"workflow_context": context})
        return results[step]

    async def ignored(request):
        await node("OrderCreateNode", await request.json())
        return JSONResponse({}, 201)

    async def half(request):
        sent = await request.json()
        await db.express.create("Order", sent)
        line = await node("LineCreateNode", {"id": sent["id"], "order_id": sent["id"]})
        return JSONResponse({}, 409 if line.get("success") is False else 201)

    async def whole(request, left_open=False, looks=True):
        sent, context = await request.json(), {"dataflow_instance": db}
        await node("TransactionScopeNode", {}, context)
        written = await node("OrderCreateNode", sent, context)
        if written.get("success") is not False:
            written = await node("LineCreateNode", {"id": sent["id"], "order_id": sent["id"]}, context)
        if written.get("success") is not False:
            committed = await node("TransactionCommitNode", {}, context)
            return JSONResponse({}, 500 if looks and committed.get("failed") else 201)
        if not left_open:
            await node("TransactionRollbackNode", {}, context)
        return JSONResponse({}, 409)

    async def left_open(request):
        return await whole(request, left_open=True)

    async def ignoring_the_commit(request):
        return await whole(request, looks=False)

    async def hanging(request):
        while True:
            try:
                await db.express.create("Order", await request.json())
                return JSONResponse({}, 201)
            except Exception:
                await asyncio.sleep(0.05)

    async def logged(request):
        await db.express.create("AuditLog", {"id": 1, "what": "order"})
        return await raising(request)

    async def raising(request):
        await db.express.create("Order", await request.json())
        return JSONResponse({}, 201)

    async def twice(request):
        sent = await request.json()
        await db.express.create("Order", sent)
        await db.express.update("Order", str(sent["id"]), {"note": "b"})
        return JSONResponse({}, 201)

    async def replaced(request):
        with contextlib.closing(sqlite3.connect(db.config.database.url.removeprefix("sqlite:///"))) as connection:
            connection.execute("REPLACE INTO orders (id, note) VALUES (5, 'new')")
            connection.commit()
        return JSONResponse({}, 201)

    async def upserted(request):
        await db.express.upsert("Order", {"id": 5, "note": "upserted"})
        return JSONResponse({}, 201)

    handlers = (
        ignored, half, whole, left_open, ignoring_the_commit, hanging, logged, raising, twice, upserted,
        replaced,
    )
    app = Starlette(routes=[Route(f"/{handler.__name__}", handler, methods=["POST"]) for handler in handlers])
"""
PLACES = """
    import pytest
    from kailash_testkit import Factory

    ORDER = {"id": 1, "note": "tea"}
    orders = Factory("Order")

    @pytest.mark.parametrize("path", PATHS)
    async def test_placed(api, path):
        await api.expect(201).post(f"/{path}", json=ORDER)
"""


@pytest.fixture
def orders(shop: Project) -> Project:
    shop.write({"shop/models.py": MODELS, "shop/api.py": API})
    return shop


def run(project: Project, paths: str, *arguments: str, more: str = "", option: str = "--testkit-failpoints") -> Outcome:
    """A session with a test that posts an order to each of the paths, and more tests."""
    tests = PLACES.replace("PATHS", repr(paths.split())) if paths else PLACES.partition("    @pytest")[0]
    project.write({"tests/test_orders.py": tests + more})
    return project.run("tests/test_orders.py", *filter(None, [option]), *arguments)


def said(outcome: Outcome) -> list[str]:
    """What it says of failpoints: the findings without the tests, then what was tried."""
    section = outcome.output.partition("what requests did to the database")[2]
    lines = re.findall(r"^(?:failpoint|not tried|left-open).*", section, re.MULTILINE)
    return [line.partition("; tests/")[0] for line in lines]


@needs_transactions
def test_faulty_handlers_are_found_and_a_rollback_is_not(orders: Project) -> None:
    outcome = run(orders, "ignored half whole left_open raising twice logged")
    assert said(outcome) == [
        "failpoint-ignored  POST /ignored (Order): answered 201, although the database refused to create Order",
        "failpoint-left-rows  POST /half (Order): "
        "answered 409 when the database refused to create Line, and left what it had written before",
        "failpoint-left-rows  POST /twice (Order): "
        "answered 500 when the database refused to update Order, and left what it had written before",
        "left-open  POST /left_open: answered 409 after a refused write, and a transaction is open",
        "failpoints: 11 writes of 7 tests refused",
    ]
    assert "7 passed" in outcome.output
    assert outcome.result.ret == 1


@pytest.mark.slow
def test_a_handler_that_never_gives_up_is_found(orders: Project) -> None:
    more = """
    async def test_hanging(api):
        await api.post("/hanging", json=ORDER, timeout=0.3)
"""
    assert said(run(orders, "", more=more)) == [
        "failpoint-hung  POST /hanging (Order): raised ReadTimeout when the database refused to create Order",
        "failpoints: 1 write of 1 test refused",
    ]


@pytest.mark.slow
def test_the_writes_of_requests_are_told_from_those_of_the_test_and_named(orders: Project) -> None:
    more = """
    async def test_between(api):
        await orders.create(id=5)
        await api.expect(201).post("/upserted")
        await orders.create_many(2)
        await api.expect(201).post("/ignored", json={"id": 10, "note": "first"})
        await orders.create()
        await api.expect(201).post("/half", json={"id": 20, "note": "second"})
"""
    outcome = run(orders, "", "-v", more=more)
    assert said(outcome)[-1] == "failpoints: 4 writes of 1 test refused"
    details = re.findall(r"^    ((?:the database refused|at|left).*)", outcome.output, re.MULTILINE)
    assert details == [
        "the database refused to create Order 10: note='first'",
        "the database refused to create Line 20: order_id=20",
        "left: created Order 20: note='second'",
    ]


@pytest.mark.slow
def test_a_write_that_cannot_be_refused_is_not_blamed_on_the_handler(orders: Project) -> None:
    more = """
    async def test_replaced(api):
        await orders.create(id=5, note="old")
        await api.expect(201).post("/replaced")
"""
    outcome = run(orders, "", more=more)
    assert said(outcome) == [
        "failpoints: 1 write of 1 test refused",
        "not tried: tests/test_orders.py::test_replaced: could not refuse to delete Order 5: it happened all the same",
    ]
    assert outcome.result.ret == 0


@pytest.mark.slow
def test_equal_writes_are_refused_once_and_nothing_is_left_behind(orders: Project) -> None:
    more = """
    async def test_twice(api):
        await api.expect(201).post("/ignored", json=ORDER)
        await api.expect(201).post("/ignored", json={**ORDER, "id": 2})

    async def test_again(api):
        await api.expect(201).post("/ignored", json=ORDER)

    async def test_the_database_is_as_before(kit):
        assert await orders.count() == 0
        assert await kit.sql("SELECT name FROM sqlite_master WHERE name LIKE '%failpoint%'") == []
"""
    outcome = run(orders, "", more=more)
    assert said(outcome)[-1] == "failpoints: 1 write of 1 test refused"
    assert "3 passed" in outcome.output
    assert orders.left_behind() == []


@pytest.mark.slow
def test_fixtures_are_set_up_as_by_pytest(orders: Project) -> None:
    more = """
    def noted(name):
        with open("set_up.txt", "a") as file:
            print(name, file=file)

    @pytest.fixture(scope="module")
    async def shelf(kit):
        noted("module")
        return await orders.create(id=100)

    @pytest.fixture
    async def order(kit):
        noted("function")
        return await orders.create(id=200)

    async def test_first(api, shelf, order):
        assert await orders.count() == 2
        await api.expect(201).post("/raising", json=ORDER)

    async def test_last(shelf):
        assert await orders.count() == 1
"""
    outcome = run(orders, "", more=more)
    assert said(outcome) == ["failpoints: 1 write of 1 test refused"]
    assert (outcome.result.ret, orders.lines("set_up.txt")) == (0, ["module", *["function"] * 4])


@pytest.mark.slow
def test_what_is_asked_for_allowed_and_left_out(orders: Project) -> None:
    more = """
    from hypothesis import given, settings, strategies
    calls = []

    @pytest.mark.testkit(failpoints=True)
    async def test_marked(api):
        await api.expect(201).post("/ignored", json=ORDER)

    @pytest.mark.testkit(failpoints=True, judge_allow="failpoint-left-rows: POST /half")
    async def test_allowed(api):
        await api.expect(201).post("/half", json=ORDER)

    @pytest.mark.testkit(failpoints=True)
    async def test_only_once(api):
        calls.append(1)
        await api.expect(201).post("/raising", json=ORDER)
        assert len(calls) == 1

    @pytest.mark.testkit(failpoints=True)
    @given(strategies.just(1))
    @settings(max_examples=1, database=None, deadline=None)
    def test_examples(sync_api, number):
        sync_api.expect(201).post("/left_open", json=ORDER)
"""
    outcome = run(orders, "twice", option="", more=more)
    assert said(outcome) == [
        "failpoint-ignored  POST /ignored (Order): answered 201, although the database refused to create Order",
        "failpoints: 3 writes of 2 tests refused",
        "not tried: tests/test_orders.py::test_only_once: it does not pass when it runs again: "
        "AssertionError: assert 2 == 1",
    ]
    assert "5 passed" in outcome.output


@pytest.mark.slow
def test_no_more_is_tried_than_there_is_time_for(orders: Project) -> None:
    orders.configure_more(testkit_failpoints_seconds="0")
    outcome = run(orders, "half")
    assert said(outcome) == [
        "failpoints: 0 writes of 0 tests refused; 2 not tried: testkit_failpoints_seconds were over"
    ]
    assert outcome.result.ret == 0
    orders.configure_more(testkit_failpoints_seconds="soon")
    assert "testkit_failpoints_seconds = 'soon' is no number of seconds" in run(orders, "half").stderr


@pytest.mark.slow
def test_with_workers_the_findings_are_the_same(orders: Project) -> None:
    outcome = run(orders, "ignored half", "-n", "2")
    assert [line.partition(" ")[0] for line in said(outcome)] == [
        "failpoint-ignored",
        "failpoint-left-rows",
        "failpoints:",
    ]
    assert outcome.result.ret == 1


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "ways"), [("postgresql", 3), ("mariadb", 2)])
def test_on_servers_the_connection_is_lost_and_the_commit_fails_too(orders: Project, setting: str, ways: int) -> None:
    paths = "ignored half whole raising ignoring_the_commit"
    outcome = run(orders, paths, f"--testkit-database={available(setting)}")
    assert "5 passed" in outcome.output
    found = said(outcome)
    assert found[-1] == f"failpoints: {8 * ways} writes of 5 tests refused"
    assert {line.split(" (")[0] for line in found[:-1] if "the commit failed" not in line} == {
        "failpoint-ignored  POST /ignored",
        "failpoint-left-rows  POST /half",
    }
    assert [line for line in found[:-1] if "the commit failed" in line] == (
        []
        if setting == "mariadb"
        else [
            f"failpoint-ignored  POST /ignoring_the_commit ({model}): "
            f"answered 201, although the commit failed that was to create {model}"
            for model in ("Line", "Order")
        ]
    )
    assert outcome.result.ret == 1
