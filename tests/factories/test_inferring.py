"""`infer_relations`: relations by foreign keys and by the names of fields."""

from __future__ import annotations

from typing import Any

import pytest
from database_kinds import KINDS
from related_models import Graph
from sample_app import make_db, register

from kailash_testkit.errors import DeclarationError
from kailash_testkit.factories.inferring import guesses
from kailash_testkit.kit import Kit
from kailash_testkit.models import read_model


async def test_required_fields_are_related_by_their_names_and_so_are_the_parents(graph_kit: Kit) -> None:
    line = await graph_kit.factory("Line").infer_relations().create()
    order = await graph_kit.get("Order", line.order_id)
    assert await graph_kit.exists("Customer", id=order.customer_id)
    assert order.org_id is None  # it has a default
    assert order.gift_for is None
    assert (await graph_kit.factory("Employee").infer_relations().create()).manager_id is None


async def test_what_is_declared_or_given_comes_first(graph: Graph, graph_kit: Kit) -> None:
    vips = graph.customers.using(vip=True)
    orders = graph_kit.factory("Order").infer_relations(vips)
    lines = graph_kit.factory("Line").infer_relations(orders, vips)
    line = await lines.create()
    assert (await vips.get((await orders.get(line.order_id)).customer_id)).vip is True
    own = await orders.create()
    assert (await lines.create(order_id=own)).order_id == own.id
    assert (await lines.using(order_id=own).create()).order_id == own.id
    assert await graph.customers.with_children(graph_kit.factory("Order").infer_relations(), 2).create()
    with pytest.raises(DeclarationError, match="two factories for Customer"):
        lines.infer_relations(vips, graph.customers)


async def test_a_foreign_key_of_the_database_says_more_than_a_name(tmp_path: Any) -> None:
    db = make_db(tmp_path / "keys.db")
    register(db, "Author", id=str)
    register(db, "Book", id=str, written_by=str)
    async with Kit(db) as kit:
        sql = KINDS["sqlite"].sql(kit.database.url)
        sql("DROP TABLE books")
        sql(
            "CREATE TABLE books (id TEXT PRIMARY KEY, written_by TEXT NOT NULL REFERENCES authors (id),"
            " created_at TEXT, updated_at TEXT)"
        )
        assert (await kit.factory("Book").infer_relations().create()).written_by == "author-1"
    db.close()


def test_what_a_name_does_not_prove_is_not_inferred(db_at: Any, tmp_path: Any) -> None:
    db = db_at(tmp_path / "names.db")
    register(db, "OrderLine", id=int)
    register(
        db, "Shipment", id=int, order_line_id=int, external_id=str, order_line=int, customer_id=int, tenant_id=(str, "")
    )
    register(db, "Customer", id=str)
    models = {name: read_model(db, name) for name in db.get_models()}
    found = {guess.field: (guess.model, guess.why) for guess in guesses(models["Shipment"], models, {})}
    assert found == {
        "order_line_id": ("OrderLine", "by its name"),
        "external_id": (None, "no model is named External"),
        "customer_id": (None, "it is declared int, and the ids of Customer are str"),
        "tenant_id": (None, "no model is named Tenant"),
    }
