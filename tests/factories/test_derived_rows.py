"""Derived values that are awaited, or that see the row to which a row belongs; relations in dicts and lists."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from related_models import Graph

from kailash_testkit import derived, related, sequence, transient
from kailash_testkit.errors import CircularValues, DeclarationError, FieldTypeError
from kailash_testkit.kit import Kit

# --- async functions -------------------------------------------------------------------------------


async def shout(row: Any) -> str:
    await asyncio.sleep(0)
    return str(row.name).upper()


async def test_an_async_function_is_awaited_and_others_derive_from_its_value(shop_kit: Kit) -> None:
    customers = shop_kit.factory(
        "Customer",
        name=sequence("n{}"),
        email=derived(lambda row: f"{row.nickname}@x.org"),  # asked for before it is awaited
        nickname=derived(shout),
    )
    assert [row.email for row in await customers.create_many(2)] == ["N1@x.org", "N2@x.org"]


async def test_an_async_function_may_stand_anywhere(shop_kit: Kit) -> None:
    calls: list[str] = []

    async def once(row: Any) -> str:
        calls.append(row.text)
        return await shout(Named(row.text))

    kinds = shop_kit.factory(
        "Kinds", text="t", extra=transient(derived(once)), items=[derived(lambda row: row.extra), {"a": derived(once)}]
    )
    assert (await kinds.create()).items == ["T", {"a": "T"}]
    assert calls == ["t", "t"]  # once for each place


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


async def test_an_async_function_reads_the_parent_that_is_stored_before(graph: Graph, graph_kit: Kit) -> None:
    async def product(row: Any) -> str:
        order = await graph_kit.get("Order", row.order_id)
        return f"for {order.customer_id}"

    line = await graph.lines.create(product=derived(product))
    assert line.product == f"for {(await graph.customers.rows())[0].id}"


async def test_async_functions_may_ask_for_each_others_values_but_not_in_a_circle(shop_kit: Kit) -> None:
    async def name(row: Any) -> str:
        return f"{row.first} {row.last}"

    async def last(row: Any) -> str:
        return "L"

    customers = shop_kit.factory("Customer", name=derived(name), first=transient("F"), last=transient(derived(last)))
    assert (await customers.create()).name == "F L"
    with pytest.raises(CircularValues, match="values of Customer wait for each other: name"):
        await customers.create(first=derived(name), last=derived(name))
    assert await shop_kit.count("Customer") == 1


async def test_what_an_async_function_gives_is_checked_and_its_error_named(shop_kit: Kit) -> None:
    async def number(row: Any) -> int:
        return 3

    async def fail(row: Any) -> str:
        raise ValueError("no")

    with pytest.raises(FieldTypeError, match=r"Customer.name: expected str(?s:.*)derived\(\.\.\.\) at tests/"):
        await shop_kit.factory("Customer").create(name=derived(number))
    with pytest.raises(DeclarationError, match=r"Customer\.name: its derived\(\.\.\.\) raised ValueError: no"):
        await shop_kit.factory("Customer").create_many([{}, {"name": derived(fail)}])
    assert await shop_kit.count("Customer") == 0


async def test_a_hook_has_async_parameters_that_no_field_asked_for(shop_kit: Kit) -> None:
    seen: list[str] = []
    customers = shop_kit.factory("Customer", name="n", extra=transient(derived(shout)))
    await customers.after_create(lambda row, values: seen.append(values.extra)).create()
    await customers.before_create(lambda values, row: seen.append(row.extra)).create()
    assert seen == ["N", "N"]
    with pytest.raises(DeclarationError, match=r"asks for Customer\.extra, made by an async function"):
        customers.after_build(lambda values, row: row.extra).build()


@pytest.mark.parametrize("value", [derived(shout), [derived(shout)]])
def test_what_builds_values_only_says_that_it_cannot_await(sync_kit: Kit, value: Any) -> None:
    kinds = sync_kit.factory("Kinds", name=transient("n"))
    with pytest.raises(DeclarationError, match=r"Kinds\.(text|items\[0\]) is made by an async function"):
        kinds.build(**{"items" if isinstance(value, list) else "text": value})


# --- the row to which a row belongs ----------------------------------------------------------------


async def test_a_child_takes_values_of_the_row_that_is_made_with_it(graph: Graph) -> None:
    lines = graph.lines.using(
        product=derived(lambda row, order: f"{order.customer_id} {order.status.value} {order.rush}")
    )
    orders = graph.orders.using(rush=transient(True), customer_id=sequence("c{}")).with_children(lines, 2)
    await orders.create_many(2)
    rows = await graph.lines.rows(order_by="id")
    assert sorted(row.product for row in rows) == ["c1 open True"] * 2 + ["c2 open True"] * 2


async def test_a_row_sees_the_parent_of_its_relation_made_or_given(graph: Graph) -> None:
    lines = graph.lines.using(product=derived(lambda row, order: f"{order.id} {order.customer_id}"))
    line = await lines.create()  # the database gives the order's id, so that the line waits for it
    order = await graph.orders.get(line.order_id)
    assert line.product == f"{order.id} {order.customer_id}"
    assert (await lines.create(order_id=order)).product == line.product
    assert (await lines.create(order_id=order.id)).product == line.product
    assert lines.build(order_id=order.id)["product"] == line.product


async def test_of_several_relations_the_field_says_which(graph: Graph) -> None:
    def note(row: Any, customer: Any) -> str:
        return f"gift of {customer.name}"

    order = await graph.orders.create(gift_for=derived(note, parent="customer_id"))
    assert order.gift_for == f"gift of {(await graph.customers.get(order.customer_id)).name}"
    with pytest.raises(DeclarationError, match=r'several relations(?s:.*)derived\(\.\.\., parent="customer_id"\)'):
        await graph.orders.create(gift_for=derived(note))
    with pytest.raises(DeclarationError, match=r"Order\.status is no relation"):
        await graph.orders.create(gift_for=derived(note, parent="status"))


async def test_where_there_is_no_parent(graph: Graph) -> None:
    seen = derived(lambda row, boss: "alone" if boss is None else boss.name)
    assert (await graph.employees.create(name=seen)).name == "alone"
    assert (
        await graph.employees.create(name=seen, manager_id=related(graph.employees.using(name="Eve")))
    ).name == "Eve"
    with pytest.raises(DeclarationError, match="the factory for Org has no relation"):
        await graph.orgs.create(name=seen)
    with pytest.raises(DeclarationError, match="no Employee with id 999 is stored"):
        await graph.employees.create(name=seen, manager_id=999)
    with pytest.raises(DeclarationError, match="has a function that takes no parent"):
        derived(lambda row: row.name, parent="manager_id")


async def test_a_misspelt_field_of_the_parent_is_named(graph: Graph) -> None:
    with pytest.raises(Exception, match=r"Order has no field 'custmer_id': did you mean 'customer_id'"):
        await graph.lines.create(product=derived(lambda row, order: order.custmer_id))


# --- relations anywhere ----------------------------------------------------------------------------


async def test_a_relation_is_made_wherever_it_stands(graph: Graph) -> None:
    ada = transient(related(graph.customers.using(name="Ada")))
    order = await graph.orders.create(
        tags=[related(graph.orgs.using(name="Inner")), {"by": derived(lambda row: row.ada)}], ada=ada
    )
    names = {row.id: row.name for row in [*await graph.orgs.rows(), *await graph.customers.rows()]}
    assert [names[order.tags[0]], names[order.tags[1]["by"]]] == ["Inner", "Ada"]


async def test_a_call_may_give_a_relation(graph: Graph) -> None:
    order = await graph.orders.create(customer_id=related(graph.customers.using(name="Ada")))
    assert (await graph.customers.get(order.customer_id)).name == "Ada"
    assert await graph.customers.count() == 1


async def test_a_circle_through_a_dict_is_refused(graph: Graph) -> None:
    orders = graph.orders.using(tags=[related(lambda: orders)])
    with pytest.raises(CircularValues, match=r"Order\.tags\[0\] -> Order\.tags\[0\]"):
        await orders.create()
