"""Which nodes an application runs, which of its lists a default limit has cut, and what that assumes of DataFlow."""

from __future__ import annotations

import gc
import inspect
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from faulty_shop import run
from kailash.nodes.base import Node
from kailash.nodes.base_async import AsyncNode
from kailash.runtime import LocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from releases_of_kailash import needs_soft_delete

from kailash_testkit import Factory, Kit
from kailash_testkit.internals import observed_nodes
from kailash_testkit.internals.dataflow import close_sync_express
from kailash_testkit.internals.observed_nodes import CutList, RunningNode


@pytest.fixture
async def cuts(shop_kit: Kit) -> AsyncIterator[list[CutList]]:
    found: list[CutList] = []
    observed_nodes.observe(found.append)
    yield found
    observed_nodes.ignore(found.append)


@pytest.fixture
def orders(shop_kit: Kit) -> Factory:
    return shop_kit.factory("Order", customer_id="a", total=1.0)


def facts(cuts: list[CutList]) -> list[tuple[str, str, int, int | None, bool]]:
    found = [(cut.model, cut.source, cut.limit, cut.total, cut.filtered) for cut in cuts]
    cuts.clear()
    return found


async def test_the_nodes_that_run(shop_kit: Kit, orders: Factory) -> None:
    ran: list[str] = []

    def note(dataflow: Any, name: str) -> None:
        assert dataflow is shop_kit.dataflow
        ran.append(name)

    observed_nodes.observe_nodes(note)
    try:
        await run(shop_kit.dataflow.get_node("OrderListNode"))
        await run(shop_kit.dataflow.get_node("OrderBulkCreateNode"), data=[{"customer_id": "a", "total": 1.0}])
        await shop_kit.dataflow.express.list("Order")
        await shop_kit.dataflow.express.create("Order", {"customer_id": "b", "total": 1.0})
        assert ran == ["OrderListNode", "OrderBulkCreateNode", "OrderListNode", "OrderCreateNode"]
        await orders.create()
        await orders.rows()
        assert len(ran) == 4, "the kit's own"
    finally:
        observed_nodes.ignore_nodes(note)


async def test_the_lists_of_nodes(shop_kit: Kit, orders: Factory, cuts: list[CutList]) -> None:
    node = shop_kit.dataflow.get_node("OrderListNode")
    await orders.create_many(10, note="a")
    await run(node)
    assert cuts == [], "there are no more"
    await orders.create_many(2, note="b")
    assert len((await run(node))["records"]) == 10
    assert facts(cuts) == [("Order", "OrderListNode", 10, 12, False)]
    for given in ({"limit": 10}, {"limit": 11}, {"filter": {"note": "a"}}, {"offset": 2}, {"limit": 10, "offset": 1}):
        await run(node, **given)
        assert cuts == [], given
    await orders.create(note="a")
    await run(node, filter={"note": "a"})
    assert facts(cuts) == [("Order", "OrderListNode", 10, 11, True)]
    await run(node, offset=2)
    assert facts(cuts) == [("Order", "OrderListNode", 10, 13, False)]
    await run(shop_kit.dataflow.get_node("OrderCountNode"))
    await shop_kit.execute("Order", "List", {})
    assert await orders.count() == 13
    assert cuts == [], "counts, and what the kit itself asks for"


async def test_a_limit_may_come_when_the_workflow_runs(shop_kit: Kit, orders: Factory, cuts: list[CutList]) -> None:
    await orders.create_many(12)
    builder = WorkflowBuilder()
    with pytest.warns(UserWarning, match="SDK node"):
        builder.add_node(shop_kit.dataflow.get_node("OrderListNode"), "list", {})
    results, _ = await shop_kit.runtime.execute_workflow_async(builder.build(), {"list": {"limit": 10}})
    assert len(results["list"]["records"]) == 10
    assert cuts == []
    await shop_kit.runtime.execute_workflow_async(builder.build(), {})
    assert facts(cuts) == [("Order", "OrderListNode", 10, 12, False)]


async def test_a_node_of_the_application_s_own_is_a_list_too(
    shop_kit: Kit, orders: Factory, cuts: list[CutList]
) -> None:
    class Recent(shop_kit.dataflow.get_node("OrderListNode")):  # type: ignore[misc]
        pass

    await orders.create_many(12)
    await Recent().execute_async()
    assert [(cut.model, cut.total) for cut in cuts] == [("Order", 12)]
    await Recent(limit=10).execute_async()
    assert len(cuts) == 1


@needs_soft_delete
async def test_soft_deleted_rows_are_no_more_rows(shop_kit: Kit, cuts: list[CutList]) -> None:
    products = shop_kit.factory("Product")
    rows = await products.create_many(12)
    for row in rows[:2]:
        await products.delete(row.id)
    node = shop_kit.dataflow.get_node("ProductListNode")
    await run(node)
    assert cuts == []
    await run(node, include_deleted=True)
    assert facts(cuts) == [("Product", "ProductListNode", 10, None, False)]


async def test_the_lists_of_express(shop_kit: Kit, orders: Factory, cuts: list[CutList]) -> None:
    express = shop_kit.dataflow.express
    await orders.create_many(100)
    assert len(await express.list("Order")) == 100
    assert cuts == []
    await orders.create(note="last")
    await express.list("Order")
    await express.list("Order", {})
    assert facts(cuts) == [("Order", "express.list", 100, 101, False)] * 2
    await express.list("Order", limit=100)
    await express.list("Order", {}, 100)
    await express.list("Order", {"note": "last"})
    await express.find_one("Order", {"note": "last"})
    assert cuts == []


@pytest.mark.databases("sqlite")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # DataFlow's node of express_sync's loop
def test_synchronous_lists(sync_kit: Kit) -> None:
    found: list[CutList] = []
    observed_nodes.observe(found.append)
    try:
        sync_kit.factory("Order", customer_id="a", total=1.0).create_many_sync(101)
        sync_kit.dataflow.express_sync.list("Order", limit=100)
        assert found == []
        sync_kit.dataflow.express_sync.list("Order")
        assert facts(found) == [("Order", "express_sync.list", 100, 101, False)]
        builder = WorkflowBuilder()
        with pytest.warns(UserWarning, match="SDK node"):
            builder.add_node(sync_kit.dataflow.get_node("OrderListNode"), "list", {})
        with LocalRuntime() as runtime:
            runtime.execute(builder.build())
        assert facts(found) == [("Order", "OrderListNode", 10, 101, False)]
    finally:
        observed_nodes.ignore(found.append)
        close_sync_express(sync_kit.dataflow)


def test_a_node_does_not_tell_a_default_from_what_it_was_given(shop_kit: Kit) -> None:
    node: Any = shop_kit.dataflow.get_node("OrderListNode")
    assert node().config["limit"] == node(limit=10).config["limit"] == observed_nodes.NODE_LIMIT


def test_express_says_its_default(shop_kit: Kit) -> None:
    parameter = inspect.signature(shop_kit.dataflow.express.list).parameters["limit"]
    assert parameter.default == observed_nodes.EXPRESS_LIMIT


def test_without_a_listener_kailash_is_as_it_was(shop_kit: Kit) -> None:
    shop_kit.explainer.stop()
    others, of_nodes = [*observed_nodes._listeners], [*observed_nodes._node_listeners]
    for listener in others:
        observed_nodes.ignore(listener)
    for each in of_nodes:
        observed_nodes.ignore_nodes(each)
    assert not hasattr(Node.__init__, "__wrapped__")
    assert not hasattr(AsyncNode.execute_async, "__wrapped__")
    assert not hasattr(type(shop_kit.dataflow.express).list, "__wrapped__")
    assert not hasattr(type(shop_kit.dataflow.express)._create_node, "__wrapped__")
    for listener in others:
        observed_nodes.observe(listener)
    for each in of_nodes:
        observed_nodes.observe_nodes(each)
    shop_kit.explainer.start()
    assert hasattr(AsyncNode.execute_async, "__wrapped__")


@pytest.fixture
def runs() -> Iterator[None]:
    asking = object()
    observed_nodes.observe_runs(asking)
    yield
    observed_nodes.ignore_runs(asking)


@pytest.mark.usefixtures("runs")
async def test_a_node_of_express_runs_until_its_method_ends(shop_kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    express = shop_kit.dataflow.express
    ran: list[str] = []
    named = observed_nodes.RunningNode

    def noted(*arguments: Any) -> RunningNode:
        ran.append(arguments[0])
        return named(*arguments)

    monkeypatch.setattr(observed_nodes, "RunningNode", noted)
    row = {"id": 1, "customer_id": "a", "total": 1.0}
    for name, call in {
        "OrderCreateNode": lambda: express.create("Order", row),
        "OrderReadNode": lambda: express.read("Order", "1", cache_ttl=0),
        "OrderUpdateNode": lambda: express.update("Order", "1", {"total": 2.0}),
        "OrderListNode": lambda: express.list("Order", cache_ttl=0),
        "OrderCountNode": lambda: express.count("Order", cache_ttl=0),
        "OrderDeleteNode": lambda: express.delete("Order", "1"),
        "OrderBulkCreateNode": lambda: express.bulk_create("Order", [row]),
        "OrderBulkDeleteNode": lambda: express.bulk_delete("Order", ["1"]),
    }.items():
        ran.clear()
        await call()
        assert name in ran
        assert observed_nodes.RUNNING.get() is None, name


@pytest.mark.usefixtures("runs")
async def test_a_node_of_express_is_freed_at_once(shop_kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    express = shop_kit.dataflow.express
    create_node = type(express)._create_node
    made: list[weakref.ref[Any]] = []

    def noted(*arguments: Any) -> Any:
        node = create_node(*arguments)
        made.append(weakref.ref(node))
        return node

    monkeypatch.setattr(type(express), "_create_node", noted)
    gc.disable()
    try:
        await express.create("Order", {"customer_id": "a", "total": 1.0})
        assert [reference() for reference in made] == [None]
    finally:
        gc.enable()


async def test_a_node_that_is_none_of_dataflow_runs_as_itself(shop_kit: Kit) -> None:
    asked: list[object] = []

    class Foreign(AsyncNode):
        def get_parameters(self) -> dict[str, Any]:
            return {}

        async def async_run(self, **_: Any) -> dict[str, Any]:
            asked.append(observed_nodes.RUNNING.get())
            await shop_kit.dataflow.express.list("Order")
            return {}

    observed_nodes.observe_runs(asked)
    outer = observed_nodes.RunningNode("OrderListNode", "Order", 0, ())
    token = observed_nodes.RUNNING.set(outer)
    try:
        await Foreign().execute_async()
        assert asked == [None]
        assert observed_nodes.RUNNING.get() is outer
    finally:
        observed_nodes.RUNNING.reset(token)
        observed_nodes.ignore_runs(asked)
