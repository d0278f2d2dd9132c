"""`related` and `with_children`: rows that belong to other rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from database_kinds import KINDS, Kind
from related_models import Graph, factory
from sample_app import make_db, register

from kailash_testkit import Factory, derived, related
from kailash_testkit.errors import (
    CircularValues,
    DeclarationError,
    FieldTypeError,
    MissingField,
    SeedingFailed,
    UnknownField,
)
from kailash_testkit.kit import Kit


async def counts(kit: Kit) -> dict[str, int]:
    """How many rows each model has, of those that have any."""
    found = {name: await kit.count(name) for name in kit.dataflow.get_models()}
    return {name: count for name, count in found.items() if count}


# --- parents -------------------------------------------------------------------------------------


async def test_a_missing_parent_is_created_and_so_are_its_own(graph: Graph, graph_kit: Kit) -> None:
    line = await graph.lines.create()
    order = await graph.orders.get(line.order_id)
    customer = await graph.customers.get(order.customer_id)
    assert await graph.orgs.rows() == [await graph.orgs.get(customer.org_id)]
    assert await counts(graph_kit) == {"Org": 1, "Customer": 1, "Order": 1, "Line": 1}


async def test_each_row_of_a_batch_has_a_parent_of_its_own(graph: Graph) -> None:
    lines = await graph.lines.create_many(3)
    assert [line.order_id for line in lines] == [order.id for order in await graph.orders.rows()]
    assert len({order.customer_id for order in await graph.orders.rows()}) == 3


async def test_a_shared_parent_is_one_for_the_whole_batch_wherever_it_is_asked_for(graph: Graph) -> None:
    orders = await graph.orders.create_many(3)
    (org,) = await graph.orgs.rows()
    assert {order.org_id for order in orders} == {org.id}
    assert {customer.org_id for customer in await graph.customers.rows()} == {org.id}
    await graph.orders.create()
    assert await graph.orgs.count() == 2


async def test_a_parent_given_by_id_or_as_a_row_is_used(graph: Graph) -> None:
    order = await graph.orders.create()
    by_id, by_row = await graph.lines.create_many([{"order_id": order.id}, {"order_id": order}])
    default = await graph.lines.using(order_id=order).create()
    assert {by_id.order_id, by_row.order_id, default.order_id} == {order.id}
    assert await graph.orders.count() == 1


async def test_a_row_of_another_model_is_no_parent(graph: Graph) -> None:
    customer = await graph.customers.create()
    with pytest.raises(FieldTypeError, match="a row of Customer was given where one of Order belongs"):
        await graph.lines.create(order_id=customer)


async def test_an_optional_parent_can_be_left_out(graph: Graph) -> None:
    assert (await graph.orders.create(org_id=None)).org_id is None


async def test_other_values_may_derive_from_a_parents_id_also_from_an_automatic_one(graph: Graph) -> None:
    lines = graph.lines.using(product=derived(lambda row: f"product of order {row.order_id}"))
    made = await lines.create_many(2)
    assert [line.product for line in made] == [f"product of order {line.order_id}" for line in made]


async def test_a_parents_factory_may_have_defaults_of_its_own(graph: Graph) -> None:
    await graph.lines.using(order_id=related(graph.orders.using(status="paid"))).create()
    assert [order.status for order in await graph.orders.rows()] == ["paid"]


def test_build_makes_no_parents_and_says_so(graph: Graph) -> None:
    with pytest.raises(MissingField, match=r"(?s)Line\.order_id is the id of a row.*build\(\) and payload\(\)"):
        graph.lines.build()
    assert graph.lines.build(order_id=3)["order_id"] == 3


@pytest.mark.parametrize("wrong", ["orders", 3, Factory])
def test_related_takes_a_factory_only(wrong: Any) -> None:
    with pytest.raises(DeclarationError, match="is not about a factory"):
        related(wrong)


class Later:
    """What can be awaited, and is no coroutine."""

    def __await__(self) -> Iterator[None]:
        yield


async def later(values: Any) -> bool:
    return True


@pytest.mark.parametrize("when", [later, lambda values: Later()])
async def test_whether_there_is_a_parent_is_decided_at_once(graph: Graph, when: Any) -> None:
    lines = graph.lines.using(order_id=related(graph.orders, when=when))
    with pytest.raises(DeclarationError, match=r"Line\.order_id: the function of when=\.\.\. is async"):
        await lines.create()


async def test_a_function_that_returns_no_factory_is_refused(graph: Graph) -> None:
    lines = graph.lines.using(order_id=related(lambda: "orders"))  # type: ignore[arg-type,return-value]
    with pytest.raises(DeclarationError, match="returns 'orders'"):
        await lines.create()


async def test_all_values_are_checked_before_the_first_parent_is_stored(graph: Graph, graph_kit: Kit) -> None:
    with pytest.raises(UnknownField):
        await graph.lines.create_many([{}, {"quantty": 1}])
    assert await counts(graph_kit) == {}


@pytest.mark.usefixtures("unique_gifts")
async def test_parents_do_not_stay_when_the_row_cannot_be_stored(
    graph: Graph, graph_kit: Kit, database_kind: Kind
) -> None:
    gifts = graph.orders.using(gift_for="Ada", org_id=None)
    with pytest.raises(SeedingFailed, match=database_kind.duplicate):
        await gifts.create_many(2)
    assert await counts(graph_kit) == {}
    first = await gifts.create()
    with pytest.raises(SeedingFailed, match=database_kind.duplicate):
        await gifts.create()
    assert await graph.orders.rows() == [first]
    assert await graph.customers.count() == 1


# --- circles -------------------------------------------------------------------------------------


async def test_an_optional_relation_that_leads_back_is_left_none(graph: Graph, graph_kit: Kit) -> None:
    assert [row.manager_id for row in await graph.employees.create_many(2)] == [None, None]
    assert graph.employees.build()["manager_id"] is None
    right = await graph.rights.create()
    assert (await graph.lefts.get(right.left_id)).right_id is None
    assert await counts(graph_kit) == {"Employee": 2, "Left": 1, "Right": 1}


async def test_it_can_be_given(graph: Graph) -> None:
    boss = await graph.employees.create()
    assert (await graph.employees.create(manager_id=boss)).manager_id == boss.id


async def test_a_chain_of_one_model_is_no_circle(graph: Graph) -> None:
    chiefs = graph.employees.using(manager_id=None, name="chief")
    heads = graph.employees.using(manager_id=related(chiefs), name="head")
    staff = graph.employees.using(manager_id=related(heads), name="staff")
    made = await staff.create_many(2)
    rows = {row.id: row for row in await graph.employees.rows()}
    assert [row.name for row in rows.values()] == ["chief", "chief", "head", "head", "staff", "staff"]
    assert [rows[rows[row.manager_id].manager_id].name for row in made] == ["chief", "chief"]


async def test_a_circle_of_required_relations_is_refused_with_its_path(graph: Graph, graph_kit: Kit) -> None:
    with pytest.raises(CircularValues, match=r"rows need each other: Strict\.boss_id -> Strict\.boss_id"):
        await graph.stricts.create()
    assert await counts(graph_kit) == {}


async def test_a_longer_circle_has_its_whole_path(new_db: Any) -> None:
    db = new_db()
    for name, needs in (("A", "b_id"), ("B", "c_id"), ("C", "b_id")):
        register(db, name, id=str, **{needs: str})
    b = factory(db, "B", c_id=related(lambda: c))
    c = factory(db, "C", b_id=related(b))
    async with Kit(db):
        with pytest.raises(CircularValues, match=r"rows need each other: B\.c_id -> C\.b_id -> B\.c_id"):
            await factory(db, "A", b_id=related(b)).create()


async def test_a_function_that_makes_new_factories_without_end_is_refused(graph: Graph, graph_kit: Kit) -> None:
    def endless() -> Factory:
        return factory(graph_kit.dataflow, "Employee", manager_id=related(endless))

    with pytest.raises(DeclarationError, match="leads on without end"):
        await endless().create()


# --- foreign keys of the database ----------------------------------------------------------------


async def test_a_relation_that_contradicts_a_foreign_key_is_refused(tmp_path: Any) -> None:
    db = make_db(tmp_path / "keys.db")
    register(db, "Author", id=str)
    register(db, "Editor", id=str)
    register(db, "Book", id=str, author_id=str)
    async with Kit(db) as kit:
        sql = KINDS["sqlite"].sql(kit.database.url)
        sql("DROP TABLE books")
        sql(
            "CREATE TABLE books (id TEXT PRIMARY KEY, author_id TEXT NOT NULL REFERENCES authors (id),"
            " created_at TEXT, updated_at TEXT)"
        )
        authors, editors = kit.factory("Author"), kit.factory("Editor")
        book = await kit.factory("Book", author_id=related(authors)).create()
        assert book.author_id == "author-1"
        with pytest.raises(DeclarationError, match=r"author_id is related to Editor, and refers to table authors"):
            await kit.factory("Book", author_id=related(editors)).create()
        with pytest.raises(DeclarationError, match="refers to table authors"):
            await editors.with_children(kit.factory("Book"), 1, via="author_id").create()
        assert await kit.count("Editor") == 0
    db.close()


# --- children ------------------------------------------------------------------------------------


async def test_children_are_created_with_their_parent(graph: Graph, graph_kit: Kit) -> None:
    first, second = await graph.orders.with_children(graph.lines, 3).create_many(2)
    lines = await graph.lines.rows()
    assert [line.order_id for line in lines] == [first.id] * 3 + [second.id] * 3
    assert await counts(graph_kit) == {"Org": 1, "Customer": 2, "Order": 2, "Line": 6}


async def test_children_may_be_given_values_and_have_children(graph: Graph) -> None:
    orders = graph.orders.with_children(graph.lines, [{"quantity": 2}, {"product": "Tea"}])
    customer = await graph.customers.with_children(orders, 2).create()
    found = await graph.orders.rows()
    assert {order.customer_id for order in found} == {customer.id}
    assert [line.quantity for line in await graph.lines.rows()] == [2, 1, 2, 1]
    assert await graph.lines.count(product="Tea") == 2


async def test_the_field_that_holds_the_parent_is_named_where_it_is_not_clear(graph: Graph) -> None:
    plain = factory(graph.lines._definition.dataflow, "Line")
    with pytest.raises(DeclarationError, match=r"Line has no relation to Order(?s:.*)via="):
        await graph.orders.with_children(plain, 1).create()
    order = await graph.orders.with_children(plain, 1, via="order_id").create()
    assert (await plain.find(order_id=order.id)) is not None
    with pytest.raises(UnknownField, match="did you mean 'order_id'"):
        await graph.orders.with_children(plain, 1, via="ordr_id").create()
    twice = graph.orders.using(gift_for=related(graph.customers))
    with pytest.raises(DeclarationError, match="Order has several relations to Customer"):
        await graph.customers.with_children(twice, 1).create()


@pytest.mark.parametrize("rows", [-1, "ab", {"quantity": 1}])
def test_a_number_of_children_or_their_values_only(graph: Graph, rows: Any) -> None:
    with pytest.raises(FieldTypeError, match=r"with_children\(factory, .*expected a number of rows"):
        graph.orders.with_children(graph.lines, rows)
