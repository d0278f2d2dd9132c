"""Batches: rows of a graph, stored by few nodes, and the same as if they were created one by one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest
from database_kinds import Kind, Sql
from related_models import Graph
from releases_of_kailash import needs_quoted_batches
from sample_app import Status, register

from kailash_testkit import derived, related, sequence
from kailash_testkit.errors import FieldTypeError, KitError, SeedingFailed, StoredRowMismatch
from kailash_testkit.factories import numbering
from kailash_testkit.factories.numbering import Numbering
from kailash_testkit.kit import Kit
from kailash_testkit.store import bulk
from kailash_testkit.store.workflows import Workflows

TIMES = {"created_at", "updated_at"}
MODELS = ("Org", "Customer", "Order", "Line", "Employee")


def dump(kit: Kit, *models: str) -> dict[str, list[dict[str, Any]]]:
    """All rows as the kit's own connection reads them, without the times at which they were written."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in models:
        table = kit.store.model(name).table
        rows = kit.database.rows(table, kit.database.sample_ids(table, 1000))
        plain = [{name: value for name, value in row.items() if name not in TIMES} for row in rows]
        found[name] = sorted(plain, key=lambda row: str(row["id"]))
    return found


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """The nodes that ran: model, operation, rows. They run as they are."""
    ran: list[tuple[str, str, int]] = []
    run = Workflows.run

    async def spied(self: Workflows, model: Any, operation: str, inputs: Any) -> Any:
        ran.append((model.name, operation, len(inputs.get("data", [None]))))
        return await run(self, model, operation, inputs)

    monkeypatch.setattr(Workflows, "run", spied)
    return ran


# --- the same rows as one by one -----------------------------------------------------------------


async def test_a_graph_is_stored_as_if_its_rows_were_created_one_by_one(graph: Graph, graph_kit: Kit) -> None:
    lines = graph.lines.using(product=sequence("P{}"))
    orders = graph.orders.using(org_id=None, gift_for=derived(lambda row: row.customer_id)).with_children(lines, 2)
    customers = graph.customers.using(org_id="o")

    numbering.start(Numbering())
    await orders.using(customer_id=related(customers)).create_many(3, tags=["a"])
    batch = dump(graph_kit, *MODELS)

    await graph_kit.reset()
    numbering.start(Numbering())
    for _ in range(3):
        customer = await customers.create()
        order = await graph.orders.create(org_id=None, gift_for=customer.id, customer_id=customer.id, tags=["a"])
        for _ in range(2):
            await lines.create(order_id=order.id)
    assert dump(graph_kit, *MODELS) == batch
    assert len(batch["Line"]) == 6


async def test_every_kind_of_field_is_stored_as_by_create(shop_kit: Kit) -> None:
    for model in ("Customer", "Order", "Product", "Kinds", "Clash", "Event", "Stamped", "Entry"):
        numbering.start(Numbering())
        factory = shop_kit.factory(model, **({"later": sequence(moment)} if model == "Kinds" else {}))
        for _ in range(3):
            await factory.create()
        one_by_one = dump(shop_kit, model)
        await shop_kit.reset()
        numbering.start(Numbering())
        rows = await factory.create_many(3)
        assert dump(shop_kit, model) == one_by_one, model
        assert [row.id for row in rows] == [row["id"] for row in one_by_one[model]]
        if model != "Stamped":  # whose declared text timestamps are read in other forms
            assert rows == [await shop_kit.get(model, row.id) for row in rows]
        await shop_kit.reset()


def moment(n: int) -> datetime:
    return datetime(2025, 1, n)


@needs_quoted_batches
async def test_one_node_stores_all_rows_of_a_model(graph: Graph, nodes: list[tuple[str, str, int]]) -> None:
    await graph.customers.with_children(graph.orders.with_children(graph.lines, 3), 2).create_many(4)
    assert nodes == [
        ("Org", "Create", 1),
        ("Customer", "BulkCreate", 4),
        ("Order", "BulkCreate", 8),
        ("Line", "BulkCreate", 24),
    ]


async def test_rows_are_given_in_chunks(
    graph: Graph, nodes: list[tuple[str, str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 4)
    rows = await graph.orgs.create_many(10)
    assert [row.id for row in rows] == [f"org-{n}" for n in range(1, 11)]
    assert nodes == [("Org", "BulkCreate", 4), ("Org", "BulkCreate", 4), ("Org", "BulkCreate", 2)]


async def test_rows_that_are_given_different_fields_are_stored_completely(graph: Graph) -> None:
    """BulkCreateNode takes its columns from the first row."""
    rows = await graph.customers.create_many([{}, {"vip": True}, {}, {"vip": True, "name": "Ada"}], org_id="o")
    assert [row.vip for row in rows] == [False, True, False, True]
    assert rows == await graph.customers.rows()
    orders = await graph.orders.create_many([{}, {"id": 50}, {}], customer_id="c", org_id=None)
    assert [order.id for order in orders] == [1, 50, 51]


async def test_a_str_enums_default_is_stored_as_its_value(graph: Graph, graph_sql: Sql) -> None:
    """The database's own default is 'Status.OPEN'."""
    rows = await graph.orders.create_many(2)
    assert {row.status for row in rows} == {Status.OPEN}
    assert [tuple(row) for row in graph_sql("SELECT DISTINCT status FROM orders")] == [("open",)]


async def test_what_is_given_is_not_changed(graph: Graph) -> None:
    tags = ["a"]
    given = [{"tags": tags}, {"tags": tags}]
    rows = await graph.orders.create_many(given)
    rows[0].tags.append("b")
    assert given == [{"tags": ["a"]}, {"tags": ["a"]}]
    assert rows[1].tags == ["a"]


async def test_automatic_ids_go_on_above_those_that_a_batch_was_given(graph: Graph) -> None:
    """PostgreSQL's sequence does not follow explicit ids by itself."""
    lines = graph.lines.using(order_id=1)
    first = await lines.create()
    await lines.create_many([{"id": first.id + 1}, {"id": first.id + 5}, {"id": first.id + 3}])
    later = await lines.create_many(3)
    assert [row.id for row in later] == [first.id + 6, first.id + 7, first.id + 8]
    assert (await lines.create()).id == first.id + 9


# --- all or nothing ------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 3, 4, 6, 9])
async def test_a_row_that_cannot_be_stored_is_named_and_nothing_stays(
    shop_kit: Kit, database_kind: Kind, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 4)
    customers = shop_kit.factory("Customer")
    values = {"id": "t", "name": "T", "email": "taken@example.com"}  # past the factory, which would know its own rows
    taken = await shop_kit.store.create(shop_kit.store.model("Customer"), values)
    rows: list[dict[str, Any]] = [{} for _ in range(10)]
    rows[place] = {"email": "taken@example.com", "name": "Eve"}
    with pytest.raises(SeedingFailed) as caught:
        await customers.create_many(rows)
    message = str(caught.value)
    assert message.startswith(f"Customer was not stored: {database_kind.duplicate}")
    assert f"row {place + 1} of 10; none of them is stored" in message
    assert "'name': 'Eve', 'email': 'taken@example.com'" in message
    assert await customers.rows() == [taken]


@pytest.mark.usefixtures("unique_gifts")
async def test_nothing_of_a_numbered_model_stays_either(graph: Graph, monkeypatch: Any) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 4)
    orders = graph.orders.using(customer_id="c", org_id=None)
    kept = await orders.create(gift_for="kept")
    rows = [{"gift_for": f"g{n}"} for n in range(9)]
    with pytest.raises(SeedingFailed, match="row 10 of 12; none of them is stored"):
        await orders.create_many([*rows, {"gift_for": "g2"}, {"gift_for": "x"}, {"gift_for": "y"}])
    assert await orders.rows() == [kept]


async def test_a_row_that_is_stored_otherwise_is_named_and_nothing_stays(graph: Graph, monkeypatch: Any) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 2)
    rows = [{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "select * from x"}, {"name": "e"}]
    with pytest.raises(StoredRowMismatch, match=r"(?s)Org 'org-4' was created, but not as requested: name.*row 4 of 5"):
        await graph.orgs.create_many(rows)
    assert await graph.orgs.count() == 0


@pytest.mark.databases("sqlite")
async def test_parents_and_earlier_models_do_not_stay(graph: Graph, graph_kit: Kit, graph_sql: Sql) -> None:
    graph_sql(
        "CREATE TRIGGER refuse BEFORE INSERT ON lines WHEN new.quantity > 5 BEGIN SELECT RAISE(ABORT, 'much'); END"
    )
    try:
        orders = graph.orders.with_children(graph.lines, [{}, {"quantity": 6}])
        with graph_kit.changes() as changes, pytest.raises(SeedingFailed, match="much"):
            await orders.create_many(2)
        changes.assert_none()
        assert all(rows == [] for rows in dump(graph_kit, *MODELS).values())
    finally:
        graph_sql("DROP TRIGGER refuse")


@pytest.mark.databases("sqlite")
async def test_a_row_that_vanishes_is_named(graph: Graph, graph_sql: Sql) -> None:
    graph_sql(
        "CREATE TRIGGER swallow AFTER INSERT ON orgs WHEN new.name = 'x' BEGIN DELETE FROM orgs WHERE id = new.id; END"
    )
    try:
        with pytest.raises(SeedingFailed, match=r"(?s)it is not in table orgs.*row 2 of 3"):
            await graph.orgs.create_many([{}, {"name": "x"}, {}])
        assert await graph.orgs.count() == 0
    finally:
        graph_sql("DROP TRIGGER swallow")


async def test_a_row_that_is_stored_otherwise_does_not_stay_without_its_parents(graph: Graph, graph_kit: Kit) -> None:
    with pytest.raises(StoredRowMismatch, match=r"Order 1 was created, but not as requested"):
        await graph.orders.create(gift_for="select * from x")
    assert all(rows == [] for rows in dump(graph_kit, *MODELS).values())


async def test_rows_that_were_there_before_stay(graph: Graph) -> None:
    there = await graph.orgs.create(id="org-x")
    with pytest.raises(SeedingFailed, match="row 2 of 3"):
        await graph.orgs.create_many([{}, {"id": "org-x"}, {}])
    assert await graph.orgs.rows() == [there]


async def test_cancelling_leaves_nothing(graph: Graph, monkeypatch: Any) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 50)
    run = Workflows.run
    ran: list[int] = []

    async def cancelling(self: Workflows, model: Any, operation: str, inputs: Any) -> Any:
        result = await run(self, model, operation, inputs)
        ran.append(1)
        if len(ran) == 2:
            raise asyncio.CancelledError
        return result

    monkeypatch.setattr(Workflows, "run", cancelling)
    with pytest.raises(asyncio.CancelledError):
        await graph.orgs.create_many(150)
    monkeypatch.setattr(Workflows, "run", run)
    assert await graph.orgs.count() == 0


async def test_a_value_of_a_wrong_type_is_refused_before_anything_runs(graph: Graph, graph_kit: Kit) -> None:
    with pytest.raises(FieldTypeError):
        await graph.lines.create_many([{}, {"quantity": "1"}])
    assert await graph.orders.count() == 0


# --- concurrency ---------------------------------------------------------------------------------


async def test_batches_at_the_same_time_get_rows_of_their_own(graph: Graph) -> None:
    batches = await asyncio.gather(*(graph.lines.create_many(20, product="same") for _ in range(4)))
    ids = [row.id for rows in batches for row in rows]
    assert len(set(ids)) == 80
    assert sorted(ids) == [row.id for row in await graph.lines.rows()]
    orders = [row.order_id for rows in batches for row in rows]
    assert len(set(orders)) == 80


async def test_single_rows_at_the_same_time_get_rows_of_their_own(graph: Graph) -> None:
    rows = await asyncio.gather(*(graph.lines.create(product="same") for _ in range(20)))
    assert len({row.id for row in rows}) == len({row.order_id for row in rows}) == 20
    customers = await asyncio.gather(*(graph.customers.create() for _ in range(20)))
    assert len({row.name for row in customers}) == 20


# --- special models ------------------------------------------------------------------------------


@pytest.mark.databases("sqlite", "postgresql")  # CountNode fails on MariaDB for a tenant
async def test_multi_tenant_models(new_db: Any) -> None:
    db = new_db(multi_tenant=True)
    register(db, "Document", id=str, title=str)
    register(db, "Page", id=int, document_id=str)
    async with Kit(db) as kit:
        pages = kit.factory("Page", document_id=related(kit.factory("Document")))
        for tenant in ("acme", "umbra"):
            with kit.tenant(tenant):
                rows = await pages.create_many(3)
                assert {row.tenant_id for row in rows} == {tenant}
                assert await kit.count("Document") == 3
        with pytest.raises(KitError, match="belongs to a tenant, and none is active"):
            await pages.create_many(2)


async def test_a_model_of_one_name_in_two_instances(new_db: Any) -> None:
    one, two = new_db("one"), new_db("two")
    for db in (one, two):
        register(db, "Org", id=str, name=str)
        register(db, "Branch", id=int, org_id=str)
    async with Kit(one) as first, Kit(two) as second:
        branches = first.factory("Branch", org_id=related(first.factory("Org")))
        await branches.create_many(3)
        await second.factory("Branch", org_id=related(first.factory("Org"))).create_many(2)
        assert (await first.count("Org"), await first.count("Branch")) == (5, 3)
        assert (await second.count("Org"), await second.count("Branch")) == (0, 2)


async def test_a_model_that_is_registered_late(new_db: Any) -> None:
    db = new_db()
    async with Kit(db) as kit:
        register(db, "Late", id=int, name=str)
        assert [row.id for row in await kit.factory("Late").create_many(3)] == [1, 2, 3]


async def test_awkward_field_names(new_db: Any) -> None:
    db = new_db()
    names = dict.fromkeys(
        ("name", "tags", "version", "node_id", "description", "items", "n", "data", "batch_size"), str
    )
    register(db, "Awkward", id=str, **names)
    async with Kit(db) as kit:
        rows = await kit.factory("Awkward", n=sequence("n{}")).create_many(3)
        assert [row.n for row in rows] == ["n1", "n2", "n3"]
        assert rows[0].items == "Awkward items 1"


async def test_soft_deleted_and_append_only_models(shop_kit: Kit) -> None:
    products = shop_kit.factory("Product")
    first, *_ = await products.create_many(3)
    await products.delete(first.id)
    assert len(await products.create_many(2)) == 2
    assert await products.count() == 4
    entries = await shop_kit.factory("Entry").create_many(3)
    assert [entry.amount for entry in entries] == [1, 2, 3]
